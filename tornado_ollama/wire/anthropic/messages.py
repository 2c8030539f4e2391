"""Translates Anthropic's `system` and `messages` into Ollama's messages.

Owns roles and their order: tool results come before the user's text in the same message, and system
messages within the conversation keep their place. Blocks that are whole messages for Ollama are
translated here, the others in `blocks.py`. Fields that are not read are ignored, because clients
send their history as their framework stores it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET

from ...errors import BadRequest
from ..chat.arguments import call_arguments, holds_texts
from ..chat.content import Part
from ..chat.conversation import Conversation, label
from ..chat.given import Scalar, as_json
from ..chat.native_message import Message
from ..checks import Json, mapping
from ..typed_list import TypedList
from .blocks import KINDS, assistant_part, system_text, told_parts
from .tool_changes import ToolChanges


class Block(msgspec.Struct, gc=False):
    """A block of a message as a client sends it; every field takes any JSON value, see
    `chat/given.py`. It has the fields that are read of any kind of block."""

    type: Any = UNSET
    text: Any = UNSET
    id: Any = UNSET
    name: Any = UNSET
    input: Any = UNSET
    tool_use_id: Any = UNSET
    content: Any = UNSET
    is_error: Any = UNSET
    tool: Any = UNSET
    tool_name: Any = UNSET
    source: Any = UNSET
    title: Any = UNSET
    context: Any = UNSET
    thinking: Any = UNSET
    signature: Any = UNSET
    data: Any = UNSET


class GivenMessage(msgspec.Struct, gc=False):
    role: Any = None
    content: list[Block | Scalar | list[Any]] | dict[str, Any] | Scalar = None


MESSAGES = TypedList("messages", GivenMessage)


@dataclass(slots=True)
class Talk:
    """The conversation of a request while it is being translated."""

    conversation: Conversation
    tools: ToolChanges = field(default_factory=ToolChanges)
    left_out: list[str] = field(default_factory=list)
    """The blocks whose content nobody here can read, though the model is told that they were
    there."""

    def system(self, value: object, param: str) -> None:
        """Adds a system prompt, or a note where the conversation has already begun. Raises
        BadRequest where `value` is neither a string nor an array of text blocks."""
        said = system_text(as_json(value), param, self.tools)
        if not said:
            return
        messages = self.conversation.messages
        if not messages or messages[-1].role == "system":  # only leading ones
            self.conversation.add("system", said, param)
        else:
            self.conversation.note(said)

    def user(self, content: object, index: int) -> None:
        """Adds what the user's message `index` says. Raises BadRequest."""
        said: list[Part] = []
        results = False
        for at, block in enumerate(_blocks(content, index)):
            kind = block.type if isinstance(block, Block) else None
            if kind == "tool_result":
                results = True
                self.result(block, index, at)
            elif kind == "text" and isinstance(block.text, str):
                said.append((block.text, ""))
            else:
                here = _path(index, at)
                given = _block(as_json(block), here)
                if not self.tools.read(given, here):
                    said += told_parts(given, here)
        if said or not results:
            self.conversation.add_parts("user", said)

    def assistant(self, content: object, index: int) -> None:
        """Adds what the assistant's message `index` says, thinks and calls. Raises BadRequest."""
        calls: list[tuple[Block, int]] = []
        parts: list[Part] = []
        plain = True
        for at, block in enumerate(_blocks(content, index)):
            if isinstance(block, str):
                parts.append((block, ""))
            elif isinstance(block, Block):  # what its history has beside blocks says nothing
                kind, said = block.type, block.text
                if kind == "tool_use":
                    calls.append((block, at))
                elif kind == "text" and isinstance(said, str) and block.content is UNSET:
                    parts.append((said, ""))
                else:
                    plain = False
                    self._other(as_json(block), _path(index, at), parts)
        talk = self.conversation
        if plain:
            text = "\n".join([said for said, _ in parts]) if parts else ""
            message = talk.say("assistant", text)
        else:
            message = talk.add_parts("assistant", parts)
        for block, at in calls:
            self.call(message, block, index, at)

    def call(self, message: Message, block: Block, index: int, at: int) -> None:
        """Adds a call of an assistant, block `at` of message `index`. Raises BadRequest."""
        called, arguments = block.name, block.input or {}
        if not isinstance(called, str):
            called = label(called) or ""
        self.tools.shown.add(called)
        if not holds_texts(arguments):
            arguments = call_arguments(arguments, f"{_path(index, at)}.input")
        self.conversation.call(message, called, arguments, block.id)

    def _other(self, block: Json, param: str, parts: list[Part]) -> None:
        """Reads a block of an assistant that is neither a text nor a call."""
        part = assistant_part(block, param)
        if part is not None:
            parts.append(part)
        if not self.tools.read(block, param):
            self.tools.show_referenced(block.get("content"))

    def result(self, block: Block, index: int, at: int) -> None:
        """Adds a tool's result, block `at` of message `index`. Raises BadRequest."""
        content = block.content
        if isinstance(content, str):
            self.conversation.messages.append(message := Message("tool", content))
        else:
            message = self._result_of_blocks(content, f"{_path(index, at)}.content")
        if block.is_error and "error" not in message.content[:200].lower():
            message.content = f"Error: {message.content}".rstrip()
        self.conversation.result(message, block.tool_use_id, None)

    def _result_of_blocks(self, content: object, param: str) -> Message:
        """Adds a tool's result that is given as blocks, or not at all."""
        self.tools.show_referenced(content)
        parts: list[Part] = []
        none = content is None or content is UNSET
        for at, given in enumerate([] if none else _array(content, param)):
            here = f"{param}[{at}]"
            block = given if isinstance(given, dict) else _block(given, here)
            read = told_parts(block, here, in_result=True)
            parts += read
            if not read:
                self.left_out.append(here)
                parts.append((f"[A {block.get('type')} that cannot be shown here]", here))
        return self.conversation.add_parts("tool", parts)


