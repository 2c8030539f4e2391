from __future__ import annotations

import json
from typing import Any

import pytest

from tornado_ollama.embedded.refusal import Refusal
from tornado_ollama.embedded.request import (
    ToolCall,
    chat_request,
    embed_request,
    generate_request,
)


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def test_defaults_are_ollamas() -> None:
    common = chat_request(body(model="m")).common
    assert (common.stream, common.truncate, common.think, common.logprobs) == (
        True,
        True,
        False,
        None,
    )
    assert common.keep_alive is None


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([], {}),
        ({"properties": [], "required": []}, {"properties": {}, "required": []}),
        ({"properties": {"a": {"items": []}}}, {"properties": {"a": {"items": {}}}}),
    ],
)
def test_empty_lists_of_php_are_objects_where_schemas_have_some(given: Any, read: Any) -> None:
    [tool] = chat_request(body(tools=[{"function": {"name": "f", "parameters": given}}])).tools
    assert tool.parameters == read


def test_a_conversation_is_read_whole() -> None:
    call = {"id": "x", "function": {"name": "f", "arguments": {"a": 1}}}
    request = chat_request(
        body(
            messages=[
                {"role": "USER", "content": "hi"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
            ],
            tools=[
                {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
            ],
        )
    )
    assert [message.role for message in request.messages] == ["user", "assistant"]
    assert request.messages[1].tool_calls == (ToolCall("f", {"a": 1}),)
    assert request.tools[0].parameters == {"type": "object"}


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"content": [1]}, "ChatRequest.messages.content of type string"),
        ({"role": 1}, "ChatRequest.messages.role of type string"),
        ({"images": "x"}, "ChatRequest.messages.images"),
        (
            {"tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
            "of type api.ToolCallFunctionArguments",
        ),
    ],
)
def test_wrong_types_inside_messages_are_named(message: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        chat_request(body(messages=[message]))
    assert field in caught.value.message


@pytest.mark.parametrize("value", ["hard", 1, []])
def test_a_think_value_must_be_one_of_six(value: object) -> None:
    with pytest.raises(Refusal, match="invalid think value"):
        chat_request(body(think=value))


@pytest.mark.parametrize("top", [-1, 21])
def test_top_logprobs_are_bounded(top: int) -> None:
    with pytest.raises(Refusal, match="top_logprobs must be between 0 and 20"):
        chat_request(body(logprobs=True, top_logprobs=top))


@pytest.mark.parametrize("extra", [{"system": "x"}, {"template": "x"}, {"context": [1]}])
def test_raw_takes_nothing_else(extra: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="raw mode does not support"):
        generate_request(body(raw=True, prompt="x", **extra))


@pytest.mark.parametrize("context", [["a"], [-1], [True], [1.5]])
def test_a_context_is_token_numbers(context: list[Any]) -> None:
    with pytest.raises(Refusal, match="context"):
        generate_request(body(context=context))


@pytest.mark.parametrize(
    ("given", "texts"),
    [("x", ("x",)), (["x", "y"], ("x", "y")), ("", ()), ([], ()), (None, ()), ([""], ("",))],
)
def test_embed_input_is_text_or_texts(given: object, texts: tuple[str, ...]) -> None:
    assert embed_request(body(input=given)).input == texts


@pytest.mark.parametrize("given", [5, [1], {"a": 1}, [["x"]]])
def test_other_embed_inputs_are_refused(given: object) -> None:
    with pytest.raises(Refusal, match="invalid input type"):
        embed_request(body(input=given))
