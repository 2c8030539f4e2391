"""Matches text against a pattern with `*`, in linear time.

Owns the search only: the callers decide what a star may stand for, and normalise pattern and text.
A regular expression with several stars tries every way to divide the text between them, so that a
text of a few thousand characters takes seconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def fits(pieces: Sequence[str], text: str) -> bool:
    """Whether `text` consists of `pieces` in their order with anything between them.

    `pieces`: the literal texts between the stars, `pattern.split("*")`; at least one. Each is
    matched where it is found first, which leaves the most room for those that follow.
    """
    first, *others = pieces
    if not others:
        return text == first
    if not text.startswith(first):
        return False
    at, last = len(first), others.pop()
    for piece in others:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - len(last) >= at and text.endswith(last)


class PathGlob:
    """A pattern for texts with slashes: `*` stands for anything without one, `**` for anything.

    All ways of dividing the text between the stars are followed at once: bit `n` of a number stands
    for a beginning of the text that fits the first `n` elements of the pattern.
    """

    def __init__(self, pattern: str) -> None:
        self._takes: dict[str, int] = {}
        self._stars = self._wide_stars = 0
        count = 0
        for element in re.findall(r"\*+|[^*]", pattern):
            here = 1 << count
            if element[0] == "*":
                self._stars |= here
                if len(element) > 1:
                    self._wide_stars |= here
            else:
                self._takes[element] = self._takes.get(element, 0) | here
            count += 1
        self._all = 1 << count

    def fits(self, text: str) -> bool:
        fitting = self._with_empty_stars(1)
        for char in text:
            stars = self._wide_stars if char == "/" else self._stars
            moved = (fitting & self._takes.get(char, 0)) << 1
            fitting = self._with_empty_stars(moved | (fitting & stars))
            if not fitting:
                return False
        return bool(fitting & self._all)

    def _with_empty_stars(self, fitting: int) -> int:
        return fitting | (fitting & self._stars) << 1