def _path(index: int, at: int | None = None) -> str:
    """The path of the content of a message, or of a block in it."""
    return f"messages[{index}].content" + ("" if at is None else f"[{at}]")


def _blocks(content: object, index: int) -> list[Any]:
    """The blocks of message `index`."""
    return content if isinstance(content, list) else _array(content, _path(index))


def _array(content: object, param: str) -> list[Any]:
    if not isinstance(content, list):
        raise BadRequest(f"'{param}' must be a string or an array of blocks.", param=param)
    return content


def _block(given: object, param: str) -> Json:
    """A block that may be given as a text."""
    return {"type": "text", "text": given} if isinstance(given, str) else mapping(given, param)


def native_messages(body: Json, *, fetch_images: bool) -> Talk:
    """Translates the whole conversation. Raises BadRequest naming the message and the field that is
    wrong."""
    given = MESSAGES.elements(body.get("messages"))
    if not given:
        raise BadRequest("'messages' must hold at least one message.", param="messages")
    talk = Talk(Conversation(fetch_images, KINDS))
    if body.get("system") is not None:
        talk.system(body["system"], "system")
    messages = talk.conversation.messages
    for index, item in enumerate(given):
        if isinstance(item, GivenMessage):
            message = item
        else:
            message = MESSAGES.element(item, f"messages[{index}]")
        role, content = message.role, message.content
        if isinstance(content, list) and len(content) == 1 and isinstance(content[0], Block):
            block = content[0]  # as in nearly every message
            kind, said = block.type, block.text if block.type == "text" else None
        else:
            kind, said = None, content
        if isinstance(said, str) and (role == "user" or role == "assistant"):
            messages.append(Message(role, said))
        elif kind == "tool_result" and role == "user":
            talk.result(block, index, 0)
        elif kind == "tool_use" and role == "assistant":
            messages.append(native := Message("assistant", ""))
            talk.call(native, block, index, 0)
        elif role == "user":
            talk.user(content, index)
        elif role == "assistant":
            talk.assistant(content, index)
        elif role == "system":
            talk.system(content, _path(index))
        else:
            here = f"messages[{index}].role"
            raise BadRequest(f"'{here}' must be one of: user, assistant, system.", param=here)
    talk.conversation.finish()
    return talk
