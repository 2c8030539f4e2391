"""The queue in front of Ollama: who may be sent now, and who waits at which place.

First come, first served, for the whole process. Owns the order and the numbers; it has no clock
and no loop, and knows nothing of what its members do with their turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..errors import QueueFull


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """`limits.*`, as far as the queue is concerned."""

    max_parallel: int = 0
    """Turns given at once; 0: no limit."""
    max_queued: int = 100
    """How many may wait."""
    timeout: float = 300.0
    """How long each of them may, in seconds; their own clocks see to it."""


class Member(Protocol):
    """Who takes turns. Neither call may raise."""

    def go(self) -> None:
        """It has the turn now, and keeps it until `Turns.leave`."""

    def queued(self, position: int, timeout: float) -> None:
        """It waits at this place, 1 being the next, for `timeout` seconds altogether. Said when
        it begins to wait, and again when either changes."""


class Turns:
    """Those that have a turn, and those that wait for one."""

    def __init__(self, limits: QueueLimits = QueueLimits()) -> None:
        self._limits = limits
        self._under_way: set[Member] = set()
        self._waiting: dict[Member, int] = {}
        """In their order, with the place that each was told last."""
        self._rounds = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def limits(self) -> QueueLimits:
        return self._limits

    @limits.setter
    def limits(self, limits: QueueLimits) -> None:
        """Holds at once. Nobody loses a turn or a place by it: a lower limit is reached as turns
        are given back."""
        old, self._limits = self._limits, limits
        self._advance(tell_all=limits.timeout != old.timeout)

    def enter(self, member: Member) -> None:
        """Gives it a turn, or a place at the end of the queue. Raises QueueFull."""
        if not self._waiting and self._has_room:
            self._under_way.add(member)
            member.go()
        elif len(self._waiting) < self._limits.max_queued:
            position = self._waiting[member] = len(self._waiting) + 1
            member.queued(position, self._limits.timeout)
        else:
            raise QueueFull(self._limits.max_queued)

    def leave(self, member: Member) -> None:
        """It gives back its turn or its place; one that has neither is not missed."""
        if member in self._under_way:
            self._under_way.discard(member)
        elif self._waiting.pop(member, None) is None:
            return
        self._advance()

    @property
    def _has_room(self) -> bool:
        limit = self._limits.max_parallel
        return not limit or len(self._under_way) < limit

    def _advance(self, *, tell_all: bool = False) -> None:
        """Gives the turns that there are, in order, then tells the others their new places."""
        while self._waiting and self._has_room:
            member = next(iter(self._waiting))
            del self._waiting[member]
            self._under_way.add(member)
            member.go()
        self._rounds = this_round = self._rounds + 1
        for position, (member, told) in enumerate(tuple(self._waiting.items()), 1):
            if told != position or tell_all:
                self._waiting[member] = position
                member.queued(position, self._limits.timeout)
                if self._rounds != this_round:  # it left or entered, and all have been told
                    return
