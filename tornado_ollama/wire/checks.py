"""Typed reads of a request's JSON values; a wrong one becomes a 400 that names the field.

Owns the wording of type and range errors. Knows no field: the caller passes value and `param`,
the dotted path that OpenAI's error objects carry. Values never appear in messages: they may be
prompts.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from ..errors import BadRequest
from .json_weight import refuse_heavy
from .surrogates import as_utf8, without_halves

Json = dict[str, Any]

_T = TypeVar("_T")

_ANY = msgspec.json.Decoder(Any)

MAX_DEPTH = 100
"""Deepest nesting of values taken over into what Ollama gets (schemas, options). Python's
encoder and llama.cpp's grammar compiler both recurse; real schemas stay under 20."""


def read_json(body: bytes) -> Json:
    """The JSON object in a request's body; raises `BadRequest` for anything else."""
    refuse_heavy(body)
    try:
        value = mended_json(body, _ANY)
    except RecursionError:
        raise BadRequest("The request body is nested too deeply.") from None
    except msgspec.DecodeError as error:
        raise BadRequest(f"The request body is not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise BadRequest("The request body must be a JSON object.")
    return value


def mended_json(text: bytes, decoder: msgspec.json.Decoder[_T]) -> _T:
    """The value of a JSON text, with U+FFFD for halves of surrogate pairs and for bytes that are no
    UTF-8, as Go reads it. They are looked for only where the text is not valid: few are not.
    Raises `msgspec.DecodeError`, RecursionError, and BadRequest for very many of these."""
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = without_halves(as_utf8(text))
        if mended == text:
            raise
    return decoder.decode(mended)


def mapping(value: object, param: str) -> Json:
    """An object. An empty list is one too: PHP has no other way to write it."""
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise _wrong(value, param, "an object")
    return value


def items(value: object, param: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(value, param, "an array")
    return value


def text(value: object, param: str) -> str:
    if not isinstance(value, str):
        raise _wrong(value, param, "a string")
    return value


def name(value: object, param: str) -> str:
    """A string that is not empty."""
    if value is None or value == "":
        raise missing(param)
    return text(value, param)


def boolean(value: object, param: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, param, "true or false")
    return value


def integer(value: object, param: str, low: int, high: int) -> int:
    """An integer of `low`..`high`; 3.0 is one (JSON Schema, section 4.2.3), true is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(value, param, "an integer")
    _within(value, param, low, high)
    return value


def number(value: object, param: str, low: float, high: float) -> int | float:
    """A number of `low`..`high`, of the type it was sent in."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong(value, param, "a number")
    _within(value, param, low, high)
    return value


def shallow(value: Any, param: str) -> Any:
    """`value` as it is, unless it is nested deeper than `MAX_DEPTH`. Time is linear."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return value
    raise BadRequest(f"'{param}' is nested deeper than {MAX_DEPTH} levels.", param=param)


def _within(value: int | float, param: str, low: float, high: float) -> None:
    if not low <= value <= high:
        raise BadRequest(f"'{param}' must be between {low} and {high}.", param=param)


def missing(param: str) -> BadRequest:
    return BadRequest(f"'{param}' is required.", param=param)


def _wrong(value: object, param: str, expected: str) -> BadRequest:
    """`null` is the same as absent; as a member of an array it is a value like others."""
    if value is None and not param.endswith("]"):
        return missing(param)
    return BadRequest(f"'{param}' must be {expected}.", param=param)
