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

import msgspec
from msgspec import UNSET

from ...errors import BadRequest
from ..chat.arguments import call_arguments
from ..chat.content import plain_text
from ..chat.conversation import Conversation
from ..chat.given import GivenPart, GivenParts
from ..chat.native_message import Message
from ..chat.sealed_thoughts import unsealed
from ..chat.toolbox import CUSTOM_INPUT
from ..checks import Json, missing, name, text
from ..typed_list import TypedList
from .past import Past
from .tools import Tools

_SYSTEM = ("system", "developer")

_ROLES = "user, assistant, system, developer"

PART_KINDS = "input_text, input_image, output_text, refusal"
"""What a message may hold, in OpenAI's words."""


class Item(msgspec.Struct, gc=False):
    """An item of the input as a client sends it; every field takes any JSON value, see
    `chat/given.py`. It has the fields that are read of any kind of item."""

    type: Any = None
    role: Any = UNSET
    content: GivenParts = None
    call_id: Any = None
    name: Any = None
    arguments: Any = None
    output: GivenParts = None
    namespace: Any = None
    input: Any = None
    summary: GivenParts = None
    encrypted_content: Any = None
    tools: Any = None
    id: Any = None


INPUT = TypedList("input", Item)


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
        self._turn: Message | None = None
        """The assistant's message that further items may belong to."""
        self._thoughts: list[str] = []
        """Of that message; joined when all are there."""
        self._begun = False
        """Somebody else than the system has spoken."""

    def read(self, given: Sequence[Any], param: str) -> None:
        """Translates the items of a list in order. Raises BadRequest naming the item and the field
        that is wrong."""
        self._param, self.referred = param, {}
        messages = self._talk.messages
        for index, value in enumerate(given):
            if isinstance(value, Item):
                item = value
            else:
                item = INPUT.element(value, _path(param, index))
            kind, role, content = item.type, item.role, item.content
            if kind is None or kind == "message":
                # A message of one text, as most are: it would cost twice as much by way of calls.
                said = content if isinstance(content, str) else plain_text(content)
                if said is not None and (
                    role == "user" or (role == "assistant" and self._turn is None)
                ):
                    if self._thoughts:
                        self._end_turn()
                    messages.append(message := Message(role, said))
                    self._turn = message if role == "assistant" else None
                    self._begun = True
                    continue
            read = _READERS.get(kind) if isinstance(kind, str) else None
            if read is not None:
                read(self, item, index)
            else:
                self._read_item(item, index)
        self._write_thoughts()
        self._talk.finish()

    def _read_item(self, item: Item, index: int) -> None:
        kind = item.type or (None if item.role is UNSET else "message")
        read = _READERS.get(kind) if isinstance(kind, str) else None
        if read is not None:
            read(self, item, index)
        elif kind is None:
            raise missing(_path(self._param, index, "type"))

    def _message(self, item: Item, index: int) -> None:
        role = None if item.role is UNSET else item.role
        if role == "assistant":
            self._agent_message(item, index)
            return
        self._end_turn()
        if role == "user":
            self._say("user", item.content, "content", index)
            self._begun = True
        elif role not in _SYSTEM:
            here = _path(self._param, index, "role")
            text(role, here)
            raise BadRequest(f"'{here}' must be one of: {_ROLES}.", param=here)
        elif self._begun:
            self._talk.note(item.content, _path(self._param, index, "content"))
        else:
            self._say("system", item.content, "content", index)

    def _agent_message(self, item: Item, index: int) -> None:
        """Joins a turn that has not said anything yet."""
        turn, messages = self._turn, self._talk.messages
        if turn is not None and not turn.content and turn.images is None:
            messages.pop()
        else:
            self._end_turn()
            turn = None
        said = self._say("assistant", item.content, "content", index)
        if said.thinking is not None:
            self._thoughts.append(said.thinking)
            said.thinking = None
        if turn is not None:
            said.tool_calls = turn.tool_calls
        self._turn, self._begun = said, True

    def _reasoning(self, item: Item, index: int) -> None:
        """Begins a turn, unless only a thought has begun one."""
        thought = _thought(item)
        if not thought:
            return
        turn = self._turn
        if turn is None or turn.content or turn.tool_calls is not None:
            self._begin_turn()
        self._thoughts.append(thought)

    def _call(self, item: Item, index: int) -> None:
        """A call of a function, or of a custom tool, which has one text instead of arguments."""
        turn = self._turn
        if turn is None:
            turn = self._begin_turn()
        if item.type == "custom_tool_call":
            arguments: Any = {CUSTOM_INPUT: self._optional(item.input, "input", index)}
        else:
            arguments = item.arguments
            if not isinstance(arguments, str):
                arguments = call_arguments(arguments, _path(self._param, index, "arguments"))
        called, call_id, namespace = item.name, item.call_id, item.namespace
        if not isinstance(called, str):
            called = self._optional(called, "name", index)
        if namespace is not None:
            namespace = self._optional(namespace, "namespace", index) or None
        native_name = self._tools.native_name(called, namespace)
        if not isinstance(call_id, str):
            call_id = self._optional(call_id, "call_id", index)
        self._talk.call(turn, native_name, arguments, call_id)

    def _output(self, item: Item, index: int) -> None:
        if self._turn is not None:
            self._end_turn()
        output, call_id, tool = item.output, item.call_id, item.name
        if isinstance(output, str):
            self._talk.messages.append(message := Message("tool", output))
        else:
            message = self._talk.add("tool", output, _path(self._param, index, "output"))
        if tool is not None:
            tool = self._optional(tool, "name", index)
        if not isinstance(call_id, str):
            call_id = self._optional(call_id, "call_id", index)
        self._talk.result(message, call_id or None, tool or None)

    def _declare(self, item: Item, index: int) -> None:
        """Tools that there are from here on."""
        if item.tools:
            self._tools.read(item.tools, _path(self._param, index, "tools"))

    def _reference(self, item: Item, index: int) -> None:
        """An item of a stored response, in whose place its id stands."""
        here = _path(self._param, index, "id")
        found = self._past.item(name(item.id, here))
        if found is None:
            raise BadRequest(
                "There is no such item here: it was not stored, or not for so long.",
                param=here,
                code="item_not_found",
            )
        self.referred[index] = found
        self._read_item(INPUT.element(found, here), index)

    def _say(self, role: str, content: Any, key: str, index: int) -> Message:
        """Adds a message of the content that an item has under a key."""
        said = plain_text(content)
        if said is None:
            return self._talk.add(role, content, _path(self._param, index, key))
        return self._talk.say(role, said)

    def _optional(self, value: Any, key: str, index: int) -> str:
        """Checks a text that an item has under a key, or has not."""
        if isinstance(value, str):
            return value
        return "" if value is None else text(value, _path(self._param, index, key))

    def _begin_turn(self) -> Message:
        if self._turn is not None:
            self._end_turn()
        self._begun = True
        self._turn = turn = Message("assistant", "")
        self._talk.messages.append(turn)
        return turn

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._write_thoughts()
            self._turn, self._thoughts = None, []

    def _write_thoughts(self) -> None:
        if self._turn is not None and self._thoughts:
            self._turn.thinking = "\n".join(self._thoughts)


_READERS: dict[str, Callable[[InputItems, Item, int], None]] = {
    "message": InputItems._message,
    "agent_message": InputItems._agent_message,
    "reasoning": InputItems._reasoning,
    "function_call": InputItems._call,
    "custom_tool_call": InputItems._call,
    "function_call_output": InputItems._output,
    "custom_tool_call_output": InputItems._output,
    "additional_tools": InputItems._declare,
    "tool_search_output": InputItems._declare,
    "item_reference": InputItems._reference,
}
"""By kind of item. Bound methods in the object itself would be a cycle, and only the garbage
collector would free a conversation."""


def _path(param: str, index: int, key: str = "") -> str:
    return f"{param}[{index}].{key}" if key else f"{param}[{index}]"


def _thought(item: Item) -> str:
    """The text of a thought: as it was sealed here, else as it was, else its summary."""
    sealed = unsealed(item.encrypted_content)
    if sealed:
        return sealed
    for parts in (item.content, item.summary):
        if isinstance(parts, list) and parts:
            texts = [part.text for part in parts if isinstance(part, GivenPart)]
            return "\n".join(found for found in texts if isinstance(found, str))
    return ""
