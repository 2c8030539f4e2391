"""Reads a JSON body as Ollama's Go code does, with the same error messages.

Pure. Keys match without regard to case, `null` is the same as absent, only the first JSON value of
the body counts, halves of surrogate pairs become U+FFFD (llama.cpp's parser refuses them and quotes
the text around them), and a wrong type is a 400 that names the field. Source: Go `encoding/json`,
and the recorded transcripts (`chat-bad-messages`, `generate-bad-type`, `chat-empty`).
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from ..errors import BadRequest
from ..wire.json_weight import refuse_heavy
from ..wire.surrogates import without_halves
from .refusal import Refusal


class Fields:
    """The fields of one JSON object; `path` names it in errors (`ChatRequest.messages`)."""

    def __init__(self, value: dict[str, Any], path: str) -> None:
        self._values = {key.casefold(): item for key, item in value.items() if item is not None}
        self._path = path

    def raw(self, name: str) -> Any:
        return self._values.get(name)

    def text(self, name: str) -> str:
        value = self._values.get(name, "")
        return value if isinstance(value, str) else self._wrong(name, value, "string")

    def flag(self, name: str, default: bool) -> bool:
        value = self._values.get(name, default)
        return value if isinstance(value, bool) else self._wrong(name, value, "bool")

    def integer(self, name: str) -> int:
        value = self._values.get(name, 0)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._wrong(name, value, "int")

    def table(self, name: str, go_type: str = "map[string]interface {}") -> dict[str, Any]:
        value = self._values.get(name, {})
        return value if isinstance(value, dict) else self._wrong(name, value, go_type)

    def items(self, name: str, go_type: str) -> list[Any]:
        value = self._values.get(name, [])
        return value if isinstance(value, list) else self._wrong(name, value, go_type)

    def objects(self, name: str, go_type: str) -> list[Fields]:
        """The objects of an array field; `go_type` is the Go type of an element, for errors."""
        result = []
        for item in self.items(name, "[]" + go_type):
            if not isinstance(item, dict):
                self._wrong(name, item, go_type)
            result.append(Fields(item, f"{self._path}.{name}"))
        return result

    def inner(self, name: str, go_type: str) -> Fields:
        return Fields(self.table(name, go_type), f"{self._path}.{name}")

    def _wrong(self, name: str, value: object, go_type: str) -> NoReturn:
        raise Refusal(
            400,
            f"json: cannot unmarshal {_kind(value)} into Go struct field "
            f"{self._path}.{name} of type {go_type}",
        )


def read_fields(body: bytes, struct: str) -> Fields:
    """Parses the JSON object in `body`. Raises a 400 `Refusal` for any other body."""
    try:
        refuse_heavy(body)
        body = without_halves(body)
    except BadRequest as error:
        raise Refusal(error.status, error.message) from None
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    if not text:
        raise Refusal(400, "missing request body")
    try:
        value, _ = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()):
            raise Refusal(400, "unexpected EOF") from None
        raise Refusal(400, f"invalid JSON at character {error.pos}: {error.msg}") from None
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid JSON") from None
    if not isinstance(value, dict):
        message = f"json: cannot unmarshal {_kind(value)} into Go value of type api.{struct}"
        raise Refusal(400, message)
    return Fields(value, struct)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _no_constant(number)


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, float):
        return f"number {value}"
    names = {str: "string", int: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")
