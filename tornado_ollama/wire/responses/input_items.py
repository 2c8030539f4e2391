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
from ..chat.content import plain_text
from ..chat.conversation import Conversation
from ..chat.sealed_thoughts import unsealed
from ..chat.toolbox import CUSTOM_INPUT
from ..checks import Json, mapping, missing, name, text
from .past import Past
from .tools import Tools

_SYSTEM = ("system", "developer")

_ROLES = "user, assistant, system, developer"

PART_KINDS = "input_text, input_image, output_text, refusal"
"""What a message may hold, in OpenAI's words."""


class InputItems:
    """Translates items into messages and adds these to a conversation.

    A conversation has thousands of items, so an item's path, which only errors need, is made of its
    index where there is one.
    """

    def __init__(self, talk: Conversation, tools: Tools, past: Past) -> None:
        """`tools`: the tools of the request, which give the names for calls; the tools that items
        declare are added to it. `past`: where `item_reference` looks items up."""
        self.referred: dict[int, Json] = {}
        """The items that stand for the references of the list that was read last, by index."""
        self._talk = talk
        self._tools = tools
        self._past = past
        self._param = ""
        """The path of the list that is being read."""
        self._turn: Json | None = None
        """The assistant's message that further items may belong to."""
        self._thoughts: list[str] = []
        """Of that message; joined when all are there."""
        self._begun = False
        """Somebody else than the system has spoken."""
        self._readers: dict[str, Callable[[Json, int], None]] = {
            "message": self._message,
            "agent_message": self._agent_message,
            "reasoning": self._reasoning,
            "function_call": self._call,
            "custom_tool_call": self._call,
            "function_call_output": self._output,
            "custom_tool_call_output": self._output,
            "additional_tools": self._declare,
            "tool_search_output": self._declare,
            "item_reference": self._reference,
        }

    def read(self, given: Sequence[Any], param: str) -> None:
        """Translates the items of a list in order. Raises BadRequest naming the item and the field
        that is wrong."""
        self._param, self.referred = param, {}
        messages = self._talk.messages
        for index, value in enumerate(given):
            role = value.get("role") if isinstance(value, dict) else None
            if role == "user" or (role == "assistant" and self._turn is None):
                # A message of one text, as most are: it would cost twice as much by way of calls.
                content = value.get("content")
                said = content if isinstance(content, str) else plain_text(content)
                if said is not None and value.get("type", "message") == "message":
                    if self._thoughts:
                        self._end_turn()
                    messages.append(message := {"role": role, "content": said})
                    self._turn = message if role == "assistant" else None
                    self._begun = True
                    continue
            self._read_item(value, index)
        self._write_thoughts()
        self._talk.finish()

    def _read_item(self, value: Any, index: int) -> None:
        item = value if isinstance(value, dict) else mapping(value, _path(self._param, index))
        kind = item.get("type") or ("message" if "role" in item else None)
        read = self._readers.get(kind) if isinstance(kind, str) else None
        if read is not None:
            read(item, index)
        elif kind is None:
            raise missing(_path(self._param, index, "type"))

    def _message(self, item: Json, index: int) -> None:
        role = item.get("role")
        if role == "assistant":
            self._agent_message(item, index)
            return
        self._end_turn()
        if role == "user":
            self._say("user", item, "content", index)
            self._begun = True
        elif role not in _SYSTEM:
            here = _path(self._param, index, "role")
            text(role, here)
            raise BadRequest(f"'{here}' must be one of: {_ROLES}.", param=here)
        elif self._begun:
            self._talk.note(item.get("content"), _path(self._param, index, "content"))
        else:
            self._say("system", item, "content", index)

    def _agent_message(self, item: Json, index: int) -> None:
        """Joins a turn that has not said anything yet."""
        turn, messages = self._turn, self._talk.messages
        if turn is not None and not turn["content"] and "images" not in turn:
            messages.pop()
        else:
            self._end_turn()
            turn = None
        said = self._say("assistant", item, "content", index)
        if "thinking" in said:
            self._thoughts.append(said.pop("thinking"))
        if turn is not None:
            said = messages[-1] = turn | said
        self._turn, self._begun = said, True

    def _reasoning(self, item: Json, index: int) -> None:
        """Begins a turn, unless only a thought has begun one."""
        thought = _thought(item)
        if not thought:
            return
        turn = self._turn
        if turn is None or turn["content"] or "tool_calls" in turn:
            self._begin_turn()
        self._thoughts.append(thought)

    def _call(self, item: Json, index: int) -> None:
        """A call of a function, or of a custom tool, which has one text instead of arguments."""
        turn = self._turn if self._turn is not None else self._begin_turn()
        if item["type"] == "custom_tool_call":
            arguments: Any = {CUSTOM_INPUT: self._optional(item, "input", index)}
        else:
            arguments = item.get("arguments")
        # The path is for what is neither a text nor made here.
        param = "" if isinstance(arguments, str) else _path(self._param, index, "arguments")
        called, call_id = item.get("name"), item.get("call_id")
        if not isinstance(called, str):
            called = self._optional(item, "name", index)
        namespace = None
        if "namespace" in item:
            namespace = self._optional(item, "namespace", index) or None
        native_name = self._tools.native_name(called, namespace)
        if not isinstance(call_id, str):
            call_id = self._optional(item, "call_id", index)
        self._talk.call(turn, native_name, arguments, param, call_id)

    def _output(self, item: Json, index: int) -> None:
        if self._turn is not None:
            self._end_turn()
        output, call_id = item.get("output"), item.get("call_id")
        if isinstance(output, str):
            message = self._talk.say("tool", output)
        else:
            message = self._talk.add("tool", output, _path(self._param, index, "output"))
        tool = self._optional(item, "name", index) if "name" in item else None
        if not isinstance(call_id, str):
            call_id = self._optional(item, "call_id", index)
        self._talk.result(message, call_id or None, tool or None)

    def _declare(self, item: Json, index: int) -> None:
        """Tools that there are from here on."""
        if item.get("tools"):
            self._tools.read(item["tools"], _path(self._param, index, "tools"))

    def _reference(self, item: Json, index: int) -> None:
        """An item of a stored response, in whose place its id stands."""
        here = _path(self._param, index, "id")
        found = self._past.item(name(item.get("id"), here))
        if found is None:
            raise BadRequest(
                "There is no such item here: it was not stored, or not for so long.",
                param=here,
                code="item_not_found",
            )
        self.referred[index] = found
        self._read_item(found, index)

    def _say(self, role: str, item: Json, key: str, index: int) -> Json:
        """Adds a message of the content that an item has under a key."""
        said = plain_text(item.get(key))
        if said is None:
            return self._talk.add(role, item.get(key), _path(self._param, index, key))
        return self._talk.say(role, said)

    def _optional(self, item: Json, key: str, index: int) -> str:
        value = item.get(key, "")
        if isinstance(value, str):
            return value
        return "" if value is None else text(value, _path(self._param, index, key))

    def _begin_turn(self) -> Json:
        self._end_turn()
        self._begun = True
        self._turn = self._talk.say("assistant", "")
        return self._turn

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._write_thoughts()
            self._turn, self._thoughts = None, []

    def _write_thoughts(self) -> None:
        if self._turn is not None and self._thoughts:
            self._turn["thinking"] = "\n".join(self._thoughts)


def _path(param: str, index: int, key: str = "") -> str:
    return f"{param}[{index}].{key}" if key else f"{param}[{index}]"


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
