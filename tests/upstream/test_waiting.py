"""A fetch that takes a turn: waiting is its first phase, and ends like the others."""

from __future__ import annotations

import asyncio

import pytest

from tornado_ollama.errors import QueueFull, QueueTimeout, ShuttingDown
from tornado_ollama.upstream.client import UpstreamClient
from tornado_ollama.upstream.turns import QueueLimits

from ..backend import Backend, Stream
from ..waiting import settled
from .conftest import Fetch
from .test_turns import Member

pytestmark = pytest.mark.gen_test


@pytest.fixture
def holder(client: UpstreamClient) -> Member:
    """Has the only turn."""
    client.turns.limits = QueueLimits(1)
    client.turns.enter(holder := Member("holder", []))
    return holder


async def test_its_places_are_told_from_the_first_to_the_turn(
    fetch: Fetch, client: UpstreamClient, holder: Member
) -> None:
    first: list[int] = []
    second: list[int] = []
    replies = [
        fetch(takes_turn=True, position_callback=first.append),
        fetch(takes_turn=True, position_callback=second.append),
    ]
    client.turns.leave(holder)
    for reply in replies:
        assert (await reply).code == 200
    assert (first, second) == ([1, 0], [2, 1, 0])
    at_once: list[int] = []
    await fetch(takes_turn=True, position_callback=at_once.append)
    assert at_once == []


async def test_who_was_cancelled_a_moment_before_its_turn_is_not_sent(
    fetch: Fetch, client: UpstreamClient, holder: Member, backend: Backend
) -> None:
    await fetch("/api/tags", "GET")  # leaves a connection, on which a request would go out at once
    told: list[int] = []
    reply = fetch(takes_turn=True, position_callback=told.append)
    behind = fetch(takes_turn=True)
    reply.cancel()
    client.turns.leave(holder)
    assert (await behind).code == 200
    assert told == [1]
    assert len(backend.requests("/api/chat")) == 1


async def test_who_failed_a_moment_before_its_turn_is_not_sent(
    fetch: Fetch, client: UpstreamClient, holder: Member, backend: Backend
) -> None:
    await fetch("/api/tags", "GET")
    told: list[int] = []
    reply = fetch(takes_turn=True, position_callback=told.append)
    client.fail(reply, ShuttingDown())
    client.turns.leave(holder)
    with pytest.raises(ShuttingDown):
        await reply
    assert told == [1]
    assert await settled(lambda: len(backend.requests("/api/chat"))) == 0
    assert (await fetch(takes_turn=True)).code == 200


async def test_who_was_cancelled_hears_of_no_other_place(
    fetch: Fetch, client: UpstreamClient, holder: Member
) -> None:
    told: list[int] = []
    client.turns.enter(before := Member("before", []))
    reply = fetch(takes_turn=True, position_callback=told.append)
    reply.cancel()
    client.turns.leave(before)
    await asyncio.sleep(0)
    assert told == [2]
    client.turns.leave(holder)


async def test_the_clock_of_the_queue_stops_when_the_turn_has_come(
    fetch: Fetch, client: UpstreamClient, holder: Member, backend: Backend
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", Stream(b"one\n", gate))
    client.turns.limits = QueueLimits(1, timeout=0.05)
    reply = fetch(takes_turn=True)
    client.turns.leave(holder)
    for _ in range(3):
        await asyncio.sleep(0.05)
    gate.set()
    assert (await reply).code == 200


async def test_a_new_clock_is_not_told_as_a_place(
    fetch: Fetch, client: UpstreamClient, holder: Member
) -> None:
    told: list[int] = []
    reply = fetch(takes_turn=True, position_callback=told.append)
    client.turns.limits = QueueLimits(1, timeout=0.01)
    with pytest.raises(QueueTimeout, match=r"limits\.queue_timeout"):
        await reply
    assert told == [1]
    assert client.turns.waiting == 0


async def test_a_full_queue_fails_the_fetch(
    fetch: Fetch, client: UpstreamClient, holder: Member
) -> None:
    client.turns.limits = QueueLimits(1, max_queued=0)
    with pytest.raises(QueueFull):
        await fetch(takes_turn=True)
    assert (await fetch("/api/tags", "GET")).code == 200


async def test_closing_the_client_fails_those_that_wait(
    fetch: Fetch, client: UpstreamClient, holder: Member, backend: Backend
) -> None:
    replies = [fetch(takes_turn=True) for _ in range(3)]
    client.close()
    for reply in replies:
        with pytest.raises(ShuttingDown):
            await reply
    await asyncio.sleep(0)
    assert client.turns.waiting == 0
    assert not backend.exchanges


async def test_a_listener_that_fails_ends_its_own_fetch_and_no_other(
    fetch: Fetch, client: UpstreamClient, holder: Member, expect_log: object
) -> None:
    assert callable(expect_log)
    expect_log("tornado_ollama.upstream", "unforeseen")

    def fails(position: int) -> None:
        if position != 2:
            raise ValueError

    replies = [
        fetch(takes_turn=True, position_callback=fails),
        fetch(takes_turn=True, position_callback=fails),
        fetch(takes_turn=True),
    ]
    client.turns.leave(holder)
    for reply in replies[:2]:
        with pytest.raises(Exception, match="its log says more"):
            await reply
    assert (await replies[2]).code == 200
