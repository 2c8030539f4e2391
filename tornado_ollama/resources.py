"""Finds the files of the page and the shipped configuration: beside the package in a checkout,
inside it in an installed wheel (`setup.py` puts them there)."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_HOME = _PACKAGE / "_shipped" if (_PACKAGE / "_shipped").is_dir() else _PACKAGE.parent

STATIC_DIR = _HOME / "static"
CONFIG_FILE = _HOME / "config.yaml"
