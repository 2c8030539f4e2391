"""Collects the native messages of a conversation, as the parsers of all dialects add them.

One message stays one message (Ollama's own /v1 makes one of every part, and loses the tool call's
id on the way).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ...errors import BadRequest
from ..checks import Json, missing
from .arguments import call_arguments, text_arguments
from .content import Content, Part, numbered, plain_text
from .images import RemoteImage
from .unanswered import Unanswered


@dataclass(slots=True)
class Conversation:
    """The native messages so far, and the images that must still be fetched for them."""

    fetch_images: bool
    part_kinds: str
    """Those that a message may hold, as the dialect calls them; for errors."""
    messages: list[Json] = field(default_factory=list)
    remote_images: list[RemoteImage] = field(default_factory=list)
    tools_called: dict[str, str] = field(default_factory=dict)
    """Call id -> tool name, from the latest assistant message that used the id."""
    unanswered: Unanswered = field(default_factory=Unanswered)
    """Of the latest assistant message that calls."""
    _functions: list[Json] = field(default_factory=list)
    """Calls that `finish` fills in."""
    _texts: list[str] = field(default_factory=list)
    """Their arguments."""

    def say(self, role: str, text: str) -> Json:
        """Adds a native message that has only a text."""
        message: Json = {"role": role, "content": text}
        self.messages.append(message)
        return message

    def add(self, role: str, content: Any, param: str) -> Json:
        """Adds a native message; `param` is the path of its content, which only a user's message
        must have. Raises BadRequest naming the part at fault."""
        plain = plain_text(content)
        if plain is None and isinstance(content, list):
            return self.add_parts(role, numbered(content, param))
        message = self.say(role, plain or "")
        if plain is not None:
            return message
        if content is not None:
            raise BadRequest(f"'{param}' must be a string or an array of parts.", param=param)
        if role in ("user", "system"):
            raise missing(param)
        return message

    def add_parts(self, role: str, parts: Iterable[Part]) -> Json:
        """Adds a native message of these parts. Raises BadRequest naming the part at fault."""
        index = len(self.messages)
        content = Content(role == "assistant", self.fetch_images, index, self.part_kinds)
        content.read(parts)
        message: Json = {"role": role, "content": "\n".join(content.texts)}
        self.messages.append(message)
        self.remote_images += content.remote_images
        if content.images:
            message["images"] = content.images
        if content.thoughts:
            message["thinking"] = "\n".join(content.thoughts)
        return message

    def note(self, content: Any, param: str = "") -> Json:
        """Adds a system message that stands within the conversation, as a note in a user's message.

        Templates put every system message in front, so that a model would have to read its whole
        prompt again because of one line. Models trained for agents know this form of a note.
        """
        message = self.add("user", content, param)
        message["content"] = f"<system-reminder>\n{message['content']}\n</system-reminder>"
        return message

    def call(self, message: Json, name: str, arguments: Any, param: str, id: str = "") -> None:
        """Adds a tool call to an assistant's message; `param` is the path of its arguments, which
        only those that are no text need. Raises BadRequest as `call_arguments`."""
        calls = message.get("tool_calls")
        if calls is None:
            calls = message["tool_calls"] = []
            self.unanswered.clear()
        self.unanswered.call(id, name)
        function: Json = {"index": len(calls), "name": name}
        if isinstance(arguments, str):
            self._texts.append(arguments)
            self._functions.append(function)
        else:
            function["arguments"] = call_arguments(arguments, param)
        if id:
            self.tools_called[id] = name
            calls.append({"id": id, "function": function})
        else:
            calls.append({"function": function})

    def finish(self) -> None:
        """Fills in the arguments of the calls; to be called when all messages are there."""
        for function, arguments in zip(self._functions, text_arguments(self._texts), strict=True):
            function["arguments"] = arguments
        self._functions, self._texts = [], []

    def result(self, message: Json, id: str | None, tool: str | None) -> None:
        """Links a tool's message to the call that it answers. Ollama finds the call by id,
        templates print the tool's name: both are set. A result without both answers the one call
        that is unanswered, where there is just one."""
        if id is None and not tool:
            id, tool = self.unanswered.only() or (None, None)
        self.unanswered.results.append((id, tool))
        if id:
            message["tool_call_id"] = id
            tool = tool or self.tools_called.get(id)
        if tool:
            message["tool_name"] = tool


def label(value: object) -> str | None:
    """An id or a name as text, a number too; None for anything else, and for an empty text."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
