"""Halves of surrogate pairs in a JSON text: each becomes U+FFFD, as Go's decoder reads it.

JavaScript cuts strings between UTF-16 units, so a browser sends the half of an emoji as an escape
like `\\ud83d` with nothing to complete it (RFC 8259, section 8.2). msgspec refuses such a text.
"""

from __future__ import annotations

import re

from ..errors import BadRequest

MAX_HALVES = 10_000
"""Most that are replaced in one text: a text that was cut has one or two, and each of them costs a
call and 200 bytes meanwhile."""

_HALF = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)
"""A high half that no low one follows, or a low one that no high one precedes."""

_HIDDEN = b"\0\1"
"""Stands for an escaped backslash, so that every other one begins an escape. No JSON has it."""


def without_halves(text: bytes) -> bytes:
    """The JSON text with U+FFFD for every half. Raises BadRequest for more than `MAX_HALVES`."""
    if b"\\u" not in text or _HIDDEN in text:
        return text
    text, count = _HALF.subn(rb"\\ufffd", text.replace(rb"\\", _HIDDEN), MAX_HALVES + 1)
    if count > MAX_HALVES:
        raise BadRequest("The JSON text has too many halves of surrogate pairs.")
    return text.replace(_HIDDEN, rb"\\")
