"""Finds the files of the page, the shipped configuration and the templates of services: beside the
package in a checkout, inside it in an installed wheel (`setup.py` puts them there)."""

from __future__ import annotations

import subprocess
from pathlib import Path

_PACKAGE = Path(__file__).parent
_HOME = _PACKAGE / "_shipped" if (_PACKAGE / "_shipped").is_dir() else _PACKAGE.parent

STATIC_DIR = _HOME / "static"
CONFIG_FILE = _HOME / "config.yaml"
DEPLOY_DIR = _HOME / "deploy"
"""Of an installed package it holds what `services` makes services from, no more."""


def commit() -> str | None:
    """The commit that the package was built of, or that a checkout is at; None where neither is
    known."""
    try:
        if _HOME != _PACKAGE.parent:
            return (_HOME / "commit").read_text(encoding="ascii").strip() or None
        if not (_HOME / ".git").exists():  # else git would take that of a directory above
            return None
        command = ["git", "-C", str(_HOME), "rev-parse", "--short=12", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or None
    except OSError:
        return None
