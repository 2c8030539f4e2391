"""Reads whether a model shall think, and whether its thoughts are sent: from the fields of all
variants of chat completions in use.

Owns which field wins. Ollama's own `think` comes first, then OpenAI's and OpenRouter's, then those
of vLLM, SGLang, Qwen, DeepSeek and llama.cpp. As at Ollama (0.32.15 `openai/openai.go`) an object
`reasoning` wins over `reasoning_effort` even when it names no effort.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..chat.thinking import Think, wanted
from ..checks import Json, boolean, mapping

_TEMPLATE = "chat_template_kwargs"


def think(body: Json) -> Think | None:
    """Ollama's `think` for a request; None where no field sets it, so that the model decides."""
    for param, value in _said(body):
        decided = wanted(value, param)
        if decided is not None:
            return decided
    return None


def hides_thoughts(body: Json) -> bool:
    """Whether thoughts are left out of the reply, though the model may think."""
    shown = body.get("include_reasoning")
    if shown is not None and not boolean(shown, "include_reasoning"):
        return True
    excluded = _members(body, "reasoning").get("exclude")
    return excluded is not None and boolean(excluded, "reasoning.exclude")


def _said(body: Json) -> Iterator[tuple[str, object]]:
    """The request's fields about thinking with their values, the most decisive first."""
    yield "think", body.get("think")
    if body.get("reasoning") is None:
        yield "reasoning_effort", body.get("reasoning_effort")
    else:
        yield from _switches(body, "reasoning", "effort", "enabled")
    yield from _switches(body, "thinking", "type")
    yield "enable_thinking", body.get("enable_thinking")
    template = body.get(_TEMPLATE)
    if template is not None:
        mapping(template, _TEMPLATE)
        yield from _switches(body, _TEMPLATE, "enable_thinking", "thinking", "reasoning_effort")


def _switches(body: Json, name: str, *keys: str) -> Iterator[tuple[str, object]]:
    """The `keys` of a field whose value is an object; the field itself where its value is a
    switch."""
    value = body.get(name)
    if isinstance(value, dict):
        yield from ((f"{name}.{key}", value.get(key)) for key in keys)
    elif value != []:
        yield name, value


def _members(body: Json, name: str) -> Json:
    value = body.get(name)
    return value if isinstance(value, dict) else {}
