from __future__ import annotations

import asyncio

from tornado_ollama.embedded.engine import Engine
from tornado_ollama.embedded.installed import find_model
from tornado_ollama.embedded.prompt import (
    SYSTEM,
    chat_prompt,
    droppable,
    shorten,
    with_system,
    without_oldest,
)
from tornado_ollama.embedded.request import Message, Tool, ToolCall

from .model_process import require_model

TALK = [Message("user", "Hi"), Message("assistant", "Hello!"), Message("user", "Bye")]


def test_a_conversation_gets_the_models_system_prompt() -> None:
    assert with_system(TALK, ())[0] == Message("system", SYSTEM)
    own = [Message("system", "Be brief."), *TALK]
    assert with_system(own, ()) == own


def test_tools_are_listed_in_the_system_prompt() -> None:
    text = chat_prompt(TALK, [Tool("get_weather", "Weather", {})])
    assert text.startswith(f"<|im_start|>system\n{SYSTEM}\n")
    assert '"get_weather"' in text


def test_an_earlier_call_is_shown_as_it_was_written() -> None:
    call = Message("assistant", "", (ToolCall("f", {"a": "é"}),))
    assert '<tool_call>{"name": "f", "arguments": {"a": "é"}}</tool_call>' in chat_prompt([call])


def test_the_oldest_go_first_and_system_and_last_stay() -> None:
    talk = [Message("system", "S"), *TALK]
    assert droppable(talk) == 2
    assert without_oldest(talk, 0) == talk
    assert [message.content for message in without_oldest(talk, 1)] == ["S", "Hello!", "Bye"]
    assert [message.content for message in without_oldest(talk, 9)] == ["S", "Bye"]


def test_tokens_are_cut_in_the_middle() -> None:
    assert shorten([1, 2, 3], 3, 1) == [1, 2, 3]
    assert shorten([1, 2, 3, 4, 5], 3, 1) == [1, 4, 5]
    assert shorten([1, 2, 3, 4, 5], 2, 9) == [1, 5]


def test_the_prompt_is_the_one_of_the_models_own_template() -> None:
    """The template inside the model file, run by llama.cpp, is the judge."""
    require_model()
    own = [Message("system", "Be brief."), *TALK]

    async def rendered() -> list[str]:
        engine = Engine(find_model().path)
        try:
            async with engine.use() as use:
                talks = [
                    [{"role": message.role, "content": message.content} for message in talk]
                    for talk in (TALK, own)
                ]
                replies = [
                    await use.llama.post("/apply-template", {"messages": talk}) for talk in talks
                ]
                return [reply["prompt"] for reply in replies]
        finally:
            await engine.close()

    assert asyncio.run(rendered()) == [chat_prompt(TALK), chat_prompt(own)]
