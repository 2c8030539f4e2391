"""What a request body of Ollama's API asks for, as far as the gateway has to know.

No object is made of the conversation. The rules are those of Go's `encoding/json`: keys match
case-insensitively by Unicode simple folding, of two equal keys the last wins, and only the first
value of a body is read.
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
    """The body is no JSON object: Ollama refuses it."""


class Asked(NamedTuple):
    """The fields that decide how a request is sent."""

    model: str | None
    streams: bool
    """Unless the body says `"stream": false`."""


NOTHING_ASKED = Asked(None, True)
"""Of a body that is no JSON object. It is for Ollama to refuse."""


def read_asked(body: bytes) -> Asked:
    """The fields of a JSON body. Raises BadRequest for one that is too heavy or nested too deeply
    to be looked at."""
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
    """The outermost keys of a body, folded, and their values: texts and booleans as they are, None
    for all others. Raises NotAnObject, or BadRequest for what is too heavy to be looked at."""
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
    """Also what follows the first value, and text that is no UTF-8: Go takes no notice of the one
    and replaces the other. Only here objects are made of the whole body."""
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
