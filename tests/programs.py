"""Programs that pip cannot bring: where one is missing its tests are skipped, with one closing line
that names the packages; under `CI=true` they fail."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from typing import Any, NoReturn

import pytest

_ABSENCE = "{program} is missing: install Debian's `{package}`."
_PACKAGE = re.compile(r"is missing: install Debian's `(.+)`")


def need(program: str, package: str | None = None) -> str:
    """The path of a program; without it the test is skipped, or fails in CI.

    `package` is Debian's name of the package where that is another one.
    """
    path = shutil.which(program, path=os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin")))
    if path is None:
        refuse(_ABSENCE.format(program=program, package=package or program))
    return path


def refuse(reason: str) -> NoReturn:
    """Skips the test, or fails it where `CI` is `true`."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def closing_line(skipped: Iterable[Any]) -> str | None:
    """What is to be installed for the skipped tests, as pytest reports them, or None."""
    packages = {name for report in skipped for name in _PACKAGE.findall(str(report.longrepr))}
    if not packages:
        return None
    names = ", ".join(f"`{package}`" for package in sorted(packages))
    return f"Tests were skipped for want of programs: install Debian's {names}."
