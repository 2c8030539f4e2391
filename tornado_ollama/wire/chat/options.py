"""Translates sampling and runtime settings of all dialects into Ollama's `options`.

Owns the types and ranges of these settings. A setting is sent only when the client or the operator
gave it, so that a Modelfile's own parameters stay in force (Ollama's own /v1 forces temperature and
top_p to 1). Where several fields mean the same, the first of these wins: OpenAI's fields, Ollama's
names at the top level, other servers' spellings, `options`, the operator's defaults. Sources:
OpenAI's API reference; Ollama 0.32.15 `api/types.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import BadRequest
from ..checks import (
    Json,
    boolean,
    integer,
    items,
    mapping,
    number,
    shallow,
    text,
)

_INT32 = 2**31 - 1
_INT64 = 2**63 - 1
_FLOAT32 = 3.4e38
_INTEGERS = frozenset(
    "num_ctx num_batch num_gpu main_gpu num_thread num_predict num_keep top_k repeat_last_n "
    "draft_num_predict mirostat".split()
)
_NUMBERS = frozenset(
    "temperature top_p min_p typical_p repeat_penalty presence_penalty frequency_penalty tfs_z "
    "mirostat_tau mirostat_eta".split()
)
_BOOLEANS = frozenset("use_mmap use_mlock numa low_vram penalize_newline".split())

_OPENAI_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
}

FLAT_OPTIONS = (_INTEGERS | _NUMBERS | _BOOLEANS) - _OPENAI_RANGES.keys()
"""Ollama's options that are taken at the top level of a request as well."""

TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")

SPELLINGS = {
    "repetition_penalty": "repeat_penalty",  # vLLM, SGLang, TGI, OpenRouter
    "n_predict": "num_predict",  # llama.cpp
    "n_keep": "num_keep",  # llama.cpp
    "max_new_tokens": "num_predict",  # TGI, SGLang
    "random_seed": "seed",  # Mistral
    "stop_sequences": "stop",  # Anthropic, Cohere
}
"""Names that other servers have for the same settings."""


def native_options(
    body: Json, defaults: Mapping[str, Any], token_limits: Sequence[str] = TOKEN_LIMITS
) -> Json:
    """Ollama's `options` for a request; empty when none are given. `token_limits`: the dialect's
    fields for the length of the reply, of which the last wins. Raises BadRequest."""
    options = dict(defaults)
    given = body.get("options")
    if given is not None:
        for key, value in mapping(given, "options").items():
            if value is not None:
                options[key] = _option(key, value, f"options.{key}")
    for spelling, key in SPELLINGS.items():
        if body.get(spelling) not in (None, []):
            options[key] = _option(key, body[spelling], spelling)
    for key in FLAT_OPTIONS & body.keys():
        if body[key] is not None:
            options[key] = _option(key, body[key], key)
    for key, (low, high) in _OPENAI_RANGES.items():
        if body.get(key) is not None:
            options[key] = number(body[key], key, low, high)
    if body.get("seed") is not None:
        options["seed"] = integer(body["seed"], "seed", -_INT64, _INT64)
    for key in token_limits:
        if body.get(key) is not None:
            options["num_predict"] = _token_limit(body[key], key)
    stops = _stops(body.get("stop"), "stop")
    if stops:
        options["stop"] = stops
    return options


def keep_alive(body: Json) -> str | int | float | None:
    """Reads `keep_alive`, for how long Ollama keeps the model loaded: seconds, or a Go duration
    such as `5m`. Raises BadRequest."""
    value = body.get("keep_alive")
    if value is None or isinstance(value, str):
        return value
    return number(value, "keep_alive", -_INT64, _INT64)


def flags(body: Json, *names: str) -> Json:
    """The boolean fields among `names` that the request has. Raises BadRequest."""
    return {name: boolean(body[name], name) for name in names if body.get(name) is not None}


def _option(key: str, value: Any, param: str) -> Any:
    if key in _INTEGERS:
        return integer(value, param, -_INT32, _INT32)
    if key in _NUMBERS:
        return number(value, param, -_FLOAT32, _FLOAT32)
    if key in _BOOLEANS:
        return boolean(value, param)
    if key == "seed":
        return integer(value, param, -_INT64, _INT64)
    if key == "stop":
        return _stops(value, param)
    return shallow(value, param)


def _token_limit(value: Any, param: str) -> int:
    """Reads a token limit: 1 or more, or Ollama's -1 (no limit) and -2 (until the context is
    full)."""
    limit = integer(value, param, -2, _INT32)
    if limit == 0:
        raise BadRequest(f"'{param}' must be 1 or more, or -1 for no limit.", param=param)
    return limit


def _stops(value: Any, param: str) -> list[str]:
    """The stop strings as a list, without `null` and empty ones, which would end the reply at
    once."""
    if value is None:
        return []
    given = [value] if isinstance(value, str) else items(value, param)
    found = [text(stop, f"{param}[{at}]") for at, stop in enumerate(given) if stop is not None]
    return [stop for stop in found if stop]
