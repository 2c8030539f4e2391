"""Collects the native messages of a conversation, as the parsers of all dialects add them.

One message stays one message (Ollama's own /v1 makes one of every part, and loses the tool call's
id on the way).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET

from ...errors import BadRequest
from ..checks import missing
from .arguments import text_arguments
from .content import Content, Part, numbered, plain_text
from .given import as_json
from .images import RemoteImage
from .native_message import Function, Message, ToolCall
from .unanswered import Unanswered

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Conversation:
    """The native messages so far, and the images that must still be fetched for them."""

    fetch_images: bool
    part_kinds: str
    """Those that a message may hold, as the dialect calls them; for errors."""
    messages: list[Message] = field(default_factory=list)
    remote_images: list[RemoteImage] = field(default_factory=list)
    tools_called: dict[str, str] = field(default_factory=dict)
    """Call id -> tool name, from the latest assistant message that used the id."""
    _unanswered: Unanswered = field(default_factory=Unanswered)
    _unfinished: list[Function] = field(default_factory=list)
    """The functions whose arguments are still the client's text."""

    def say(self, role: str, text: str) -> Message:
        """Adds a native message that has only a text."""
        message = Message(role, text)
        self.messages.append(message)
        return message

    def add(self, role: str, content: Any, param: str) -> Message:
        """Adds a native message; `param` is the path of its content, which only a user's message
        must have. Raises BadRequest naming the part at fault."""
        plain = plain_text(content)
        if plain is None and isinstance(content, list):
            return self.add_parts(role, numbered(as_json(content), param))
        message = self.say(role, plain or "")
        if plain is not None:
            return message
        if content is not None:
            raise BadRequest(f"'{param}' must be a string or an array of parts.", param=param)
        if role in ("user", "system"):
            raise missing(param)
        return message

    def add_parts(self, role: str, parts: Iterable[Part]) -> Message:
        """Adds a native message of these parts. Raises BadRequest naming the part at fault."""
        index = len(self.messages)
        content = Content(role == "assistant", self.fetch_images, index, self.part_kinds)
        content.read(parts)
        message = self.say(role, "\n".join(content.texts))
        self.remote_images += content.remote_images
        if content.images:
            message.images = content.images
        if content.thoughts:
            message.thinking = "\n".join(content.thoughts)
        return message

    def note(self, content: Any, param: str = "") -> Message:
        """Adds a system message that stands within the conversation, as a note in a user's message.

        Templates put every system message in front, so that a model would have to read its whole
        prompt again because of one line. Models trained for agents know this form of a note.
        """
        message = self.add("user", content, param)
        message.content = f"<system-reminder>\n{message.content}\n</system-reminder>"
        return message

    def call(self, message: Message, name: Any, arguments: Any, id: Any = "") -> None:
        """Adds a tool call to an assistant's message. `name`, `id`: labels, see `label`;
        `arguments`: a text, which `finish` reads, or what `call_arguments` has made of others."""
        if not isinstance(name, str):
            name = label(name) or ""
        if not isinstance(id, str):
            id = label(id)
        calls = message.tool_calls
        if calls is None:
            calls = message.tool_calls = []
        function = Function(len(calls), name, arguments)
        if isinstance(arguments, str):
            self._unfinished.append(function)
        if id:
            self.tools_called[id] = name
            calls.append(ToolCall(id, function))
        else:
            calls.append(ToolCall(UNSET, function))

    def finish(self) -> None:
        """Fills in the arguments of the calls; to be called when all messages are there."""
        if not self._unfinished:
            return
        functions, self._unfinished = self._unfinished, []
        texts = [function.arguments for function in functions]
        for function, arguments in zip(functions, text_arguments(texts), strict=True):
            function.arguments = arguments

    def plan_messages(self) -> list[Message] | msgspec.Raw:
        """The messages for a plan: their JSON text, unless images must still be put into them.

        So the thousands of objects of a long conversation are gone before the garbage collector
        runs again, and before the wait for Ollama's reply begins."""
        if self.remote_images:
            return self.messages
        return msgspec.Raw(_encode(self.messages))

    def result(self, message: Message, id: Any, tool: Any) -> None:
        """Links a tool's message, the latest, to the call that it answers. Ollama finds the call by
        id, templates print the tool's name: both are set. A result without both answers the one
        call that is unanswered, where there is just one. `id`, `tool`: labels, see `label`."""
        if not isinstance(id, str):
            id = label(id)
        if tool is not None:
            tool = label(tool)
        if not id and not tool:
            self._unanswered.read(self.messages, len(self.messages) - 1)
            id, tool = self._unanswered.only() or (None, None)
        if id:
            message.tool_call_id = id
            tool = tool or self.tools_called.get(id)
        if tool:
            message.tool_name = tool


def label(value: object) -> str | None:
    """An id or a name as text, a number too; None for anything else, and for an empty text."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
