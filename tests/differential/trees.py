"""The two source trees, each in a directory of its own."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from importlib.util import cache_from_source
from pathlib import Path

from ..process import ROOT

WORKTREE = "worktree"
"""Instead of a revision: the files as they are now, committed or not."""

PARTS = ("tornado_ollama", "static", "config.yaml")
"""What the gateway is made of."""


def check_out(revision: str, into: Path) -> Path:
    """The tree of a revision, or of a directory. Raises CalledProcessError for a revision that git
    does not know."""
    into.mkdir(parents=True)
    if Path(revision).is_dir():
        shutil.copytree(revision, into, dirs_exist_ok=True)
    elif revision == WORKTREE:
        listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PARTS)
        for name in filter(None, _git(*listed).decode().split("\0")):
            if (ROOT / name).is_file():
                _copy(ROOT / name, into / name)
                if name.endswith(".py"):  # compiling all of it anew takes a second
                    compiled = (Path(cache_from_source(place / name)) for place in (ROOT, into))
                    _copy(*compiled)
    else:
        archive = _git("archive", "--format=tar", revision, "--", *PARTS)
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            opened.extractall(into, filter="data")
    return into


def _copy(file: Path, into: Path) -> None:
    """With the time of its last change, by which Python knows what was compiled of which file."""
    if file.is_file():
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, into)


def share_page(old: Path, new: Path) -> None:
    """Gives the new tree the old one's page. It is the way it is served that is compared."""
    shutil.rmtree(new / "static", ignore_errors=True)
    shutil.copytree(old / "static", new / "static")


def make_sure_it_runs(tree: Path) -> None:
    """Raises RuntimeError where Python would import another tree than this one."""
    script = "import tornado_ollama.app as app; print(app.__file__)"
    environment = {"PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tree.parent, env=environment, capture_output=True
    )
    if not Path(done.stdout.decode().strip()).is_relative_to(tree):
        raise RuntimeError(f"{tree} cannot be run:\n{(done.stdout + done.stderr).decode()}")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
