"""Translates the items of a response's input into Ollama's messages.

Owns the kinds of items, and which items form one message: an assistant's thoughts, text and calls
of one turn are separate items here, and one message at Ollama. Items keep their order, so that a
longer conversation begins with the same messages as the shorter one and Ollama's prompt cache can
be used. A system message within the conversation becomes a note in a user's message, since chat
templates would move it to the beginning.

Items of unknown kinds, and items that only OpenAI's platform uses, are left out, because clients
send back every item that they have received.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...errors import BadRequest
from ..chat.conversation import Conversation
from ..chat.sealed_thoughts import unsealed
from ..chat.toolbox import CUSTOM_INPUT
from ..checks import Json, mapping, text
from .tools import ToolName, Tools

_SYSTEM = ("system", "developer")

_ROLES = "user, assistant, system, developer"

PART_KINDS = "input_text, input_image, output_text, refusal"
"""What a message may hold, in OpenAI's words."""


class InputItems:
    """Translates items into messages and adds these to a conversation."""

    def __init__(self, talk: Conversation, tools: Tools) -> None:
        """`tools`: the tools of the request, which give the names for calls; the tools that items
        declare are added to it."""
        self._talk = talk
        self._tools = tools
        self._turn: Json | None = None
        """The assistant's message that further items may belong to."""
        self._thoughts: list[str] = []
        """Of that message; joined when all are there."""
        self._begun = False
        """Somebody else than the system has spoken."""
        self._readers: dict[str, Callable[[Json, str], None]] = {
            "message": self._message,
            "agent_message": self._agent_message,
            "reasoning": self._reasoning,
            "function_call": self._function_call,
            "custom_tool_call": self._custom_call,
            "function_call_output": self._output,
            "custom_tool_call_output": self._output,
            "additional_tools": self._declare,
            "tool_search_output": self._declare,
        }

    def read(self, given: Sequence[Any], param: str) -> None:
        """Translates the items of a list in order. Raises BadRequest naming the item and the field
        that is wrong."""
        readers = self._readers
        for index, value in enumerate(given):
            here = f"{param}[{index}]"
            item = value if isinstance(value, dict) else mapping(value, here)
            kind = item.get("type") or ("message" if "role" in item else None)
            read = readers.get(kind) if isinstance(kind, str) else None
            if read is not None:
                read(item, here)
            elif kind is None:
                raise BadRequest(f"'{here}.type' is required.", param=f"{here}.type")
        self._write_thoughts()

    def _message(self, item: Json, param: str) -> None:
        role = item.get("role")
        if role == "assistant":
            self._agent_message(item, param)
            return
        self._end_turn()
        content, here = item.get("content"), f"{param}.content"
        if role == "user":
            self._talk.add("user", content, here)
            self._begun = True
        elif role not in _SYSTEM:
            role = text(role, f"{param}.role")
            raise BadRequest(f"'{param}.role' must be one of: {_ROLES}.", param=f"{param}.role")
        elif self._begun:
            self._talk.note(content, here)
        else:
            self._talk.add("system", content, here)

    def _agent_message(self, item: Json, param: str) -> None:
        """Joins a turn that has not said anything yet."""
        turn, messages = self._turn, self._talk.messages
        if turn is not None and not turn["content"] and "images" not in turn:
            messages.pop()
        else:
            self._end_turn()
            turn = {}
        said = self._talk.add("assistant", item.get("content"), f"{param}.content")
        thought = said.pop("thinking", "")
        if thought:
            self._thoughts.append(thought)
        messages[-1] = turn | said
        self._turn, self._begun = messages[-1], True

    def _reasoning(self, item: Json, param: str) -> None:
        """Begins a turn, unless only a thought has begun one."""
        thought = _thought(item)
        if not thought:
            return
        turn = self._turn
        if turn is None or turn["content"] or "tool_calls" in turn:
            self._begin_turn(param)
        self._thoughts.append(thought)

    def _function_call(self, item: Json, param: str) -> None:
        self._call(item, item.get("arguments"), f"{param}.arguments", param)

    def _custom_call(self, item: Json, param: str) -> None:
        given = item.get("input")
        said = "" if given is None else text(given, f"{param}.input")
        self._call(item, {CUSTOM_INPUT: said}, f"{param}.input", param)

    def _call(self, item: Json, arguments: Any, arguments_param: str, param: str) -> None:
        turn = self._turn if self._turn is not None else self._begin_turn(param)
        tool = ToolName(_optional(item, "name", param), _optional(item, "namespace", param) or None)
        called = self._tools.native_name(tool)
        call_id = _optional(item, "call_id", param)
        self._talk.call(turn, called, arguments, arguments_param, call_id)

    def _output(self, item: Json, param: str) -> None:
        self._end_turn()
        message = self._talk.add("tool", item.get("output"), f"{param}.output")
        call_id = _optional(item, "call_id", param)
        self._talk.result(message, call_id or None, _optional(item, "name", param) or None)

    def _declare(self, item: Json, param: str) -> None:
        """Tools that there are from here on."""
        if item.get("tools"):
            self._tools.read(item["tools"], f"{param}.tools")

    def _begin_turn(self, param: str) -> Json:
        self._end_turn()
        self._begun = True
        self._turn = self._talk.add("assistant", None, param)
        return self._turn

    def _end_turn(self) -> None:
        self._write_thoughts()
        self._turn, self._thoughts = None, []

    def _write_thoughts(self) -> None:
        if self._turn is not None and self._thoughts:
            self._turn["thinking"] = "\n".join(self._thoughts)


def _thought(item: Json) -> str:
    """The text of a thought: as it was sealed here, else as it was, else its summary."""
    sealed = unsealed(item.get("encrypted_content"))
    if sealed:
        return sealed
    for key in ("content", "summary"):
        parts = item.get(key)
        if isinstance(parts, list) and parts:
            texts = [part.get("text") for part in parts if isinstance(part, dict)]
            return "\n".join(found for found in texts if isinstance(found, str))
    return ""


def _optional(item: Json, key: str, param: str) -> str:
    value = item.get(key)
    if isinstance(value, str):
        return value
    return "" if value is None else text(value, f"{param}.{key}")
