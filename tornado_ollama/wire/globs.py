"""Matches text against a pattern with `*`, in linear time.

Owns the search only: the callers decide what a star may stand for, and normalise pattern and text.
A regular expression with several stars tries every way to divide the text between them, so that a
text of a few thousand characters takes seconds.
"""

from __future__ import annotations

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
