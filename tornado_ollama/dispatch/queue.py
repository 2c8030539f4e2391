"""The queue in front of Ollama: decides whose request is sent now and at which position the others
wait.

Slots are limited in all, for each model and for each caller; whose turn it is says `fair_order.py`.
The queue owns the numbers; it has no timeout and no event loop, and knows nothing of what its
members do with their slot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..access.quota import Quota
from ..errors import GatewayError, QueueFull, TooManyWaiting
from ..wire.model_names import canonical, matches
from .fair_order import FairOrder


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """The keys of `limits` that the queue applies to all callers together."""

    max_parallel: int = 0
    """Slots granted at once; 0: no limit."""
    max_queued: int = 100
    """How many may wait."""
    timeout: float = 300.0
    """How long each of them may, in seconds; the members see to it themselves."""
    models: Mapping[str, int] = field(default_factory=dict)
    """Slots for each model that a glob matches; the later glob wins."""

    def of_model(self, model: str) -> int:
        """The slots of a model; 0: no limit of its own."""
        found = 0
        for glob, slots in self.models.items():
            if matches(glob, model):
                found = slots
        return found


class Member(Protocol):
    """A request that asks the queue for a slot. None of its methods may raise; the attributes do
    not change."""

    @property
    def caller_key(self) -> str:
        """Identifies the caller, as `Caller.key` does."""

    @property
    def quota(self) -> Quota:
        """The limits of the caller."""

    @property
    def model(self) -> str | None:
        """The model that it asks for, by any name that Ollama knows; None: unknown."""

    def granted(self) -> None:
        """Called when the member gets a slot, which it keeps until `Queue.leave`."""

    def queued(self, position: int, timeout: float) -> None:
        """Called when the member begins to wait, and again when one of the arguments changes.
        `position` counts from 1, the next to get a slot; `timeout` is the longest total wait in
        seconds. The position grows when others, whose turn is before, begin to wait."""

    def fail(self, error: GatewayError) -> None:
        """Ends the member with this error, in whatever phase it is."""


Told = tuple[int, float]
"""Position and timeout."""


class Queue:
    """The requests that run inference, each of which holds a slot, and those that wait for one."""

    def __init__(self, limits: QueueLimits = QueueLimits()) -> None:
        self._limits = limits
        self._running: dict[Member, str | None] = {}
        """With the canonical name of the model."""
        self._by_model: dict[str, int] = {}
        """How many of them run each model."""
        self._waiting: dict[Member, Told | None] = {}
        """With what each was told last."""
        self._order: FairOrder[Member] = FairOrder()
        self._rounds = 0

    @property
    def running(self) -> int:
        """How many members have a slot."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many members wait for a slot."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[tuple[Member, int]]:
        """All members with their positions, 0 for those that have a slot; those that wait in the
        order in which they will get one."""
        yield from ((member, 0) for member in tuple(self._running))
        yield from ((member, position) for position, member in enumerate(self._order, 1))

    @property
    def limits(self) -> QueueLimits:
        return self._limits

    @limits.setter
    def limits(self, limits: QueueLimits) -> None:
        """Sets new limits, which apply at once. No member loses a slot or a position: a lower limit
        is reached as slots are released."""
        self._limits = limits
        self._advance()

    def enter(self, member: Member) -> None:
        """Grants the member a slot, or lets it wait. Raises TooManyWaiting where its caller has too
        many that wait, and QueueFull where there is no room: that of a caller who takes more of the
        queue is made free, whose last request fails with the same error."""
        caller, quota = member.caller_key, member.quota
        line = self._order.arrive(caller, quota.priority or 1)
        if self._fits(member) and (not self._waiting or self._order.next(self._fits) is None):
            self._grant(member)
            self._tell()  # its caller's others may be later now
            return
        if quota.max_queued and len(line.waiting) >= quota.max_queued:
            raise TooManyWaiting(quota.max_queued)
        if len(self._waiting) >= self._limits.max_queued:
            self._make_room(line.share(+1))
        self._waiting[member] = None
        self._order.wait(caller, member)
        self._tell()

    def leave(self, member: Member) -> None:
        """Releases the slot, or leaves the queue; no effect for an unknown member."""
        if member in self._running:
            self._free_slot(member)
        elif member in self._waiting:
            self._forget(member)
        else:
            return
        self._advance()

    def fail_all(self, error: GatewayError) -> None:
        """Ends all members with an error. Those that wait are ended first, so that none of them
        gets a slot that is released."""
        for member in (*self._waiting, *self._running):
            member.fail(error)

    # -- slots --------------------------------------------------------------------------------

    def _fits(self, member: Member) -> bool:
        """Whether a slot is free for the member."""
        limits, own = self._limits, member.quota.max_parallel
        if limits.max_parallel and len(self._running) >= limits.max_parallel:
            return False
        if own and self._order.running(member.caller_key) >= own:
            return False
        if not limits.models or member.model is None:
            return True
        slots = limits.of_model(member.model)
        return not slots or self._by_model.get(canonical(member.model), 0) < slots

    def _grant(self, member: Member) -> None:
        model = None if member.model is None else canonical(member.model)
        self._running[member] = model
        if model is not None:
            self._by_model[model] = self._by_model.get(model, 0) + 1
        self._order.take_turn(member.caller_key)
        member.granted()

    def _free_slot(self, member: Member) -> None:
        model = self._running.pop(member)
        if model is not None:
            self._by_model[model] -= 1
            if not self._by_model[model]:
                del self._by_model[model]
        self._order.end_turn(member.caller_key)

    # -- the wait -----------------------------------------------------------------------------

    def _forget(self, member: Member) -> None:
        del self._waiting[member]
        self._order.forget(member.caller_key, member)

    def _make_room(self, share: int) -> None:
        """Ends the last request of the caller that takes most of the queue, for another one that
        would take this share. Raises QueueFull where nobody takes more."""
        error = QueueFull(self._limits.max_queued)
        largest = self._order.largest()
        if largest is None or largest.share(-1) < share:
            raise error
        last = next(reversed(largest.waiting))
        self._forget(last)
        last.fail(error)

    def _advance(self) -> None:
        """Grants the slots that are free, in order, then tells the others their new positions."""
        if not self._waiting:
            return
        while (member := self._order.next(self._fits)) is not None:
            self._forget(member)
            self._grant(member)
        self._tell()

    def _tell(self) -> None:
        if not self._waiting:
            return
        self._rounds = this_round = self._rounds + 1
        limit = self._limits.timeout
        for position, member in enumerate(self._order, 1):
            timeout = min(limit, member.quota.queue_timeout or limit)
            if self._waiting[member] != (position, timeout):
                self._waiting[member] = (position, timeout)
                member.queued(position, timeout)
                if self._rounds != this_round:  # it left or entered, and all have been told
                    return
