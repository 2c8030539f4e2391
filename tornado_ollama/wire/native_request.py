"""Reads the fields of a native request that the gateway needs, without making objects of the
conversation.

The rules are those of Go's `encoding/json`: keys match case-insensitively by Unicode simple
folding, of two equal keys the last wins, and only the first value of a body is read.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import msgspec

from ..errors import BadRequest
from .json_members import members
from .json_weight import refuse_heavy

Values = list[tuple[str, str | bool | None]]


class NotAnObject(BadRequest):
    """The body is not a JSON object, so that Ollama will refuse it."""


class Asked(NamedTuple):
    """The fields of a request that decide how it is sent."""

    model: str | None
    streams: bool
    """Unless the body says `"stream": false`."""


NOTHING_ASKED = Asked(None, True)
"""Of a body that is no JSON object. It is for Ollama to refuse."""


def read_asked(body: bytes) -> Asked:
    """Reads the model and `stream` from the JSON body of a native request. Raises BadRequest for a
    body that is too expensive to parse or nested too deeply."""
    model, streams = NOTHING_ASKED
    try:
        for key, value in outermost_values(body):
            if key == "model" and isinstance(value, str):
                model = value
            elif key == "stream":
                streams = value is not False
    except NotAnObject:
        return NOTHING_ASKED
    return Asked(model or None, streams)


def outermost_values(body: bytes) -> Values:
    """The outermost keys of a body, case-folded, and their values: texts and booleans unchanged,
    None for all others. Raises NotAnObject, or BadRequest for a body that is too expensive to
    parse."""
    try:
        found = members(body)
    except msgspec.DecodeError:
        return _as_go_reads(body)
    return [(key.casefold(), _simple(value)) for key, value in found]


def _simple(value: msgspec.Raw) -> str | bool | None:
    beginning = bytes(memoryview(value)[:6])  # a list may have megabytes, and is not copied
    if beginning.startswith(b'"'):
        return _STRING.decode(bytes(value).decode("utf-8", "replace"))
    return {b"true": True, b"false": False}.get(beginning)


def _as_go_reads(body: bytes) -> Values:
    """Parses a body with text after its first value, or with bytes that are not UTF-8, as Go does:
    it ignores the former and replaces the latter. Makes objects of the whole body, so it is used
    only for such bodies."""
    refuse_heavy(body)
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    try:
        pairs, _ = _DECODER.raw_decode(text)
    except RecursionError:
        raise BadRequest("The request body is nested too deeply.") from None
    except ValueError:
        raise NotAnObject("The request body is not valid JSON.") from None
    if not text.startswith("{"):
        raise NotAnObject("The request body is not a JSON object.")
    return [(key.casefold(), _kept(value)) for key, value in pairs]


def _kept(value: object) -> str | bool | None:
    if isinstance(value, str):  # lone surrogates could not be logged or sent
        return value.encode("utf-8", "replace").decode()
    return value if isinstance(value, bool) else None


_STRING = msgspec.json.Decoder(str)

_DECODER = json.JSONDecoder(
    object_pairs_hook=list,  # keeps duplicates
    parse_int=len,  # numbers are not looked at, and Python refuses those of 4300 digits and more
    parse_float=len,
)
