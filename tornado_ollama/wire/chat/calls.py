"""Reads the tool calls of Ollama's replies, for the writers of all dialects.

Owns ids, running indexes, the arguments' text and the limit of one call. Ollama gives a call no id
on some paths and the index 0 to every call on others, so both are kept here, per reply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from ...errors import UpstreamBroken
from .. import native
from .arguments import arguments_text
from .toolbox import CUSTOM_INPUT, Toolbox


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call with all that a writer needs."""

    index: int
    """Among the calls of the reply."""
    id: str
    """Unique in the reply."""
    name: str
    arguments: str
    """The JSON text of an object."""
    input: str | None
    """The text that a custom tool gets; None: the tool is a function."""


class CallList:
    """The calls of one reply, numbered in their order."""

    __slots__ = ("_custom", "_limit", "_make_id", "_seen", "count")

    def __init__(self, toolbox: Toolbox, make_id: Callable[[int], str]) -> None:
        """`make_id` makes the id of a call that Ollama gave none, from its index."""
        self._custom = toolbox.custom
        self._limit = 1 if toolbox.first_only else None
        self._make_id = make_id
        self._seen: set[str] = set()
        self.count = 0

    def take(self, calls: Sequence[native.ToolCall]) -> list[Call]:
        """Reads the next calls, without those over the limit. Raises UpstreamBroken."""
        taken = []
        for call in calls:
            if self.count == self._limit:
                break
            call_id = call.id
            if not call_id or call_id in self._seen:
                call_id = self._make_id(self.count)
            self._seen.add(call_id)
            taken.append(self._call(call_id, call.function))
            self.count += 1
        return taken

    def _call(self, call_id: str, function: native.Function) -> Call:
        try:
            arguments = arguments_text(function.arguments)
        except native.UNREADABLE:
            raise UpstreamBroken("Ollama sent a tool call that cannot be read.") from None
        name = function.name
        written = custom_input(arguments) if name in self._custom else None
        return Call(self.count, call_id, name, arguments, written)


def custom_input(arguments: str) -> str:
    """The text for a custom tool from the arguments of its call; all of the arguments where it is
    missing."""
    given = msgspec.json.decode(arguments).get(CUSTOM_INPUT)
    return given if isinstance(given, str) else arguments
