"""The tool calls of the assistant's latest message that have no result so far.

A tool's result that names neither its call nor its tool belongs to the only one of them. Such
results are rare: messages are read, and calls and results matched, only when one comes. A message
may have thousands of both, in any order, and matching takes linear time.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from .native_message import Message

Called = tuple[str, str]
"""Id and tool name of a call; the id may be empty."""

Answered = tuple[str | None, str | None]
"""Id and tool name that a result has."""

_Places = defaultdict[str, deque[int]]


@dataclass(slots=True)
class Unanswered:
    calls: list[Called] = field(default_factory=list)
    """All calls of the message. To be added to by `call`."""
    results: list[Answered] = field(default_factory=list)
    """Those that have not been matched with the calls yet. Anybody may add to it."""
    _open: dict[int, Called] = field(default_factory=dict)
    """Calls without a result, by their place among `calls`, as far as they have been matched."""
    _by_id: _Places = field(default_factory=lambda: defaultdict(deque))
    _by_tool: _Places = field(default_factory=lambda: defaultdict(deque))
    _matched: int = 0
    """How many of `calls` the three tables know."""
    _read: int = 0
    """How many messages have been read."""

    def read(self, messages: Sequence[Message], end: int) -> None:
        """Adds the calls and results of a conversation up to its message `end`, those excepted that
        have been read before. What is read must not be changed any more."""
        for message in messages[self._read : end]:
            if message.tool_calls:
                self.clear()
                for call in message.tool_calls:
                    self.call(call.id or "", call.function.name)
            elif message.role == "tool":
                self.results.append((message.tool_call_id, message.tool_name))
        self._read = end

    def clear(self) -> None:
        """Forgets everything: another message calls now."""
        self.calls = []
        self.results = []
        if self._matched:
            self._matched = 0
            self._open.clear()
            self._by_id.clear()
            self._by_tool.clear()

    def call(self, id: str, tool: str) -> None:
        """Adds a call."""
        if self.results:  # they came before it
            self._match()
        self.calls.append((id, tool))

    def only(self) -> Called | None:
        """The one call that has no result; None where there is none, or more than one."""
        self._match()
        return next(iter(self._open.values())) if len(self._open) == 1 else None

    def _match(self) -> None:
        for place in range(self._matched, len(self.calls)):
            id, tool = self._open[place] = self.calls[place]
            self._by_id[id].append(place)
            self._by_tool[tool].append(place)
        self._matched = len(self.calls)
        for found_id, found_tool in self.results:
            self._strike_off(found_id, found_tool)
        self.results = []

    def _strike_off(self, id: str | None, tool: str | None) -> None:
        """Closes the first call of this id or, without an id, of this tool."""
        if id:
            places = self._by_id.get(id)
        else:
            places = None if tool is None else self._by_tool.get(tool)
        while places:
            if self._open.pop(places.popleft(), None) is not None:
                return
