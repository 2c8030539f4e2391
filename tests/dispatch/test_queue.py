"""`dispatch.queue`: whatever comes in whatever order, no slot is lost and no position is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tornado_ollama.access.quota import UNLIMITED
from tornado_ollama.dispatch.queue import Queue, QueueLimits
from tornado_ollama.errors import GatewayError, QueueFull


class Member:
    """Writes down what it is told; `heard` is shared by all, in order."""

    def __init__(self, name: object, heard: list[tuple[object, str | int]]) -> None:
        self.name = name
        self.heard = heard
        self.position: int | None = None
        self.timeout = 0.0

    caller_key = "anybody"
    quota = UNLIMITED
    model: str | None = None

    def fail(self, error: GatewayError) -> None:
        self.heard.append((self.name, error.code or ""))

    def granted(self) -> None:
        self.position = 0
        self.heard.append((self.name, "go"))

    def queued(self, position: int, timeout: float) -> None:
        self.position, self.timeout = position, timeout
        self.heard.append((self.name, position))


def entered(queue: Queue, names: str) -> tuple[list[Member], list[tuple[object, str | int]]]:
    heard: list[tuple[object, str | int]] = []
    members = [Member(name, heard) for name in names]
    for member in members:
        queue.enter(member)
    return members, heard


def test_without_a_limit_everybody_goes() -> None:
    queue = Queue()
    _, heard = entered(queue, "abc")
    assert heard == [("a", "go"), ("b", "go"), ("c", "go")]
    assert queue.waiting == 0


def test_the_first_to_come_is_the_first_to_go() -> None:
    queue = Queue(QueueLimits(1))
    (a, b, c, d), heard = entered(queue, "abcd")
    assert heard == [("a", "go"), ("b", 1), ("c", 2), ("d", 3)]
    del heard[:]
    queue.leave(a)
    assert heard == [("b", "go"), ("c", 1), ("d", 2)]
    queue.leave(b)
    queue.leave(c)
    queue.leave(d)
    assert [name for name, what in heard if what == "go"] == ["b", "c", "d"]
    assert queue.waiting == 0


def test_only_those_behind_move_up() -> None:
    queue = Queue(QueueLimits(1))
    (_, _, c, _), heard = entered(queue, "abcd")
    del heard[:]
    queue.leave(c)
    assert heard == [("d", 2)]


def test_one_who_has_left_is_not_missed() -> None:
    queue = Queue(QueueLimits(1))
    (a, b), heard = entered(queue, "ab")
    queue.leave(a)
    queue.leave(a)
    queue.leave(Member("stranger", heard))
    assert heard[-1] == ("b", "go")
    queue.leave(b)
    queue.leave(b)
    _, heard = entered(queue, "cd")
    assert heard == [("c", "go"), ("d", 1)]


@pytest.mark.parametrize("max_queued", [0, 1, 2])
def test_a_full_queue_takes_nobody(max_queued: int) -> None:
    queue = Queue(QueueLimits(1, max_queued))
    (a, *_), heard = entered(queue, "abc"[: max_queued + 1])
    late = Member("late", heard)
    with pytest.raises(QueueFull, match=r"limits\.max_queued"):
        queue.enter(late)
    queue.leave(late)
    assert late.position is None
    assert queue.waiting == max_queued
    queue.leave(a)
    queue.enter(late)
    assert late.position == max_queued


def test_a_higher_limit_lets_as_many_go_and_tells_the_others_once() -> None:
    queue = Queue(QueueLimits(1))
    _, heard = entered(queue, "abcde")
    del heard[:]
    queue.limits = QueueLimits(3)
    assert heard == [("b", "go"), ("c", "go"), ("d", 1), ("e", 2)]
    queue.limits = QueueLimits(0)
    assert heard[4:] == [("d", "go"), ("e", "go")]


def test_a_lower_limit_is_reached_as_turns_are_given_back() -> None:
    queue = Queue(QueueLimits(3))
    (a, b, c, d), heard = entered(queue, "abcd")
    queue.limits = QueueLimits(1, max_queued=0)
    for member in (a, b):
        queue.leave(member)
        assert d.position == 1
    queue.leave(c)
    assert d.position == 0


def test_slots_that_were_granted_without_a_limit_count_when_there_is_one() -> None:
    queue = Queue()
    (a, b), heard = entered(queue, "ab")
    queue.limits = QueueLimits(1)
    queue.enter(late := Member("late", heard))
    queue.leave(a)
    assert late.position == 1
    queue.leave(b)
    assert late.position == 0


def test_a_new_clock_is_told_to_those_that_wait() -> None:
    queue = Queue(QueueLimits(1, timeout=5))
    (_, b), heard = entered(queue, "ab")
    assert b.timeout == 5
    queue.limits = QueueLimits(1, timeout=7)
    assert (b.position, b.timeout) == (1, 7)


# -- any order of things ----------------------------------------------------------------------

MEDDLING = st.lists(st.sampled_from(["leave", "enter", "rest", "rest"]), max_size=5)
"""What a member does to the queue while it is being told something; after a rest, the next time."""


class Crowd:
    """Members that come and go, and the books that they keep of it themselves."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.members: list[Meddler] = []
        """In the order in which they came."""

    def enter(self, meddling: Sequence[str] = ()) -> None:
        member = Meddler(self, list(meddling))
        self.members.append(member)
        try:
            self.queue.enter(member)
        except QueueFull:
            assert member.position is None
            assert self.queue.waiting >= self.queue.limits.max_queued

    def leave(self, member: Meddler) -> None:
        member.position = None
        self.queue.leave(member)

    @property
    def present(self) -> list[Meddler]:
        return [member for member in self.members if member.position is not None]

    @property
    def running(self) -> int:
        return sum(member.position == 0 for member in self.members)


