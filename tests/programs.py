"""Programs that neither pip nor npm can bring."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str, package: str | None = None) -> str:
    """The path of a program. Where it is not installed the test is skipped, and fails under CI."""
    path = shutil.which(program)
    sentence = f"{program} is missing: install Debian's `{package or program}`."
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(sentence)
    if path is None:
        pytest.skip(sentence)
    return path
