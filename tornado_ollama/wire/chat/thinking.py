"""Translates the words of other APIs for how much a model shall think into Ollama's `think`.

Owns the table of words. Which field wins is decided by the dialect. Source of the efforts: Ollama
0.32.15 `openai/openai.go`.
"""

from __future__ import annotations

from ...errors import BadRequest

Think = bool | str

EFFORTS: dict[str, Think] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "ultra": "max",
    "max": "max",
}

_SWITCHES = {"enabled": True, "on": True, "true": True, "disabled": False, "off": False,
             "false": False}  # fmt: skip
"""What other servers' clients say where they mean yes or no."""

_UNDECIDED = frozenset(("", "auto", "default", "adaptive"))
"""Words that leave it to the model."""


def wanted(value: object, param: str) -> Think | None:
    """Reads a switch or an effort as `think`; None where it leaves the decision to the model.
    Raises BadRequest for any other value."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _UNDECIDED:
            return None
        if word in EFFORTS:
            return EFFORTS[word]
        if word in _SWITCHES:
            return _SWITCHES[word]
    known = ", ".join(EFFORTS)
    raise BadRequest(f"'{param}' must be true, false or one of: {known}.", param=param)
