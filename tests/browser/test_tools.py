"""Tools that a model calls: a card each, and the reader gives back what they gave."""

from __future__ import annotations

import json
from typing import Any

from .ollama import ScriptedOllama
from .steps import LAST, answered, ask, choose_model, exchange, texts
from .test_settings import change, opened

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
CALL = {"function": {"name": "weather", "arguments": {"city": "<b>Oslo</b>"}}}


def called(page: Any, ollama: ScriptedOllama) -> None:
    """A question that the model answers with a call of a tool."""
    (talk,) = ollama.talk()
    ask(page, "How is the weather?")
    assert talk.asked.wait(10)
    talk.say("", tool_calls=[CALL])
    talk.end()
    answered(page)


def test_a_call_is_shown_with_its_arguments_as_text(page: Any, ollama: ScriptedOllama) -> None:
    called(page, ollama)
    assert page.inner_text(f"{LAST} .tool summary") == "Called weather"
    assert json.loads(page.inner_text(f"{LAST} .tool pre")) == {"city": "<b>Oslo</b>"}


def test_the_model_goes_on_with_the_results(page: Any, ollama: ScriptedOllama) -> None:
    called(page, ollama)
    page.fill(f"{LAST} .tool textarea", "Rain, <i>7</i> degrees")
    (talk,) = ollama.talk()
    page.click(f"{LAST} [data-t='tool.send']")
    assert talk.asked.wait(10)
    assert talk.request["messages"] == [
        {"role": "user", "content": "How is the weather?"},
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "tool_name": "weather", "content": "Rain, <i>7</i> degrees"},
    ]
    talk.say("Take an umbrella.")
    talk.end()
    answered(page)
    assert texts(page)[-1] == "Take an umbrella."
    page.reload()
    page.wait_for_selector(".turn >> nth=2")
    card = ".turn:nth-child(2) .tool"
    assert page.get_attribute(card, "open") is None
    page.click(f"{card} summary")
    assert page.inner_text(f"{card} .tool-result pre") == "Rain, <i>7</i> degrees"
    assert len(exchange(page, ollama, "And now?", "Sun.").request["messages"]) == 5


def test_tools_are_offered_to_models_that_can_use_them(page: Any, ollama: ScriptedOllama) -> None:
    opened(page)
    change(page, "tools", '{"name": "weather"}')
    assert page.is_visible("#setting-tools-said")
    change(page, "tools", json.dumps(WEATHER))
    page.keyboard.press("Escape")
    assert exchange(page, ollama, "Hello.", "Hi.").request["tools"] == [WEATHER]
    choose_model(page, "seer")
    assert "tools" not in exchange(page, ollama, "Hello.", "Hi.").request
