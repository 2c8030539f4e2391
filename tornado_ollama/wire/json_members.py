"""Splits a JSON object into its outermost members, with their values left as text.

So a conversation of any size is checked without making objects of it: time and memory depend on the
number of outermost keys, which is bounded.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..errors import BadRequest
from .surrogates import without_halves

MAX_MEMBERS = 1000
"""Most keys of an object that is read here. Ollama's largest request has 17."""

Members = list[tuple[str, msgspec.Raw]]


class _Key:
    """A key of an object; two of the same text are not equal, so none replaces the other."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def members(text: bytes) -> Members:
    """Keys and values in the order of the text, duplicates included.

    Halves of surrogate pairs are read as U+FFFD. Raises BadRequest for a text that is nested too
    deeply or has too many keys, and `msgspec.DecodeError` for one that holds anything else than
    one JSON object.
    """
    try:
        return _members(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        mended = without_halves(text)
        if mended == text:
            raise msgspec.DecodeError(str(error)) from None
    return _members(mended)


def _members(text: bytes) -> Members:
    count = 0

    def key(_: type, text: Any) -> _Key:
        nonlocal count
        count += 1
        if count > MAX_MEMBERS:
            raise BadRequest(f"The JSON object has more than {MAX_MEMBERS} keys.")
        return _Key(text)

    try:
        found = msgspec.json.decode(text, type=dict[_Key, msgspec.Raw], dec_hook=key)
    except RecursionError:
        raise BadRequest("The JSON text is nested too deeply.") from None
    return [(key.text, value) for key, value in found.items()]
