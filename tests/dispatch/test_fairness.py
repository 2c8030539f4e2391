"""The queue shares slots between callers: nobody starves, whatever the others do."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access.quota import Quota
from tornado_ollama.dispatch import fair_order
from tornado_ollama.dispatch.queue import Queue, QueueLimits
from tornado_ollama.errors import QueueFull, TooManyWaiting

from .schedules import KINDS, LIMITS, Request, Step, run

STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 99), st.integers(0, 99)), max_size=50
)


@given(STEPS, st.sampled_from(LIMITS))
def test_any_schedule_keeps_the_rules(steps: list[Step], limits: QueueLimits) -> None:
    run(steps, limits)


def entered(queue: Queue, caller: str, count: int = 1, **quota: int) -> list[Request]:
    model = quota.pop("model", None)
    members = [Request(caller, model, Quota(**quota)) for _ in range(count)]  # type: ignore[arg-type]
    for member in members:
        queue.enter(member)
    return members


def order(queue: Queue, count: int) -> str:
    """Ends what runs again and again; the first letters of those that got a slot."""
    got = ""
    for _ in range(count):
        member = next(member for member, position in queue if not position)
        queue.leave(member)
        running = [member.caller_key for member, position in queue if not position]
        got += running[-1][0]
    return got


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_one_request_waits_for_one_of_fifty_to_end(slots: int) -> None:
    queue = Queue(QueueLimits(slots))
    greedy = entered(queue, "greedy", 50)
    (other,) = entered(queue, "other")
    assert other.position == 1
    queue.leave(greedy[slots - 1])
    assert other.position == 0


def test_slots_go_round() -> None:
    queue = Queue(QueueLimits(1))
    entered(queue, "x")
    for caller in "abc":
        entered(queue, caller, 4)
    assert order(queue, 12) == "abcabcabcabc"


def test_a_priority_is_how_many_slots_another_callers_one_is_worth() -> None:
    queue = Queue(QueueLimits(1))
    entered(queue, "x")
    entered(queue, "a", 30, priority=3)
    entered(queue, "b", 30)
    assert Counter(order(queue, 40)) == {"a": 30, "b": 10}


def test_nobody_saves_up_turns_by_being_away() -> None:
    queue = Queue(QueueLimits(1))
    (away,) = entered(queue, "a")
    entered(queue, "b", 20)
    queue.leave(away)
    order(queue, 10)
    entered(queue, "a", 5)
    assert order(queue, 6).count("b") >= 2


def test_who_leaves_the_queue_has_lost_nothing() -> None:
    queue = Queue(QueueLimits(1))
    entered(queue, "x")
    entered(queue, "a", 3)
    for member in entered(queue, "b", 30):
        queue.leave(member)
    entered(queue, "b", 2)
    assert order(queue, 4) == "abab"


def test_those_who_wait_hear_that_others_are_before_them() -> None:
    queue = Queue(QueueLimits(1))
    entered(queue, "a")
    _, last = entered(queue, "a", 2)
    assert last.position == 2
    entered(queue, "b")
    assert last.position == 3


def test_a_model_has_slots_of_its_own() -> None:
    queue = Queue(QueueLimits(3, models={"*": 2, "big*": 1}))
    first, second = entered(queue, "a", 2, model="big:7b")  # type: ignore[arg-type]
    (small,) = entered(queue, "a", model="small")  # type: ignore[arg-type]
    assert (first.position, second.position, small.position) == (0, 1, 0)
    (same,) = entered(queue, "b", model="BIG:7b")  # type: ignore[arg-type]
    assert same.position == 1
    queue.leave(first)
    assert (same.position, second.position) == (0, 1)


def test_a_model_that_others_keep_busy_is_not_out_of_reach() -> None:
    queue = Queue(QueueLimits(2, models={"big": 1}))
    busy = entered(queue, "a", 20, model="big")  # type: ignore[arg-type]
    entered(queue, "a", 20, model="small")  # type: ignore[arg-type]
    (other,) = entered(queue, "b", model="big")  # type: ignore[arg-type]
    queue.leave(busy[0])
    assert other.position == 0


def test_a_caller_waits_for_itself_and_for_nobody_else() -> None:
    queue = Queue(QueueLimits(0))
    first, second = entered(queue, "a", 2, max_parallel=1)
    (other,) = entered(queue, "b")
    assert (first.position, second.position, other.position) == (0, 1, 0)
    queue.leave(first)
    assert second.position == 0


def test_a_caller_may_have_so_many_that_wait() -> None:
    queue = Queue(QueueLimits(1))
    entered(queue, "a", 3, max_queued=2)
    with pytest.raises(TooManyWaiting, match="2 of your requests"):
        entered(queue, "a", max_queued=2)
    entered(queue, "b", 3, max_queued=3)


def test_a_caller_who_fills_the_queue_makes_room_for_another() -> None:
    queue = Queue(QueueLimits(1, max_queued=4))
    *_, last = entered(queue, "a", 5)
    (other,) = entered(queue, "b")
    assert isinstance(last.failed, QueueFull) and other.position == 1
    with pytest.raises(QueueFull):
        entered(queue, "a")
    entered(queue, "b")  # two of each
    with pytest.raises(QueueFull):
        entered(queue, "b")


def test_any_number_of_callers_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_order, "MAX_LINES", 8)
    queue = Queue(QueueLimits(2))
    entered(queue, "stays")
    for number in range(100):
        (member,) = entered(queue, f"caller {number}")
        queue.leave(member)
    assert len(queue._order._lines) <= 2 * 8 + 1024
    assert queue.running == 1
