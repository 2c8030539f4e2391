"""Reads a request whose one long list, its conversation, is decoded into structs.

The conversation of an agent has thousands of messages, and most of the time of a request goes into
the dicts that they would become. Which of them are wrong is not decided here: see `chat/given.py`.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from ..errors import BadRequest
from .checks import Json, items, mapping, read_weighed
from .json_members import members
from .json_weight import refuse_heavy
from .native import UNREADABLE

Element = TypeVar("Element", bound=msgspec.Struct)

MIN_OBJECTS = 10
"""A body with fewer objects is read as any other: structs would gain less than it takes to split
the body first."""

MAX_BYTES_PER_OBJECT = 1000
"""The same where objects have more bytes on the average, for most of them are texts."""

_ANY = msgspec.json.Decoder(Any)


class Typed(Generic[Element]):
    """A list that was decoded: its objects are structs, all other elements as they are."""

    __slots__ = ("elements", "written")

    def __init__(self, elements: list[Element | Any], written: msgspec.Raw) -> None:
        self.elements = elements
        self.written = written
        """The JSON text of the list."""


class TypedList(Generic[Element]):
    """The field of a request that holds a list, and the type of the objects in it."""

    def __init__(self, field: str, element: type[Element]) -> None:
        """`element` must take any object."""
        self.field = field
        self._element = element
        self._decoder: Any = msgspec.json.Decoder(
            list[element | str | int | float | bool | list[Any] | None]  # type: ignore[valid-type]
        )

    def read_json(self, body: bytes) -> Json:
        """Parses the JSON object in a request's body, like `checks.read_json`, but for the list,
        which becomes a `Typed` where that is faster."""
        objects = refuse_heavy(body)
        if objects < MIN_OBJECTS or objects * MAX_BYTES_PER_OBJECT < len(body):
            return read_weighed(body)
        return self.split(body)

    def split(self, body: bytes) -> Json:
        """As `read_json`, of a body that has been weighed. The list is a `Typed` where nothing in
        the body has to be mended or refused; a number out of range is no error in what nobody reads
        of it."""
        try:
            return {key: self._value(key, value) for key, value in members(body)}
        except (BadRequest, *UNREADABLE):
            return read_weighed(body)

    def decode(self, text: bytes | msgspec.Raw) -> list[Element | Any]:
        """The list in a JSON text. Raises an error of `native.UNREADABLE`."""
        elements: list[Element | Any] = self._decoder.decode(text)
        return elements

    def elements(self, value: object) -> list[Element | Any]:
        """The list in a request that was read in either way: its objects are structs or dicts.
        Raises BadRequest where it is none."""
        return value.elements if isinstance(value, Typed) else items(value, self.field)

    def element(self, value: object, param: str) -> Element:
        """An object among the elements as a struct. Raises BadRequest for what is none."""
        if isinstance(value, self._element):
            return value
        return msgspec.convert(mapping(value, param), self._element)

    def _value(self, key: str, value: msgspec.Raw) -> Any:
        if key == self.field and bytes(memoryview(value)[:1]) == b"[":
            return Typed(self.decode(value), value)
        return _ANY.decode(value)
