"""Tool calls in a reply: Ollama's into OpenAI's, and texts that stand for a forced call.

Owns ids, running indexes and the arguments' text. Ollama gives a call no id on some paths and the
index 0 to every call on others, so both are kept here, per choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...errors import UpstreamBroken
from .. import native
from ..checks import Json
from .replies import Identity
from .tools import Toolbox


class CallList:
    """The calls of one choice, numbered as they come."""

    __slots__ = ("_choice", "_identity", "_limit", "_seen", "count")

    def __init__(self, identity: Identity, choice: int, toolbox: Toolbox) -> None:
        self._identity = identity
        self._choice = choice
        self._limit = 1 if toolbox.first_only else None
        self._seen: set[str] = set()
        self.count = 0

    def take(self, calls: Sequence[native.ToolCall]) -> list[Json]:
        """The deltas for `calls`, in OpenAI's form with an index; those over the limit of
        `parallel_tool_calls: false` are left out."""
        deltas = []
        for call in calls:
            if self.count == self._limit:
                break
            call_id = call.id
            if not call_id or call_id in self._seen:
                call_id = self._identity.call_id(self._choice, self.count)
            self._seen.add(call_id)
            deltas.append(
                {
                    "index": self.count,
                    "id": call_id,
                    "type": "function",
                    "function": {
                        "name": call.function.name,
                        "arguments": _arguments_text(call.function.arguments),
                    },
                }
            )
            self.count += 1
        return deltas


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


def _arguments_text(arguments: msgspec.Raw) -> str:
    """The arguments as compact JSON text; an upstream that sends text already is left alone.
    Raises UpstreamBroken."""
    raw = bytes(arguments)
    if raw == b"null":
        return "{}"
    try:
        if raw.startswith(b'"'):
            return msgspec.json.decode(raw, type=str) or "{}"
        return msgspec.json.format(raw, indent=-1).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        # What is kept raw has been walked over, but nobody has looked at its bytes.
        raise UpstreamBroken("Ollama sent a tool call that cannot be read.") from None
