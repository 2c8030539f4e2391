"""Whether a model shall think, and whether its thoughts are shown: `thinking` and `output_config`.

Owns these fields. Without `thinking` a model of Anthropic's does not think, so neither does one
here, unless the operator's defaults say so. A budget is no wish that Ollama knows: it is not even
compared with `max_tokens`, since clients send both alike.
"""

from __future__ import annotations

from ..chat.thinking import Think, wanted
from ..checks import Json, mapping, text

_OFF = ("disabled", "between_tools")
"""The second asks for short reports between calls, and for no thoughts."""

_EFFORT = "output_config.effort"


def think(body: Json) -> Think | None:
    """Ollama's `think`; None where the request does not say. Kinds of thinking that are not known
    are some thinking: new ones come with new models."""
    given = _thinking(body)
    effort = wanted(_member(body, "output_config").get("effort"), _EFFORT)
    kind = given.get("type")
    if kind is None:
        return None
    if text(kind, "thinking.type") in _OFF:
        return False
    return effort or True


def shows_thoughts(body: Json) -> bool:
    """False: the client wants to keep the thoughts for the model, and show none."""
    return _thinking(body).get("display") != "omitted"


def _thinking(body: Json) -> Json:
    return _member(body, "thinking")


def _member(body: Json, name: str) -> Json:
    value = body.get(name)
    return {} if value is None else mapping(value, name)
