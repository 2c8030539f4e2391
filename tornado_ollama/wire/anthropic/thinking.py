"""Reads whether a model shall think and whether its thoughts are shown: `thinking`,
`output_config`.

Owns these fields. Without `thinking` a model does not think, as at Anthropic, unless the operator's
defaults say otherwise. `budget_tokens` has no effect, since Ollama has no such limit; it is not
even compared with `max_tokens`, because clients send equal values.
"""

from __future__ import annotations

from ..chat.thinking import Think, wanted
from ..checks import Json, mapping, text

_OFF = ("disabled", "between_tools")
"""The second asks for short reports between calls, and for no thoughts."""

_EFFORT = "output_config.effort"


def think(body: Json) -> Think | None:
    """The value of Ollama's `think`; None where the request does not say. An unknown
    `thinking.type` turns thinking on, since new models bring new types. Raises BadRequest."""
    given = _thinking(body)
    effort = wanted(_member(body, "output_config").get("effort"), _EFFORT)
    kind = given.get("type")
    if kind is None:
        return None
    if text(kind, "thinking.type") in _OFF:
        return False
    return effort or True


def shows_thoughts(body: Json) -> bool:
    """Whether the reply shows the model's thoughts. False where `thinking.display` is `omitted`:
    then the client only stores the thoughts and sends them back."""
    return _thinking(body).get("display") != "omitted"


def _thinking(body: Json) -> Json:
    return _member(body, "thinking")


def _member(body: Json, name: str) -> Json:
    value = body.get(name)
    return {} if value is None else mapping(value, name)
