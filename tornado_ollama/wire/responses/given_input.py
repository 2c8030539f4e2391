"""The field `input` of a request for a response: its items, to be read and to be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ..checks import Json, read_value
from ..typed_list import Typed
from .echo import encoded
from .input_items import INPUT, Item


class GivenInput:
    """The items of a request's `input`."""

    def __init__(self, value: object) -> None:
        """A text is the user's, and nothing is no item. Raises BadRequest for what is neither a
        text nor an array."""
        if value is None:
            value = []
        elif isinstance(value, str):
            value = [{"type": "message", "role": "user", "content": value}]
        elif not isinstance(value, Typed | list):
            raise BadRequest("'input' must be a string or an array of items.", param="input")
        self._value: Typed[Item] | list[Any] = value
        self.items = INPUT.elements(value)

    def stored(self, referred: Mapping[int, Json]) -> bytes:
        """The items as a JSON list. `referred`: the items that stand for the references among
        these, by index: a reference may not outlive its item. Raises BadRequest."""
        value = self._value
        if isinstance(value, Typed):
            written = bytes(value.written)
            if not referred and _is_utf8(written):
                return written
            value = read_value(written)
        return encoded([referred.get(index, item) for index, item in enumerate(value)])


def _is_utf8(text: bytes) -> bool:
    """Whether all of a JSON text is: what nobody reads of it has been skipped over."""
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False
