"""Puts the page and the default configuration, which live at the top level, into the wheel.

Everything else is in setup.cfg; MANIFEST.in says what the source distribution has."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
MADE = (HERE / "static" / "vendor" / ".made", HERE / "static" / "built" / "made_of.json")

TEMPLATES = (
    "tornado-ollama.service",
    "io.github.tornado-ollama.plist",
    "tornado-ollama-task.xml",
)
"""What `tornado-ollama service` reads."""

PLAIN = """
******** The page's libraries are missing: what is built here shows replies as plain text. ********
Install npm, or run `make page` before.
"""


def is_made() -> bool:
    return all(file.exists() for file in MADE)


def bring_page() -> None:
    """Does what `make page` does, but installs nothing for it."""
    if not is_made() and shutil.which("npm"):
        bring = [sys.executable, HERE / "tools" / "vendor_page.py", "--installed-npm"]
        subprocess.run(bring, check=True)
    if not MADE[0].exists():
        print(PLAIN, file=sys.stderr)


def commit() -> str:
    """The commit of the sources: `SOURCE_COMMIT` where there is no repository; else empty."""
    if named := os.environ.get("SOURCE_COMMIT"):
        return named
    if not (HERE / ".git").exists() or not shutil.which("git"):
        return ""
    command = ["git", "-C", HERE, "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


class BuildWithPage(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        bring_page()
        shipped = Path(self.build_lib) / "tornado_ollama" / "_shipped"
        shutil.rmtree(shipped, ignore_errors=True)  # of an earlier build
        shutil.copytree(HERE / "static", shipped / "static")
        for name in ("config.yaml", "config.schema.json"):
            shutil.copy(HERE / name, shipped / name)
        (shipped / "commit").write_text(commit())
        (shipped / "deploy").mkdir()
        for name in TEMPLATES:
            shutil.copy(HERE / "deploy" / name, shipped / "deploy" / name)


class SourceWithPage(sdist):
    def run(self) -> None:
        bring_page()
        super().run()


setup(cmdclass={"build_py": BuildWithPage, "sdist": SourceWithPage})
