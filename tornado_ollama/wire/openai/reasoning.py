"""How much a model shall think: OpenAI's and other spellings, into Ollama's `think`.

Owns the table of efforts. Source: Ollama 0.32.15 `openai/openai.go`, whose precedence is kept:
an object `reasoning` wins over `reasoning_effort` even when it names no effort.
"""

from __future__ import annotations

from typing import Any

from ...errors import BadRequest
from ..checks import Json, boolean, mapping
from .fields import REASONING

Think = bool | str

_EFFORTS: dict[str, Think] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "ultra": "max",
    "max": "max",
}


def think(body: Json) -> Think | None:
    """Ollama's `think` for a request; None where it says nothing, so that the model decides."""
    if body.get("think") is not None:
        value = body["think"]
        return value if isinstance(value, bool) else _effort(value, "think")
    if body.get("reasoning") is not None:
        reasoning = mapping(body["reasoning"], "reasoning")
        REASONING.check(reasoning, "reasoning")
        if reasoning.get("effort"):
            return _effort(reasoning["effort"], "reasoning.effort")
        if reasoning.get("enabled") is not None:
            return boolean(reasoning["enabled"], "reasoning.enabled")
        return None
    if body.get("reasoning_effort") is not None:
        return _effort(body["reasoning_effort"], "reasoning_effort")
    return None


def _effort(value: Any, param: str) -> Think:
    effort = _EFFORTS.get(value) if isinstance(value, str) else None
    if effort is None:
        known = ", ".join(_EFFORTS)
        raise BadRequest(f"'{param}' must be one of: {known}.", param=param)
    return effort
