"""The queue in front of Ollama: decides whose request is sent now and at which position the others
wait.

The policy is first come, first served, for the whole process. The queue owns the order and the
numbers; it has no timeout and no event loop, and knows nothing of what its members do with their
slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..errors import GatewayError, QueueFull


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """The keys of `limits` that the queue applies."""

    max_parallel: int = 0
    """Slots granted at once; 0: no limit."""
    max_queued: int = 100
    """How many may wait."""
    timeout: float = 300.0
    """How long each of them may, in seconds; the members see to it themselves."""


class Member(Protocol):
    """A request that asks the queue for a slot. None of its methods may raise."""

    @property
    def caller_key(self) -> str:
        """Identifies the caller, as `Caller.key` does; for a policy that shares slots between
        callers."""

    def granted(self) -> None:
        """Called when the member gets a slot, which it keeps until `Queue.leave`."""

    def queued(self, position: int, timeout: float) -> None:
        """Called when the member begins to wait, and again when one of the arguments changes.
        `position` counts from 1, the next to get a slot; `timeout` is the longest total wait in
        seconds."""

    def fail(self, error: GatewayError) -> None:
        """Ends the member with this error, in whatever phase it is."""


class Queue:
    """The requests that run inference, each of which holds a slot, and those that wait for one, in
    the order in which they came."""

    def __init__(self, limits: QueueLimits = QueueLimits()) -> None:
        self._limits = limits
        self._running: set[Member] = set()
        self._waiting: dict[Member, int] = {}
        """In their order, with the position that each was told last."""
        self._rounds = 0

    @property
    def running(self) -> int:
        """How many members have a slot."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many members wait for a slot."""
        return len(self._waiting)

    @property
    def limits(self) -> QueueLimits:
        return self._limits

    @limits.setter
    def limits(self, limits: QueueLimits) -> None:
        """Sets new limits, which apply at once. No member loses a slot or a position: a lower limit
        is reached as slots are released."""
        old, self._limits = self._limits, limits
        self._advance(tell_all=limits.timeout != old.timeout)

    def enter(self, member: Member) -> None:
        """Grants the member a slot, or a position at the end of the queue. Raises QueueFull where
        there is neither."""
        if not self._waiting and self._has_room:
            self._running.add(member)
            member.granted()
        elif len(self._waiting) < self._limits.max_queued:
            position = self._waiting[member] = len(self._waiting) + 1
            member.queued(position, self._limits.timeout)
        else:
            raise QueueFull(self._limits.max_queued)

    def leave(self, member: Member) -> None:
        """Releases the slot, or leaves the queue; no effect for an unknown member."""
        if member in self._running:
            self._running.discard(member)
        elif self._waiting.pop(member, None) is None:
            return
        self._advance()

    def fail_all(self, error: GatewayError) -> None:
        """Ends all members with an error. Those that wait are ended first, so that none of them
        gets a slot that is released."""
        for member in (*self._waiting, *self._running):
            member.fail(error)

    @property
    def _has_room(self) -> bool:
        limit = self._limits.max_parallel
        return not limit or len(self._running) < limit

    def _advance(self, *, tell_all: bool = False) -> None:
        """Grants the slots that are free, in order, then tells the others their new positions."""
        while self._waiting and self._has_room:
            member = next(iter(self._waiting))
            del self._waiting[member]
            self._running.add(member)
            member.granted()
        self._rounds = this_round = self._rounds + 1
        for position, (member, told) in enumerate(tuple(self._waiting.items()), 1):
            if told != position or tell_all:
                self._waiting[member] = position
                member.queued(position, self._limits.timeout)
                if self._rounds != this_round:  # it left or entered, and all have been told
                    return
