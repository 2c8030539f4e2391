"""Tool calls for a model that was never trained on them.

Pure. A model of 135 million parameters writes a correct call when it is held to the tool's
schema, but cannot judge whether a call is due: measured, it calls nothing, or everything. So the
judgement is made here, by words (`wanted`), and the writing is left to the model, held to
`call_schema`. A call it writes unasked is recognised too (`CallReader`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from .request import Message, Tool, ToolCall

CALL_OPEN, CALL_CLOSE = "<tool_call>", "</tool_call>"

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHORTEST_WORD = 3
_COMMON_WORDS = frozenset(
    "about all and any are args arguments can current data does for from function get given has "
    "have her his how into its list name not number numbers object one out parameter parameters "
    "please return returns set some string tell text that the then there these they this thing "
    "tool use used user uses value was what when where which who will with you your".split()
)

_SCHEMA_KEYS = ("type", "$defs", "items", "required", "properties", "enum", "anyOf", "description")
"""The keys of a tool's schema that Ollama lets through, which are also safe for the grammar."""


def wanted(messages: Sequence[Message], tools: Sequence[Tool]) -> list[Tool]:
    """The tools that the model may call: those that share a word with the user's last message. The
    list is empty after a tool's result, which the model should put into words."""
    if not messages or messages[-1].role != "user":
        return []
    said = _words(messages[-1].content)
    return [tool for tool in tools if said & _words(_about(tool))]


def call_schema(tools: Sequence[Tool]) -> dict[str, Any]:
    """The JSON Schema of a call of one of `tools`."""
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool.name},
                "arguments": _kept({"type": "object", **tool.parameters}),
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    return calls[0] if len(calls) == 1 else {"anyOf": calls}


class CallReader:
    """Splits the model's text into content and tool calls, piece by piece.

    Text that cannot become a call passes at once. What begins like one (`<tool_call>`, or a
    JSON object) is held back until it is complete; what turns out to be none becomes content.
    """

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._names = frozenset(tool.name for tool in tools)
        self._held = ""
        self._passing = False

    def feed(self, text: str) -> tuple[str, list[ToolCall]]:
        if self._passing:
            return text, []
        self._held += text
        start = self._held.lstrip()
        if not start or CALL_OPEN.startswith(start):
            return "", []
        if start.startswith(CALL_OPEN):
            return "", self._complete()
        if start.startswith("{"):
            return "", []
        self._passing = True
        return self._release(), []

    def close(self) -> tuple[str, list[ToolCall]]:
        """Returns the text held back, when the model has ended."""
        calls = self._complete()
        call = self._call(self._held.strip().removeprefix(CALL_OPEN))
        if call is not None:
            self._held = ""
            calls.append(call)
        return self._release(), calls

    def _complete(self) -> list[ToolCall]:
        calls = []
        while self._held.lstrip().startswith(CALL_OPEN) and CALL_CLOSE in self._held:
            written, rest = self._held.lstrip()[len(CALL_OPEN) :].split(CALL_CLOSE, 1)
            call = self._call(written)
            if call is None:
                break
            calls.append(call)
            self._held = rest
        return calls

    def _release(self) -> str:
        text, self._held = self._held, ""
        return text

    def _call(self, written: str) -> ToolCall | None:
        try:
            value = json.loads(written)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict) or value.get("name") not in self._names:
            return None
        arguments = value.get("arguments", value.get("parameters"))
        return ToolCall(value["name"], arguments) if isinstance(arguments, dict) else None


def _about(tool: Tool) -> str:
    properties = tool.parameters.get("properties")
    names = " ".join(properties) if isinstance(properties, dict) else ""
    return f"{tool.name} {tool.description} {names}"


def _words(text: str) -> frozenset[str]:
    found = set()
    for word in _WORD.findall(_CAMEL.sub(" ", text)):
        word = word.casefold()
        if len(word) >= _SHORTEST_WORD and word not in _COMMON_WORDS:
            found.add(word[:-1] if word.endswith("s") and len(word) > _SHORTEST_WORD else word)
    return frozenset(found)


def _kept(schema: Any) -> Any:
    """`schema` with only the keys of `_SCHEMA_KEYS`, at every depth."""
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key in _SCHEMA_KEYS:
        value = schema.get(key)
        if key in ("properties", "$defs") and isinstance(value, dict):
            kept[key] = {name: _kept(item) for name, item in value.items()}
            if key == "properties":
                # Left free, a model this small invents arguments without an end.
                kept["additionalProperties"] = False
        elif key == "anyOf" and isinstance(value, list):
            kept[key] = [_kept(item) for item in value]
        elif key == "items":
            kept.update({"items": _kept(value)} if value is not None else {})
        elif value is not None:
            kept[key] = value
    return kept
