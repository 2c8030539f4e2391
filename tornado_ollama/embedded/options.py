"""Translates Ollama's `options`, `keep_alive` and `format` for llama.cpp.

Pure. Types, defaults and messages are of Ollama 0.32.15 (`api/types.go`); options that concern
loading (`num_gpu`, `num_batch`, ...) are checked and have no effect, unknown ones are ignored.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest
from ..wire.chat.schemas import checked_schema
from .refusal import Refusal

MODEL_PARAMETERS: dict[str, float] = {
    "temperature": 0.4,
    "top_p": 0.9,
    "min_p": 0.05,
    "repeat_penalty": 1.1,
}
"""What the model is served with, as a Modelfile's PARAMETER lines: Ollama's own temperature of
0.8 makes a model of this size wander, and without a penalty it falls into loops."""

FORMAT_PARAMETERS = {"repeat_penalty": 1.0}
"""With a format: JSON repeats its brackets, and names of the schema."""

CALL_PARAMETERS = {**FORMAT_PARAMETERS, "temperature": 0.0}
"""For a tool call: its arguments are to be copied from the question, not invented."""

INTEGERS = frozenset(
    "num_ctx num_batch num_gpu main_gpu num_thread draft_num_predict num_keep seed num_predict "
    "top_k repeat_last_n".split()
)
FLOATS = frozenset(
    "temperature top_p min_p typical_p repeat_penalty presence_penalty frequency_penalty".split()
)
BOOLEANS = frozenset(["use_mmap"])
SAMPLING = FLOATS | {"seed", "top_k", "repeat_last_n"}
"""The options that llama.cpp's `/completion` knows by the same name."""

INT32_MAX = 2**31 - 1
FOREVER = math.inf

_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_DURATION = re.compile(rf"[+-]?(?:{_PART.pattern})+")
_BARE = re.compile(r"[+-]?\.*\d[\d.]*")
"""Digits and points, one digit at least; only one way to match, or long text would take long."""


@dataclass(frozen=True, slots=True)
class Options:
    sampling: Mapping[str, float | int]
    stop: tuple[str, ...]
    num_predict: int
    """Tokens to make at most; -1 is as many as fit."""
    num_ctx: int
    """0 is the whole context."""
    num_keep: int


def read_options(given: Mapping[str, Any]) -> Options:
    """Reads `options`. Raises a 500 `Refusal` for a wrong type, as Ollama does."""
    values: dict[str, Any] = dict(MODEL_PARAMETERS)
    for name, value in given.items():
        if value is not None:
            values[name] = _checked(name, value)
    sampling = {name: value for name, value in values.items() if name in SAMPLING}
    if sampling.get("seed", -1) < 0:
        sampling.pop("seed", None)
    num_predict = values.get("num_predict", -1)
    return Options(
        sampling=sampling,
        stop=tuple(values.get("stop", ())),
        num_predict=num_predict if num_predict >= 0 else -1,
        num_ctx=max(values.get("num_ctx", 0), 0),
        num_keep=max(values.get("num_keep", 4), 0),
    )


def _checked(name: str, value: object) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in INTEGERS:
        if not number:
            raise Refusal(500, f'option "{name}" must be of type integer')
        assert isinstance(value, int | float)
        return max(-INT32_MAX, min(INT32_MAX, int(value)))
    if name in FLOATS and not number:
        raise Refusal(500, f'option "{name}" must be of type float32')
    if name in BOOLEANS and not isinstance(value, bool):
        raise Refusal(500, f'option "{name}" must be of type boolean')
    if name == "stop":
        if not isinstance(value, list):
            raise Refusal(500, f'option "{name}" must be of type array')
        if not all(isinstance(item, str) for item in value):
            raise Refusal(500, f'option "{name}" must be of an array of strings')
        return [item for item in value if item]
    return value


def read_keep_alive(value: object) -> float | None:
    """Reads `keep_alive`: seconds, `FOREVER` for anything negative, None when unset. Raises a 400
    `Refusal`."""
    if value is None:
        return None
    if isinstance(value, str):
        seconds = _duration(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        raise Refusal(400, f"Unsupported type: '{type(value).__name__}'")
    return FOREVER if seconds < 0 else seconds


def _duration(text: str) -> float:
    if text in ("0", "+0", "-0"):
        return 0.0
    if _DURATION.fullmatch(text) is None:
        bare = _BARE.fullmatch(text)
        fault = "missing unit in duration" if bare else "invalid duration"
        raise Refusal(400, f'time: {fault} "{text}"')
    seconds = sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))
    return -seconds if text.startswith("-") else seconds


def read_format(value: object) -> dict[str, Any] | None:
    """Reads `format`: the JSON schema that the answer must match, or None. Raises a
    `Refusal` with status 500."""
    if value is None or value == "":
        return None
    if value == "json":
        return {"type": "object"}
    if isinstance(value, dict):
        return read_schema(value, "format")
    raw = json.dumps(json.dumps(value, ensure_ascii=False), ensure_ascii=False)
    raise Refusal(500, f'invalid format: {raw}; expected "json" or a valid JSON Schema object')


def read_schema(value: object, name: str) -> dict[str, Any]:
    """Reads a JSON Schema; empty lists, which PHP writes for empty objects, become objects. Raises
    a 400 `Refusal` for one that is nested too deeply."""
    try:
        return checked_schema(value, name)
    except BadRequest as error:
        raise Refusal(error.status, error.message) from None
