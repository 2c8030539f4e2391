"""Translates Anthropic's `system` and `messages` into Ollama's messages.

Owns roles and their order: tool results come before the user's text in the same message, and system
messages within the conversation keep their place. Blocks that are whole messages for Ollama are
translated here, the others in `blocks.py`. Fields that are not read are ignored, because clients
send their history as their framework stores it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...errors import BadRequest
from ..chat.content import Part, plain_text
from ..chat.conversation import Conversation, label
from ..checks import Json, items, mapping
from .blocks import KINDS, assistant_part, system_text, told_parts
from .tool_changes import ToolChanges

_ROLES = ("user", "assistant", "system")

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
        for block, here in self._blocks(content, param):
            if block.get("type") == "tool_result":
                results = True
                self._result(block, here)
            elif not self.tools.read(block, here):
                said += told_parts(block, here)
        if said or not results:
            self.conversation.add_parts("user", said)

    def assistant(self, content: object, param: str) -> None:
        if isinstance(content, list):  # what its history has beside blocks says nothing
            content = [block if isinstance(block, dict | str) else {} for block in content]
        calls: list[Part] = []
        parts: list[Part] = []
        for block, here in self._blocks(content, param):
            if block.get("type") == "tool_use":
                calls.append((block, here))
                continue
            part = assistant_part(block, here)
            if part is not None:
                parts.append(part)
            if not self.tools.read(block, here):
                self.tools.show_referenced(block.get("content"))
        talk = self.conversation
        message = talk.add_parts("assistant", parts) if parts else talk.say("assistant", "")
        for block, here in calls:
            self._call(message, block, here)

    def _call(self, message: Json, block: Json, param: str) -> None:
        called, call_id = label(block.get("name")) or "", label(block.get("id")) or ""
        self.tools.shown.add(called)
        self.conversation.call(message, called, block.get("input"), f"{param}.input", call_id)

    def _result(self, block: Json, param: str) -> None:
        call_id = label(block.get("tool_use_id"))
        content = block.get("content")
        if isinstance(content, str):
            self._answer(self.conversation.say("tool", content), block, call_id)
            return
        self.tools.show_referenced(content)
        parts: list[Part] = []
        for inner, here in self._blocks("" if content is None else content, f"{param}.content"):
            read = told_parts(inner, here, in_result=True)
            parts += read
            if not read:
                self.left_out.append(here)
                parts.append((f"[A {inner.get('type')} that cannot be shown here]", here))
        self._answer(self.conversation.add_parts("tool", parts), block, call_id)

    def _answer(self, message: Json, block: Json, call_id: str | None) -> None:
        """Completes the message of a tool's result."""
        if block.get("is_error") and "error" not in message["content"][:200].lower():
            message["content"] = f"Error: {message['content']}".rstrip()
        self.conversation.result(message, call_id, None)

    def _blocks(self, content: object, param: str) -> Iterator[tuple[Json, str]]:
        """A text is one block of text."""
        if isinstance(content, str):
            yield {"type": "text", "text": content}, param
        elif isinstance(content, list):
            for index, block in enumerate(content):
                here = f"{param}[{index}]"
                given = {"type": "text", "text": block} if isinstance(block, str) else block
                yield given if isinstance(given, dict) else mapping(given, here), here
        else:
            raise BadRequest(f"'{param}' must be a string or an array of blocks.", param=param)


def native_messages(body: Json, *, fetch_images: bool) -> Talk:
    """Translates the whole conversation. Raises BadRequest naming the message and the field that is
    wrong."""
    given = items(body.get("messages"), "messages")
    if not given:
        raise BadRequest("'messages' must hold at least one message.", param="messages")
    talk = Talk(Conversation(fetch_images, KINDS))
    if body.get("system") is not None:
        talk.system(body["system"], "system")
    for index, item in enumerate(given):
        message = item if isinstance(item, dict) else mapping(item, f"messages[{index}]")
        role: Any = message.get("role")
        content = message.get("content")
        said = plain_text(content, _TEXT)
        if said is not None and role in ("user", "assistant"):
            talk.conversation.say(role, said)
        elif role in _ROLES:
            getattr(talk, role)(content, f"messages[{index}].content")
        else:
            here, known = f"messages[{index}].role", ", ".join(_ROLES)
            raise BadRequest(f"'{here}' must be one of: {known}.", param=here)
    return talk