class Meddler(Member):
    def __init__(self, crowd: Crowd, meddling: list[str]) -> None:
        super().__init__(None, [])
        self._crowd = crowd
        self._meddling = meddling

    def granted(self) -> None:
        crowd = self._crowd
        before = crowd.members[: crowd.members.index(self)]
        assert self.position != 0 and not any(member.position for member in before)
        super().granted()
        self._meddle()

    def queued(self, position: int, timeout: float) -> None:
        super().queued(position, timeout)
        self._meddle()

    def _meddle(self) -> None:
        while self._meddling:
            what = self._meddling.pop(0)
            if what == "rest":
                return
            if what == "leave":
                self._crowd.leave(self)
            else:
                self._crowd.enter()


STEPS = st.one_of(
    st.tuples(st.just("enter"), MEDDLING),
    st.tuples(st.just("leave"), st.integers(0, 30)),
    st.tuples(st.just("max_parallel"), st.integers(0, 4)),
    st.tuples(st.just("max_queued"), st.integers(0, 6)),
)


LEAVES_WHEN_IT_MOVES_UP = [
    ("enter", []), ("enter", []), ("enter", ["rest", "leave"]), ("enter", []), ("leave", 0)
]  # fmt: skip
BRINGS_ANOTHER_WHEN_IT_GOES = [
    ("enter", []), ("enter", ["rest", "enter"]), ("enter", []), ("max_parallel", 3)
]  # fmt: skip


@example(LEAVES_WHEN_IT_MOVES_UP, 1, 8)
@example(BRINGS_ANOTHER_WHEN_IT_GOES, 1, 8)
@given(st.lists(STEPS, min_size=5, max_size=60), st.integers(0, 3), st.integers(0, 8))
def test_no_order_of_things_loses_a_slot_or_gives_one_too_many(
    steps: list[tuple[str, Any]], max_parallel: int, max_queued: int
) -> None:
    crowd = Crowd(queue := Queue(QueueLimits(max_parallel, max_queued)))
    for what, value in steps:
        ran_before = crowd.running
        if what == "enter":
            crowd.enter(value)
        elif what == "leave":
            if present := crowd.present:
                crowd.leave(present[value % len(present)])
        else:
            queue.limits = replace(queue.limits, **{what: value})

        limit = queue.limits.max_parallel
        waiting = [member.position for member in crowd.present if member.position]
        assert waiting == list(range(1, queue.waiting + 1))  # everybody knows their place
        assert not limit or crowd.running <= max(limit, ran_before)
        assert not waiting or 0 < limit <= crowd.running  # nobody waits while there is room

    while crowd.present:
        crowd.leave(crowd.present[0])
    queue.enter(last := Member("last", []))
    assert last.position == 0
