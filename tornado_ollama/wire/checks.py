"""Reads JSON values of a request with their types; a wrong one becomes a 400 error that names the
field.

Owns the wording of type and range errors. Knows no field: the caller passes value and `param`, the
dotted path that OpenAI's error objects carry. Values never appear in messages: they may be prompts.
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
    """Parses the JSON object in a request's body. Raises `BadRequest` for any other body."""
    refuse_heavy(body)
    return read_weighed(body)


def read_weighed(body: bytes) -> Json:
    """As `read_json`, of a body that has been weighed."""
    value = read_value(body)
    if not isinstance(value, dict):
        raise BadRequest("The request body must be a JSON object.")
    return value


def read_value(text: bytes) -> Any:
    """Parses a request's body, or a part of one, that has been weighed. Raises BadRequest."""
    try:
        return mended_json(text, _ANY)
    except RecursionError:
        raise BadRequest("The request body is nested too deeply.") from None
    except msgspec.DecodeError as error:
        raise BadRequest(f"The request body is not valid JSON: {error}.") from None


def mended_json(text: bytes, decoder: msgspec.json.Decoder[_T]) -> _T:
    """Decodes a JSON text that may have halves of surrogate pairs, or bytes that are not UTF-8:
    each becomes U+FFFD, as in Go. They are replaced only where the text is not valid, which is
    rare. Raises `msgspec.DecodeError`, RecursionError, and BadRequest for very many of these."""
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = without_halves(as_utf8(text))
        if mended == text:
            raise
    return decoder.decode(mended)


def mapping(value: object, param: str) -> Json:
    """Checks that a value is an object, or an empty list, which is how PHP writes an empty object.
    Raises BadRequest."""
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise _wrong(value, param, "an object")
    return value


def items(value: object, param: str) -> list[Any]:
    """Checks that a value is an array. Raises BadRequest."""
    if not isinstance(value, list):
        raise _wrong(value, param, "an array")
    return value


def text(value: object, param: str) -> str:
    """Checks that a value is a string. Raises BadRequest."""
    if not isinstance(value, str):
        raise _wrong(value, param, "a string")
    return value


def optional_text(value: object, param: str) -> str | None:
    """Checks that a value is a string or absent. Raises BadRequest."""
    return None if value is None else text(value, param)


def name(value: object, param: str) -> str:
    """Checks that a value is a string that is not empty. Raises BadRequest."""
    if value is None or value == "":
        raise missing(param)
    return text(value, param)


def boolean(value: object, param: str) -> bool:
    """Checks that a value is true or false. Raises BadRequest."""
    if not isinstance(value, bool):
        raise _wrong(value, param, "true or false")
    return value


def flag(value: object, param: str) -> bool:
    """Checks that a value is true, false or absent, which means false. Raises BadRequest."""
    return value is not None and boolean(value, param)


def integer(value: object, param: str, low: int, high: int) -> int:
    """Checks that a value is an integer of `low`..`high`; 3.0 is one (JSON Schema, section 4.2.3),
    true is none. Raises BadRequest."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(value, param, "an integer")
    _within(value, param, low, high)
    return value


def number(value: object, param: str, low: float, high: float) -> int | float:
    """Checks that a value is a number of `low`..`high`, and returns it in the type it was sent in.
    Raises BadRequest."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong(value, param, "a number")
    _within(value, param, low, high)
    return value


def shallow(value: Any, param: str) -> Any:
    """Returns `value` unchanged. Raises BadRequest where it is nested deeper than `MAX_DEPTH`.
    Takes linear time."""
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
    """The error for a value of the wrong type. `null` is the same as absent; as a member of an
    array it is a value like others."""
    if value is None and not param.endswith("]"):
        return missing(param)
    return BadRequest(f"'{param}' must be {expected}.", param=param)
