"""`upstream.turns`: whatever comes in whatever order, nobody loses a turn and no place is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tornado_ollama.errors import QueueFull
from tornado_ollama.upstream.turns import QueueLimits, Turns


class Member:
    """Writes down what it is told; `heard` is shared by all, in order."""

    def __init__(self, name: object, heard: list[tuple[object, str | int]]) -> None:
        self.name = name
        self.heard = heard
        self.position: int | None = None
        self.timeout = 0.0

    def go(self) -> None:
        self.position = 0
        self.heard.append((self.name, "go"))

    def queued(self, position: int, timeout: float) -> None:
        self.position, self.timeout = position, timeout
        self.heard.append((self.name, position))


def entered(turns: Turns, names: str) -> tuple[list[Member], list[tuple[object, str | int]]]:
    heard: list[tuple[object, str | int]] = []
    members = [Member(name, heard) for name in names]
    for member in members:
        turns.enter(member)
    return members, heard


def test_without_a_limit_everybody_goes() -> None:
    turns = Turns()
    _, heard = entered(turns, "abc")
    assert heard == [("a", "go"), ("b", "go"), ("c", "go")]
    assert turns.waiting == 0


def test_the_first_to_come_is_the_first_to_go() -> None:
    turns = Turns(QueueLimits(1))
    (a, b, c, d), heard = entered(turns, "abcd")
    assert heard == [("a", "go"), ("b", 1), ("c", 2), ("d", 3)]
    del heard[:]
    turns.leave(a)
    assert heard == [("b", "go"), ("c", 1), ("d", 2)]
    turns.leave(b)
    turns.leave(c)
    turns.leave(d)
    assert [name for name, what in heard if what == "go"] == ["b", "c", "d"]
    assert turns.waiting == 0


def test_only_those_behind_move_up() -> None:
    turns = Turns(QueueLimits(1))
    (_, _, c, _), heard = entered(turns, "abcd")
    del heard[:]
    turns.leave(c)
    assert heard == [("d", 2)]


def test_one_who_has_left_is_not_missed() -> None:
    turns = Turns(QueueLimits(1))
    (a, b), heard = entered(turns, "ab")
    turns.leave(a)
    turns.leave(a)
    turns.leave(Member("stranger", heard))
    assert heard[-1] == ("b", "go")
    turns.leave(b)
    turns.leave(b)
    _, heard = entered(turns, "cd")
    assert heard == [("c", "go"), ("d", 1)]


@pytest.mark.parametrize("max_queued", [0, 1, 2])
def test_a_full_queue_takes_nobody(max_queued: int) -> None:
    turns = Turns(QueueLimits(1, max_queued))
    (a, *_), heard = entered(turns, "abc"[: max_queued + 1])
    late = Member("late", heard)
    with pytest.raises(QueueFull, match=r"limits\.max_queued"):
        turns.enter(late)
    turns.leave(late)
    assert late.position is None
    assert turns.waiting == max_queued
    turns.leave(a)
    turns.enter(late)
    assert late.position == max_queued


def test_a_higher_limit_lets_as_many_go_and_tells_the_others_once() -> None:
    turns = Turns(QueueLimits(1))
    _, heard = entered(turns, "abcde")
    del heard[:]
    turns.limits = QueueLimits(3)
    assert heard == [("b", "go"), ("c", "go"), ("d", 1), ("e", 2)]
    turns.limits = QueueLimits(0)
    assert heard[4:] == [("d", "go"), ("e", "go")]


def test_a_lower_limit_is_reached_as_turns_are_given_back() -> None:
    turns = Turns(QueueLimits(3))
    (a, b, c, d), heard = entered(turns, "abcd")
    turns.limits = QueueLimits(1, max_queued=0)
    for member in (a, b):
        turns.leave(member)
        assert d.position == 1
    turns.leave(c)
    assert d.position == 0


def test_turns_that_were_given_without_a_limit_count_when_there_is_one() -> None:
    turns = Turns()
    (a, b), heard = entered(turns, "ab")
    turns.limits = QueueLimits(1)
    turns.enter(late := Member("late", heard))
    turns.leave(a)
    assert late.position == 1
    turns.leave(b)
    assert late.position == 0


def test_a_new_clock_is_told_to_those_that_wait() -> None:
    turns = Turns(QueueLimits(1, timeout=5))
    (_, b), heard = entered(turns, "ab")
    assert b.timeout == 5
    turns.limits = QueueLimits(1, timeout=7)
    assert (b.position, b.timeout) == (1, 7)


# -- any order of things ----------------------------------------------------------------------

MEDDLING = st.lists(st.sampled_from(["leave", "enter", "rest", "rest"]), max_size=5)
"""What a member does to the queue while it is being told something; after a rest, the next time."""


class Crowd:
    """Members that come and go, and the books that they keep of it themselves."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.members: list[Meddler] = []
        """In the order in which they came."""

    def enter(self, meddling: Sequence[str] = ()) -> None:
        member = Meddler(self, list(meddling))
        self.members.append(member)
        try:
            self.turns.enter(member)
        except QueueFull:
            assert member.position is None
            assert self.turns.waiting >= self.turns.limits.max_queued

    def leave(self, member: Meddler) -> None:
        member.position = None
        self.turns.leave(member)

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

    def go(self) -> None:
        crowd = self._crowd
        before = crowd.members[: crowd.members.index(self)]
        assert self.position != 0 and not any(member.position for member in before)
        super().go()
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
def test_no_order_of_things_loses_a_turn_or_gives_one_too_many(
    steps: list[tuple[str, Any]], max_parallel: int, max_queued: int
) -> None:
    crowd = Crowd(turns := Turns(QueueLimits(max_parallel, max_queued)))
    for what, value in steps:
        ran_before = crowd.running
        if what == "enter":
            crowd.enter(value)
        elif what == "leave":
            if present := crowd.present:
                crowd.leave(present[value % len(present)])
        else:
            turns.limits = replace(turns.limits, **{what: value})

        limit = turns.limits.max_parallel
        waiting = [member.position for member in crowd.present if member.position]
        assert waiting == list(range(1, turns.waiting + 1))  # everybody knows their place
        assert not limit or crowd.running <= max(limit, ran_before)
        assert not waiting or 0 < limit <= crowd.running  # nobody waits while there is room

    while crowd.present:
        crowd.leave(crowd.present[0])
    turns.enter(last := Member("last", []))
    assert last.position == 0
