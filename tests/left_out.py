"""Which directories of tests a run leaves out: those of the marks that `-m` leaves out (setup.cfg).

The tests of the page, which need half a gigabyte of browsers, run with `--page` or where something
in their directory is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS / "browser"
"""Each such directory has the name of its mark."""

_AND = " and "


def is_left_out(directory: Path, marks: str) -> bool:
    """Whether an expression of marks leaves a directory out whole."""
    return directory.parent == TESTS and f"not {directory.name}" in marks.split(_AND)


def with_page(marks: str) -> str:
    """An expression of marks that leaves out what this one does, but not the tests of the page."""
    return _AND.join(part for part in marks.split(_AND) if part != f"not {PAGE.name}")


def names_page(tests: Iterable[str], directory: Path) -> bool:
    """Whether one of the tests, named as pytest takes them in a directory, is of the page."""
    return any(
        (directory / test.partition("::")[0]).resolve().is_relative_to(PAGE) for test in tests
    )
