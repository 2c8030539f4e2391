"""Replaces halves of surrogate pairs in a JSON text, and bytes that are not UTF-8, by U+FFFD, as
Go's decoder does.

JavaScript cuts strings between UTF-16 units, so a browser sends the half of an emoji as an escape
like `\\ud83d` with nothing to complete it (RFC 8259, section 8.2); others cut between bytes.
msgspec refuses such a text.
"""

from __future__ import annotations

import codecs
import re

from ..errors import BadRequest

MAX_HALVES = 10_000
"""Most halves, and most bytes, that are replaced in one text: a text that was cut has one or two,
and each of them costs a call and 200 bytes meanwhile."""

REPLACEMENT = "\ufffd".encode()

_WINDOW = 4096
"""Bytes that are looked at in one go: Python's error about one of them holds a copy of all."""

_HALF = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)
"""A high half that no low one follows, or a low one that no high one precedes."""

_HIDDEN = b"\0\1"
"""Stands for an escaped backslash, so that every other one begins an escape. No JSON has it."""


def as_utf8(text: bytes) -> bytes:
    """Replaces the bytes of a text that are not UTF-8. Raises BadRequest for more than
    `MAX_HALVES`."""
    valid = bytearray()
    at = count = 0
    while at < len(text):
        window = text[at : at + _WINDOW]
        try:
            _, used = codecs.utf_8_decode(window, "strict", at + _WINDOW >= len(text))
            valid += window[:used]
        except UnicodeDecodeError as error:
            count += 1
            if count > MAX_HALVES:
                raise BadRequest(
                    f"More than {MAX_HALVES} places of the JSON text are not UTF-8."
                ) from None
            used = error.end
            valid += window[: error.start] + REPLACEMENT
        at += used
    return bytes(valid) if count else text


def without_halves(text: bytes) -> bytes:
    """Replaces every half of a surrogate pair in a JSON text. Raises BadRequest for more than
    `MAX_HALVES`."""
    if b"\\u" not in text or _HIDDEN in text:
        return text
    text, count = _HALF.subn(rb"\\ufffd", text.replace(rb"\\", _HIDDEN), MAX_HALVES + 1)
    if count > MAX_HALVES:
        raise BadRequest(
            f"The JSON text has more than {MAX_HALVES} halves of surrogate pairs (such as \\ud83d)."
        )
    return text.replace(_HIDDEN, rb"\\")
