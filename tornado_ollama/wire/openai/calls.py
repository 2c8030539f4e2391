"""Tool calls in a reply: Ollama's into OpenAI's, and texts that stand for a forced call.

Owns ids, running indexes and the arguments' text. Ollama gives a call no id on some paths and the
index 0 to every call on others, so both are kept here, per choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...errors import UpstreamBroken
from .. import native
from ..chat.arguments import arguments_text
from ..chat.toolbox import CUSTOM_INPUT, Toolbox
from ..checks import Json
from .replies import Identity


class CallList:
    """The calls of one choice, numbered as they come."""

    __slots__ = ("_choice", "_custom", "_identity", "_limit", "_seen", "count")

    def __init__(self, identity: Identity, choice: int, toolbox: Toolbox) -> None:
        self._identity = identity
        self._choice = choice
        self._custom = toolbox.custom
        self._limit = 1 if toolbox.first_only else None
        self._seen: set[str] = set()
        self.count = 0

    def take(self, calls: Sequence[native.ToolCall]) -> list[Json]:
        """The deltas for `calls`, in OpenAI's form with an index; those over the limit of
        `parallel_tool_calls: false` are left out. Raises UpstreamBroken."""
        deltas = []
        for call in calls:
            if self.count == self._limit:
                break
            call_id = call.id
            if not call_id or call_id in self._seen:
                call_id = self._identity.call_id(self._choice, self.count)
            self._seen.add(call_id)
            delta: Json = {"index": self.count, "id": call_id}
            deltas.append(delta | self._called(call.function))
            self.count += 1
        return deltas

    def _called(self, function: native.Function) -> Json:
        try:
            arguments = arguments_text(function.arguments)
        except native.UNREADABLE:
            raise UpstreamBroken("Ollama sent a tool call that cannot be read.") from None
        name = function.name
        if name not in self._custom:
            return {"type": "function", "function": {"name": name, "arguments": arguments}}
        given = msgspec.json.decode(arguments).get(CUSTOM_INPUT)
        written = given if isinstance(given, str) else arguments
        return {"type": "custom", "custom": {"name": name, "input": written}}


def forced_call(text: str, names: frozenset[str]) -> native.ToolCall | None:
    """The call that a reply held to `Toolbox.call_format` spells; None when the text is not one,
    as when the token limit cut it."""
    try:
        function = _FUNCTION.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    if function.name not in names or not bytes(function.arguments).startswith(b"{"):
        return None
    return native.ToolCall(function)


_FUNCTION = msgspec.json.Decoder(native.Function)
