"""Estimates from a JSON text's bytes how expensive parsing and translating it would be.

Objects, arrays and short values cost memory and time out of all proportion to their bytes: parsed,
`[],[],...` is thirty times as large, and the event loop is blocked meanwhile. Long texts and
pictures cost about their size. A text that is only passed on is not parsed, and so not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import BadRequest

OBJECT_BYTES, ARRAY_BYTES, VALUE_BYTES, KEY_BYTES = 160, 72, 72, 40
"""What one costs in CPython's memory (`sys.getsizeof`, and a place in what holds it). An object is
a dict."""

FREE_BYTES = 6 * 1024 * 1024
"""A text may always weigh this much. It has room for 8,000 messages that each hold a part, or
16,000 properties of tools."""

FREE_LENGTH = FREE_BYTES // OBJECT_BYTES
"""Bytes of a text that cannot weigh more, whatever it holds."""

BYTES_PER_BYTE = 5
"""Above that, a text may weigh this many times its length. A message of one part must then have
100 characters, an input of an embedding 15, on the average."""

FREE_OBJECTS = 60_000
"""A text may always hold so many objects; 20,000 messages of a part or a call each are fewer. Time
goes by objects: a message, a part, a call or a tool takes 4 to 10 microseconds for each object that
it is made of, until it has become Ollama's."""

BYTES_PER_OBJECT = 200
"""Above that, objects must have this many bytes on the average: 50 ms of the loop a megabyte."""

BLOCK_BYTES = 64 * 1024

_WEIGHTS = b"[{,:"
_MARKS = b'"' + _WEIGHTS
_OTHERS = bytes(set(range(256)) - set(_MARKS))
_LIGHT = bytes(set(range(256)) - set(_WEIGHTS))
_STRING = re.compile(rb'"[^"]*(?:"|\Z)')


def refuse_heavy(text: bytes) -> int:
    """Raises BadRequest for a JSON text with too many values or objects for its length. Returns how
    many objects it has at most. Takes at most 25 ms a megabyte and twice the text's memory; a text
    that is nearly all strings takes 2 ms."""
    if len(text) <= FREE_LENGTH:
        return text.count(b"{")
    allowed = max(FREE_BYTES, BYTES_PER_BYTE * len(text))
    allowed_objects = max(FREE_OBJECTS, len(text) // BYTES_PER_OBJECT)
    marks = text.translate(None, _LIGHT)  # those inside of strings too, so not fewer than there are
    objects = marks.count(b"{")
    if _weight(marks) <= allowed and objects <= allowed_objects:
        return objects
    weight = objects = 0
    for marks in _outside_strings(text):
        weight += _weight(marks)
        objects += marks.count(b"{")
        if weight > allowed:
            raise BadRequest("The JSON text has too many values for its size.")
        if objects > allowed_objects:
            raise BadRequest(
                f"The JSON text has too many objects for its size: more than {FREE_OBJECTS} "
                f"must have {BYTES_PER_OBJECT} bytes each on the average."
            )
    return objects


def _weight(text: bytes) -> int:
    return (
        OBJECT_BYTES * text.count(b"{")
        + ARRAY_BYTES * text.count(b"[")
        + VALUE_BYTES * text.count(b",")
        + KEY_BYTES * text.count(b":")
    )


def _outside_strings(text: bytes) -> Iterator[bytes]:
    """The opening brackets, commas and colons of a JSON text that are not inside strings. Exact up
    to the first error in the text; a parser reads no further."""
    if b"\\" in text:
        text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    # Every second quote ends a string now, and two in a row are one that held no mark: between
    # two strings there is a comma or a colon.
    marks = text.translate(None, _OTHERS).replace(b'""', b"")
    inside = False
    for at in range(0, len(marks), BLOCK_BYTES):
        block = marks[at : at + BLOCK_BYTES]
        if inside:
            _, quote, block = block.partition(b'"')
            if not quote:
                continue
        inside = block.count(b'"') % 2 == 1
        yield _STRING.sub(b"", block)
