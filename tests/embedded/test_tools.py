from __future__ import annotations

import pytest

from tornado_ollama.embedded.request import Message, Tool, ToolCall
from tornado_ollama.embedded.tools import CallReader, call_schema, wanted

WEATHER = Tool(
    "get_current_weather",
    "Weather of a city",
    {"properties": {"city": {"type": "string", "format": "city", "pattern": "("}}},
)
ADD = Tool("addNumbers", "Sum of two numbers", {"properties": {"a": {}, "b": {}}})
CALL = '<tool_call>{"name": "addNumbers", "arguments": {"a": 1}}</tool_call>'


def names(text: str, role: str = "user") -> list[str]:
    return [tool.name for tool in wanted([Message(role, text)], [WEATHER, ADD])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the weather in Paris?", ["get_current_weather"]),
        ("Add 3 and 4.", ["addNumbers"]),
        ("Which cities are big? Add them.", ["addNumbers"]),
        ("Say hello.", []),
        ("What do you get when you use the name?", []),
        ("", []),
    ],
)
def test_a_tool_is_wanted_when_the_message_names_it(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_nothing_is_wanted_after_a_tools_result() -> None:
    assert names("weather: 18 C", role="tool") == []
    assert wanted([], [WEATHER]) == []


def test_the_schema_keeps_only_what_every_grammar_knows() -> None:
    schema = call_schema([WEATHER])
    assert schema["properties"]["name"] == {"const": "get_current_weather"}
    assert schema["properties"]["arguments"] == {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "additionalProperties": False,
    }


def test_several_tools_are_alternatives() -> None:
    assert len(call_schema([WEATHER, ADD])["anyOf"]) == 2


def read(text: str, *, size: int) -> tuple[str, list[ToolCall]]:
    reader, content, calls = CallReader([WEATHER, ADD]), "", []
    for start in range(0, len(text), size):
        piece, found = reader.feed(text[start : start + size])
        content += piece
        calls += found
    piece, found = reader.close()
    return content + piece, calls + found


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "content", "count"),
    [
        ("Hello <tool_call>", "Hello <tool_call>", 0),
        (CALL, "", 1),
        (CALL + CALL, "", 2),
        (CALL + "done", "done", 1),
        (CALL.removesuffix("</tool_call>"), "", 1),
        ('{"name": "addNumbers", "parameters": {}}', "", 1),
        ('{"name": "unknown", "arguments": {}}', '{"name": "unknown", "arguments": {}}', 0),
        ('{"name": "addNumbers", "argu', '{"name": "addNumbers", "argu', 0),
        ("<tool_call>nonsense</tool_call>", "<tool_call>nonsense</tool_call>", 0),
        ("<tool", "<tool", 0),
        ("", "", 0),
    ],
)
def test_calls_are_told_from_text_however_it_is_cut(
    text: str, content: str, count: int, size: int
) -> None:
    said, calls = read(text, size=size)
    assert (said, len(calls)) == (content, count)


def test_text_passes_at_once() -> None:
    assert CallReader([ADD]).feed("Hel") == ("Hel", [])
