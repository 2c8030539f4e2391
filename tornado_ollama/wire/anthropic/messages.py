"""Translates Anthropic's `system` and `messages` into Ollama's messages.

Owns roles and their order: tool results come before the user's text in the same message, and system
messages within the conversation keep their place. Blocks that are whole messages for Ollama are
translated here, the others in `blocks.py`. Fields that are not read are ignored, because clients
send their history as their framework stores it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...errors import BadRequest
from ..chat.content import Part, plain_text
from ..chat.conversation import Conversation, label
from ..checks import Json, items, mapping
from .blocks import KINDS, assistant_part, system_text, told_parts
from .tool_changes import ToolChanges

_TEXT = ("text",)


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
        said = system_text(value, param, self.tools)
        if not said:
            return
        messages = self.conversation.messages
        if not messages or messages[-1]["role"] == "system":  # only leading ones
            self.conversation.add("system", said, param)
        else:
            self.conversation.note(said)

    def user(self, content: object, param: str) -> None:
        said: list[Part] = []
        results = False
        for at, given in enumerate(_blocks(content, param)):
            block = given if isinstance(given, dict) else _block(given, f"{param}[{at}]")
            if block.get("type") == "tool_result":
                results = True
                content = block.get("content")
                if isinstance(content, str):
                    message = self.conversation.say("tool", content)
                else:
                    message = self._result(content, f"{param}[{at}].content")
                if block.get("is_error") and "error" not in message["content"][:200].lower():
                    message["content"] = f"Error: {message['content']}".rstrip()
                self.conversation.result(message, label(block.get("tool_use_id")), None)
            elif not self.tools.read(block, here := f"{param}[{at}]"):
                said += told_parts(block, here)
        if said or not results:
            self.conversation.add_parts("user", said)

    def assistant(self, content: object, param: str) -> None:
        calls: list[tuple[Json, int]] = []
        parts: list[Part] = []
        plain = True
        for at, given in enumerate(_blocks(content, param)):
            if isinstance(given, str):
                parts.append((given, ""))
            elif isinstance(given, dict):  # what its history has beside blocks says nothing
                kind, said = given.get("type"), given.get("text")
                if kind == "tool_use":
                    calls.append((given, at))
                elif kind == "text" and isinstance(said, str) and "content" not in given:
                    parts.append((said, ""))
                else:
                    plain = False
                    self._other(given, f"{param}[{at}]", parts)
        talk = self.conversation
        if plain:
            text = "\n".join([said for said, _ in parts]) if parts else ""
            message = talk.say("assistant", text)
        else:
            message = talk.add_parts("assistant", parts)
        for block, at in calls:
            called, call_id = block.get("name"), block.get("id")
            if not isinstance(called, str):
                called = label(called) or ""
            self.tools.shown.add(called)
            here = f"{param}[{at}].input"
            talk.call(message, called, block.get("input"), here, label(call_id) or "")

    def _other(self, block: Json, param: str, parts: list[Part]) -> None:
        """Reads a block of an assistant that is neither a text nor a call."""
        part = assistant_part(block, param)
        if part is not None:
            parts.append(part)
        if not self.tools.read(block, param):
            self.tools.show_referenced(block.get("content"))

    def _result(self, content: object, param: str) -> Json:
        """Adds a tool's result that is given as blocks, or not at all."""
        self.tools.show_referenced(content)
        parts: list[Part] = []
        for at, given in enumerate(() if content is None else _blocks(content, param)):
            here = f"{param}[{at}]"
            block = given if isinstance(given, dict) else _block(given, here)
            read = told_parts(block, here, in_result=True)
            parts += read
            if not read:
                self.left_out.append(here)
                parts.append((f"[A {block.get('type')} that cannot be shown here]", here))
        return self.conversation.add_parts("tool", parts)


def _blocks(content: object, param: str) -> list[Any]:
    if not isinstance(content, list):
        raise BadRequest(f"'{param}' must be a string or an array of blocks.", param=param)
    return content


def _block(given: object, param: str) -> Json:
    """A block that may be given as a text."""
    return {"type": "text", "text": given} if isinstance(given, str) else mapping(given, param)


def native_messages(body: Json, *, fetch_images: bool) -> Talk:
    """Translates the whole conversation. Raises BadRequest naming the message and the field that is
    wrong."""
    given = items(body.get("messages"), "messages")
    if not given:
        raise BadRequest("'messages' must hold at least one message.", param="messages")
    talk = Talk(Conversation(fetch_images, KINDS))
    if body.get("system") is not None:
        talk.system(body["system"], "system")
    readers = {"user": talk.user, "assistant": talk.assistant, "system": talk.system}
    for index, item in enumerate(given):
        message = item if isinstance(item, dict) else mapping(item, f"messages[{index}]")
        role: Any = message.get("role")
        content = message.get("content")
        said = content if isinstance(content, str) else plain_text(content, _TEXT)
        if said is not None and role in ("user", "assistant"):
            talk.conversation.say(role, said)
        elif isinstance(role, str) and role in readers:
            readers[role](content, f"messages[{index}].content")
        else:
            here, known = f"messages[{index}].role", ", ".join(readers)
            raise BadRequest(f"'{here}' must be one of: {known}.", param=here)
    talk.conversation.finish()
    return talk
