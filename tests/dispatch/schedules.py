"""Random schedules of the queue: arrivals, ends, cancels, timeouts, reloads, revocations; and the
rules that hold after every step of any of them.

    python -m tests.dispatch.schedules 100000     so many schedules, the same ones every time
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from tornado_ollama.access.quota import Quota
from tornado_ollama.dispatch.fair_order import STRIDE
from tornado_ollama.dispatch.queue import Queue, QueueLimits
from tornado_ollama.errors import GatewayError, QueueFull, ShuttingDown, TooManyWaiting

QUOTAS = {
    "anna": Quota(),
    "bert": Quota(priority=3),
    "cleo": Quota(max_parallel=1),
    "dora": Quota(max_queued=2, queue_timeout=1),
    "emil": Quota(priority=2, max_parallel=2),
}
CALLERS = tuple(QUOTAS)
MODELS = (None, "small", "SMALL:latest", "large:7b")
LIMITS = (
    QueueLimits(1, 6),
    QueueLimits(2, 20),
    QueueLimits(3, 8, models={"small": 1}),
    QueueLimits(0, 20, models={"*": 2, "large*": 1}),
    QueueLimits(0),
    QueueLimits(4, 0),
    QueueLimits(2, 3, timeout=7),
)

Step = tuple[str, int, int]
"""What happens, and two numbers that choose to whom."""

KINDS = ("enter",) * 8 + ("end",) * 5 + ("cancel", "revoke", "reload", "shut down")


@dataclass(eq=False)
class Request:
    """A request that writes down what the queue says to it."""

    caller_key: str
    model: str | None
    quota: Quota
    granted_times: int = 0
    position: int | None = None
    """None: it is not in the queue; 0: it has a slot."""
    timeout: float = 0.0
    failed: GatewayError | None = None
    schedule: Schedule | None = field(default=None, repr=False)

    def granted(self) -> None:
        assert self.position != 0
        self.granted_times += 1
        self.position = 0
        if self.failed is None and self.schedule is not None:
            self.schedule.note_grant(self)

    def queued(self, position: int, timeout: float) -> None:
        assert self.position != 0 and position > 0
        self.position, self.timeout = position, timeout

    def fail(self, error: GatewayError) -> None:
        assert self.failed is None
        self.failed = error


class Schedule:
    """A queue, and the books that its members keep of it themselves."""

    def __init__(self, limits: QueueLimits) -> None:
        self.queue = Queue(limits)
        self.members: list[Request] = []
        self._grants: dict[str, Counter[str]] = defaultdict(Counter)
        """Of each caller that waits: slots that others have got since it waits, or has got one."""

    def note_grant(self, member: Request) -> None:
        self._grants.pop(member.caller_key, None)
        for caller in self._grants:
            self._grants[caller][member.caller_key] += 1

    def take(self, step: Step) -> None:
        """Does what the step says, and checks the rules."""
        kind, one, two = step
        before = self._running()
        if kind == "enter":
            self._enter(CALLERS[one % len(CALLERS)], MODELS[two % len(MODELS)])
        elif kind == "reload":
            self.queue.limits = LIMITS[one % len(LIMITS)]
        elif kind == "shut down":
            self.queue.fail_all(ShuttingDown())
        elif kind == "revoke":
            for member in [m for m in self.members if m.caller_key == CALLERS[one % len(CALLERS)]]:
                self._leave(member)
        elif self.members:
            has_slot = kind == "end"
            some = [m for m in self.members if (m.position == 0) is has_slot] or self.members
            self._leave(some[one % len(some)])
        for member in [m for m in self.members if m.failed is not None]:
            self._leave(member)  # as a submission does when its future is done
        self._check(before)

    def _enter(self, caller: str, model: str | None) -> None:
        member = Request(caller, model, QUOTAS[caller], schedule=self)
        waiting = [m for m in self.members if m.position]
        own = sum(m.caller_key == caller for m in waiting)
        try:
            self.queue.enter(member)
        except TooManyWaiting:
            assert own >= (member.quota.max_queued or 0) > 0
        except QueueFull:
            assert len(waiting) >= self.queue.limits.max_queued
            # Nobody is turned away for the sake of somebody who takes more.
            others = Counter(m.caller_key for m in waiting)
            assert all(_share(c, n - 1) < _share(caller, own + 1) for c, n in others.items())
        else:
            self.members.append(member)

    def _leave(self, member: Request) -> None:
        member.position = None
        self.members.remove(member)
        self.queue.leave(member)
        self.queue.leave(member)  # once is enough

    def _running(self) -> Counter[str]:
        return _count(m for m in self.members if m.position == 0)

    def _check(self, before: Counter[str]) -> None:
        limits, now = self.queue.limits, self._running()
        waiting = [m for m in self.members if m.position != 0]
        assert all(m.granted_times <= 1 for m in self.members)
        assert (self.queue.running, self.queue.waiting) == (now["all"], len(waiting))
        positions = sorted(m.position or 0 for m in waiting)
        assert positions == list(range(1, len(waiting) + 1))
        order = [member for member, position in self.queue if position]
        assert [m.position for m in order if isinstance(m, Request)] == positions
        bounds = self._bounds(limits)
        for what, bound in bounds.items():  # a lower limit is reached as slots are released
            assert now[what] <= max(bound, before[what]), what
        for member in waiting:  # nobody waits while there is a slot
            assert any(now[what] >= bounds.get(what, 10**9) for what in _counts_for(member)), member
            assert member.timeout == min(
                limits.timeout, member.quota.queue_timeout or limits.timeout
            )
        self._check_turns(waiting, plain=not limits.models)

    def _bounds(self, limits: QueueLimits) -> dict[str, int]:
        bounds = {"all": limits.max_parallel} if limits.max_parallel else {}
        for model in ("small:latest", "large:7b"):
            if slots := limits.of_model(model):
                bounds[f"model {model}"] = slots
        for caller, quota in QUOTAS.items():
            if quota.max_parallel:
                bounds[f"caller {caller}"] = quota.max_parallel
        return bounds

    def _check_turns(self, waiting: Sequence[Request], *, plain: bool) -> None:
        """Nobody starves: between two slots of a caller that waits, another one gets no more than
        their priorities say. `plain`: no model has slots of its own."""
        callers = {m.caller_key for m in waiting}
        for caller in [*self._grants]:
            if caller not in callers or not plain:
                del self._grants[caller]
        for caller in callers if plain else ():
            own = QUOTAS[caller]
            if own.max_parallel:  # it may have to wait for itself
                continue
            for other, grants in self._grants[caller].items():
                priority = QUOTAS[other].priority or 1
                assert grants <= ceil(priority / (own.priority or 1)) + 1, (caller, other)

    def end(self) -> None:
        """Ends what runs until nobody is left: everybody who still waits gets a slot."""
        if self.queue.limits == QueueLimits(4, 0):
            self.queue.limits = LIMITS[0]
        while self.members:
            running = [m for m in self.members if m.position == 0]
            assert running, "nobody runs and somebody waits"
            before = self._running()
            self._leave(running[0])
            self._check(before)
        assert (self.queue.running, self.queue.waiting) == (0, 0)
        last = Request("last", None, Quota())
        self.queue.enter(last)
        assert last.position == 0


def _share(caller: str, waiting: int) -> int:
    return waiting * (STRIDE // (QUOTAS[caller].priority or 1))


def _count(members: object) -> Counter[str]:
    found: Counter[str] = Counter()
    for member in members:  # type: ignore[attr-defined]
        found.update(_counts_for(member))
    return found


def _counts_for(member: Request) -> tuple[str, ...]:
    """Under which names a member's slot is counted."""
    model = {None: None, "SMALL:latest": "small:latest", "small": "small:latest"}
    name = model.get(member.model, member.model)
    own = ("all", f"caller {member.caller_key}")
    return own if name is None else (*own, f"model {name}")


def run(steps: Sequence[Step], limits: QueueLimits) -> None:
    """Runs one schedule. Raises AssertionError where a rule does not hold."""
    schedule = Schedule(limits)
    for step in steps:
        schedule.take(step)
    schedule.end()


def main(count: int) -> None:
    for seed in range(count):
        chance = random.Random(seed)
        steps = [
            (chance.choice(KINDS), chance.randrange(1000), chance.randrange(1000))
            for _ in range(chance.randrange(5, 60))
        ]
        try:
            run(steps, chance.choice(LIMITS))
        except AssertionError:
            print(f"schedule {seed} breaks a rule")
            raise
        if seed % 10_000 == 9_999:
            print(f"{seed + 1} schedules", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
