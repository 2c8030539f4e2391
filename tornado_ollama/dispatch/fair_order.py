"""The order in which waiting requests get a slot: weighted round robin over their callers. Pure.

Stride scheduling (Waldspurger and Weihl, 1995): each slot that a caller gets moves its `turn` on by
a stride, which is shorter the higher its priority, and the caller with the least turn is next. A
caller that comes back begins at the present turn, and so does one whose requests did not fit into a
slot: nobody saves up turns. The requests of one caller keep the order in which they came.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

STRIDE = 1_000_000
"""Of a caller of priority 1; a whole number, so that no rounding adds up."""

MAX_LINES = 1024
"""Lines kept; of more, those without a request are forgotten, and how many slots they have had."""

Member = TypeVar("Member")


class Line(Generic[Member]):
    """One caller's requests."""

    def __init__(self, number: int, turn: int) -> None:
        """`number`: in the order in which callers came; decides between equal turns."""
        self.number = number
        self.turn = turn
        self.stride = STRIDE
        self.running = 0
        self.waiting: dict[Member, None] = {}
        """In the order in which they came."""

    @property
    def idle(self) -> bool:
        return not self.running and not self.waiting

    def share(self, more: int = 0) -> int:
        """How much of the queue it takes, in strides; `more`: with so many requests more."""
        return (len(self.waiting) + more) * self.stride


class FairOrder(Generic[Member]):
    """The lines of all callers."""

    def __init__(self) -> None:
        self._lines: dict[str, Line[Member]] = {}
        self._with_waiting: dict[str, Line[Member]] = {}
        self._turn = 0
        """Of the caller that got the last slot, before it got it."""
        self._numbers = 0
        self._most_lines = MAX_LINES

    def arrive(self, caller: str, priority: int) -> Line[Member]:
        """The line of a caller that brings a request; it is made where there is none."""
        line = self._lines.get(caller)
        if line is None:
            self._tidy()
            self._numbers += 1
            line = self._lines[caller] = Line(self._numbers, self._turn)
        line.stride = STRIDE // priority
        return line

    def running(self, caller: str) -> int:
        """How many slots a caller that has arrived holds."""
        return self._lines[caller].running

    def wait(self, caller: str, member: Member) -> None:
        """Puts a request at the end of its caller's line. Raises KeyError for a caller that has not
        arrived."""
        line = self._lines[caller]
        line.waiting[member] = None
        self._with_waiting[caller] = line

    def forget(self, caller: str, member: Member) -> bool:
        """Takes a request out of its caller's line. False: it was not in it."""
        line = self._with_waiting.get(caller)
        if line is None or member not in line.waiting:
            return False
        del line.waiting[member]
        if not line.waiting:
            del self._with_waiting[caller]
        return True

    def take_turn(self, caller: str) -> None:
        """Counts a slot that a caller gets."""
        line = self._lines[caller]
        self._turn = self._due(line)
        line.turn = self._turn + line.stride
        line.running += 1

    def end_turn(self, caller: str) -> None:
        """Counts a slot that is released."""
        self._lines[caller].running -= 1

    def next(self, fits: Callable[[Member], bool]) -> Member | None:
        """The request that is the next to get a slot, of those that fit into one."""
        for line in sorted(self._with_waiting.values(), key=self._by_turn):
            for member in line.waiting:
                if fits(member):
                    return member
        return None

    def __iter__(self) -> Iterator[Member]:
        """The waiting requests in the order in which they will get a slot, if nobody comes and
        each fits into every slot."""
        turns = [
            (self._due(line), line.number, line.stride, iter(tuple(line.waiting)))
            for line in self._with_waiting.values()
        ]
        heapq.heapify(turns)
        while turns:
            turn, number, stride, waiting = turns[0]
            member = next(waiting, None)
            if member is None:
                heapq.heappop(turns)
                continue
            heapq.heapreplace(turns, (turn + stride, number, stride, waiting))
            yield member

    def largest(self) -> Line[Member] | None:
        """The line that would still take most of the queue without its last request; None where
        nobody waits."""
        return max(self._with_waiting.values(), key=lambda line: line.share(-1), default=None)

    def _due(self, line: Line[Member]) -> int:
        """The turn at which the caller is due."""
        return max(line.turn, self._turn)

    def _by_turn(self, line: Line[Member]) -> tuple[int, int]:
        return self._due(line), line.number

    def _tidy(self) -> None:
        """Forgets the callers without a request, when there are many."""
        if len(self._lines) < self._most_lines:
            return
        self._lines = {caller: line for caller, line in self._lines.items() if not line.idle}
        self._most_lines = max(MAX_LINES, 2 * len(self._lines))
