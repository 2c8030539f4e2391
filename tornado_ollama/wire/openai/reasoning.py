"""Reads whether a model shall think, and whether its thoughts are sent: from the fields of all
variants of chat completions in use.

Owns which field wins. Of a budget of tokens for thoughts only 0 can be honoured: no thoughts at
all. Ollama's own `think` comes first, then OpenAI's and OpenRouter's, then those
of vLLM, SGLang, Qwen, DeepSeek and llama.cpp. As at Ollama (0.32.15 `openai/openai.go`) an object
`reasoning` wins over `reasoning_effort` even when it names no effort.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..chat.thinking import Think, wanted
from ..checks import Json, boolean, flag, mapping

_TEMPLATES = ("chat_template_kwargs", "chat_template_args")
_BUDGETS = ("thinking_budget", "reasoning_budget")
_BUDGETS_INSIDE = {"reasoning": "max_tokens", "thinking": "budget_tokens"}


def think(body: Json) -> tuple[Think | None, str | None]:
    """Ollama's `think` for a request and the field that sets it; None and None where no field does,
    so that the model decides."""
    for param, value in _said(body):
        decided = wanted(value, param)
        if decided is not None:
            return decided, param
    return None, None


def hides_thoughts(body: Json) -> bool:
    """Whether thoughts are left out of the reply, though the model may think."""
    shown = body.get("include_reasoning")
    if shown is not None and not boolean(shown, "include_reasoning"):
        return True
    return flag(_members(body, "reasoning").get("exclude"), "reasoning.exclude")


def unmet_budgets(body: Json) -> list[str]:
    """The budgets of thoughts that Ollama does not have, as dotted names: all but 0."""
    given = [(name, body.get(name)) for name in _BUDGETS]
    for name, key in _BUDGETS_INSIDE.items():
        given.append((f"{name}.{key}", _members(body, name).get(key)))
    return [name for name, value in given if value is not None and value != 0]


def _said(body: Json) -> Iterator[tuple[str, object]]:
    """The request's fields about thinking with their values, the most decisive first."""
    yield "think", body.get("think")
    if body.get("reasoning") is None:
        yield from _switches(body, "reasoning_effort", "effort")
    else:
        yield from _switches(body, "reasoning", "effort", "enabled")
    yield from _switches(body, "thinking", "type", "enabled")
    yield "enable_thinking", body.get("enable_thinking")
    if flag(body.get("disable_reasoning"), "disable_reasoning"):
        yield "disable_reasoning", False
    for name in _TEMPLATES:
        if body.get(name) is not None:
            given = {name: mapping(_from_text(body[name]), name)}
            yield from _switches(given, name, "enable_thinking", "thinking", "reasoning_effort")
    budgets = [body.get(name) for name in _BUDGETS]
    budgets += [_members(body, name).get(key) for name, key in _BUDGETS_INSIDE.items()]
    yield "thinking_budget", False if 0 in budgets else None


def _from_text(value: object) -> object:
    """An object that came as JSON text, as forms and command lines send it; else the value."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value


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
