"""A request that takes a slot: waiting is its first phase, and ends like the others."""

from __future__ import annotations

import asyncio
import weakref

import pytest

from tornado_ollama.dispatch.queue import Queue, QueueLimits
from tornado_ollama.errors import QueueFull, QueueTimeout, ShuttingDown

from ..backend import Backend, Stream
from ..waiting import settled
from .conftest import Submit
from .test_queue import Member

pytestmark = pytest.mark.gen_test


@pytest.fixture
def holder(queue: Queue) -> Member:
    """Has the only slot."""
    queue.limits = QueueLimits(1)
    queue.enter(holder := Member("holder", []))
    return holder


async def test_its_places_are_told_from_the_first_to_the_turn(
    submit: Submit, queue: Queue, holder: Member
) -> None:
    first: list[int] = []
    second: list[int] = []
    replies = [
        submit(first.append),
        submit(second.append),
    ]
    queue.leave(holder)
    for reply in replies:
        assert (await reply).code == 200
    assert (first, second) == ([1, 0], [2, 1, 0])
    at_once: list[int] = []
    await submit(at_once.append)
    assert at_once == []


async def test_who_was_cancelled_a_moment_before_its_turn_is_not_sent(
    submit: Submit, queue: Queue, holder: Member, backend: Backend
) -> None:
    # Leaves a connection, on which a request would go out at once.
    await submit(method="GET", path="/api/tags")
    told: list[int] = []
    reply = submit(told.append)
    behind = submit()
    reply.cancel()
    queue.leave(holder)
    assert (await behind).code == 200
    assert told == [1]
    assert len(backend.requests("/api/chat")) == 1


async def test_who_failed_a_moment_before_its_turn_is_not_sent(
    submit: Submit, queue: Queue, holder: Member, backend: Backend
) -> None:
    await submit(method="GET", path="/api/tags")
    told: list[int] = []
    reply = submit(told.append)
    reply.fail(ShuttingDown())
    queue.leave(holder)
    with pytest.raises(ShuttingDown):
        await reply
    assert told == [1]
    assert await settled(lambda: len(backend.requests("/api/chat"))) == 0
    assert (await submit()).code == 200


async def test_who_was_cancelled_hears_of_no_other_place(
    submit: Submit, queue: Queue, holder: Member
) -> None:
    told: list[int] = []
    before = Member("before", [])
    before.caller_key = "address 192.0.2.1"  # the same caller's: it keeps its order
    queue.enter(before)
    reply = submit(told.append)
    reply.cancel()
    queue.leave(before)
    await asyncio.sleep(0)
    assert told == [2]
    queue.leave(holder)


async def test_the_clock_of_the_queue_stops_when_the_turn_has_come(
    submit: Submit, queue: Queue, holder: Member, backend: Backend
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", Stream(b"one\n", gate))
    queue.limits = QueueLimits(1, timeout=0.05)
    reply = submit()
    queue.leave(holder)
    for _ in range(3):
        await asyncio.sleep(0.05)
    gate.set()
    assert (await reply).code == 200


async def test_a_new_clock_is_not_told_as_a_place(
    submit: Submit, queue: Queue, holder: Member
) -> None:
    told: list[int] = []
    reply = submit(told.append)
    queue.limits = QueueLimits(1, timeout=0.01)
    with pytest.raises(QueueTimeout, match=r"limits\.queue_timeout"):
        await reply
    assert told == [1]
    assert queue.waiting == 0


async def test_a_full_queue_fails_the_fetch(submit: Submit, queue: Queue, holder: Member) -> None:
    queue.limits = QueueLimits(1, max_queued=0)
    with pytest.raises(QueueFull):
        await submit()
    assert (await submit(method="GET", path="/api/tags")).code == 200


async def test_the_shutdown_fails_those_that_wait(
    submit: Submit, queue: Queue, holder: Member, backend: Backend
) -> None:
    replies = [submit() for _ in range(3)]
    queue.fail_all(ShuttingDown())
    for reply in replies:
        with pytest.raises(ShuttingDown):
            await reply
    await asyncio.sleep(0)
    assert queue.waiting == 0
    assert not backend.exchanges


async def test_a_listener_that_fails_ends_its_own_fetch_and_no_other(
    submit: Submit, queue: Queue, holder: Member, expect_log: object
) -> None:
    assert callable(expect_log)
    expect_log("tornado_ollama.upstream", "unforeseen")

    def fails(position: int) -> None:
        if position != 2:
            raise ValueError

    replies = [
        submit(fails),
        submit(fails),
        submit(),
    ]
    queue.leave(holder)
    for reply in replies[:2]:
        with pytest.raises(Exception, match="its log says more"):
            await reply
    assert (await replies[2]).code == 200


async def test_a_request_that_has_ended_holds_no_body(submit: Submit, backend: Backend) -> None:
    """It may live on until the garbage collector runs, and a body may have megabytes."""

    def body() -> bytes:
        return b"{}"

    held = weakref.ref(body)
    reply = submit(body=body)
    del body
    assert (await reply).code == 200
    assert [exchange.body for exchange in backend.requests("/api/chat")] == [b"{}"]
    assert held() is None
