"""Connections are kept, used again, and replaced when they died while they were idle."""

from __future__ import annotations

import asyncio

import pytest

from tornado_ollama.errors import UpstreamBroken
from tornado_ollama.upstream import client as client_module

from ..backend import (
    Backend,
    CutMidLine,
    Exchange,
    KeepAliveThenClose,
    Reply,
    StallBeforeHeaders,
    UntilClose,
)
from ..waiting import until
from .conftest import Fetch

pytestmark = pytest.mark.gen_test


async def close_unanswered(exchange: Exchange) -> None:
    """What a server does that closed the idle connection just before the request came."""
    exchange.keep_alive = False


async def test_a_connection_serves_many_requests(fetch: Fetch, backend: Backend) -> None:
    for _ in range(5):
        await fetch("/api/chat", streaming_callback=lambda data: None)
        await fetch("/api/tags", "GET")
    assert len(backend.connections) == 1
    assert len(backend.exchanges) == 10


async def test_parallel_requests_have_connections_of_their_own(
    fetch: Fetch, backend: Backend
) -> None:
    gate = asyncio.Event()

    async def together(exchange: Exchange) -> None:
        await gate.wait()
        await Reply(b"{}")(exchange)

    backend.on("/api/chat", together)
    replies = [fetch() for _ in range(20)]
    for _ in replies:
        await backend.next_request()
    gate.set()
    await asyncio.gather(*replies)
    assert len(backend.connections) == 20


async def test_a_connection_that_closed_while_idle_is_not_used(
    fetch: Fetch, backend: Backend
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", KeepAliveThenClose(gate), Reply(b"{}"))
    await fetch()
    gate.set()
    await until(backend.connections[0].writer.is_closing, "the backend closes")
    await asyncio.sleep(0.02)
    assert (await fetch()).code == 200
    assert len(backend.connections) == 2


async def test_a_get_on_a_dead_pooled_connection_is_sent_again(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/tags", Reply(b"1"), close_unanswered, Reply(b"3"))
    await fetch("/api/tags", "GET")
    assert (await fetch("/api/tags", "GET")).body == b"3"
    assert len(backend.exchanges) == 3


async def test_a_post_is_sent_again_only_where_the_caller_says_so(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/chat", Reply(b"1"), close_unanswered, Reply(b"3"))
    await fetch()
    assert (await fetch(replayable=True)).body == b"3"
    backend.on("/api/chat", close_unanswered, Reply(b"5"))
    with pytest.raises(UpstreamBroken):
        await fetch()
    assert len(backend.exchanges) == 4


async def test_a_fresh_connection_that_dies_is_not_tried_again(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/tags", close_unanswered)
    with pytest.raises(UpstreamBroken):
        await fetch("/api/tags", "GET")
    assert len(backend.exchanges) == 1


async def test_a_request_that_was_answered_in_part_is_not_sent_again(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/tags", Reply(b"1"), CutMidLine())
    await fetch("/api/tags", "GET")
    with pytest.raises(UpstreamBroken):
        await fetch("/api/tags", "GET")
    assert len(backend.exchanges) == 2


async def test_connection_close_is_obeyed(fetch: Fetch, backend: Backend) -> None:
    async def announce(exchange: Exchange) -> None:
        await Reply(b"{}", headers=[("Connection", "close")])(exchange)

    backend.on("/api/chat", announce)
    await fetch()
    await backend.exchanges[0].closed.wait()
    await fetch()
    assert len(backend.connections) == 2


async def test_a_connection_whose_body_ended_by_close_is_not_kept(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/chat", UntilClose(b"{}"))
    await fetch()
    await fetch()
    assert len(backend.connections) == 2


async def test_bytes_that_belong_to_no_request_end_the_connection(
    fetch: Fetch, backend: Backend
) -> None:
    await fetch("/api/tags", "GET")
    first = backend.connections[0]
    first.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
    await first.closed.wait()
    response = await fetch("/api/version", "GET")
    assert b"version" in response.body
    assert len(backend.connections) == 2


async def test_surplus_bytes_after_a_reply_never_answer_the_next_request(
    fetch: Fetch, backend: Backend
) -> None:
    poison = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"

    async def surplus(exchange: Exchange) -> None:
        exchange.write_head(200, [("Content-Length", "2")])
        await exchange.write(b"{}" + poison)

    backend.on("/api/tags", surplus)
    assert (await fetch("/api/tags", "GET")).body == b"{}"
    assert b"version" in (await fetch("/api/version", "GET")).body


async def test_a_cancelled_request_gives_no_connection_back(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    reply = fetch()
    exchange = await backend.next_request()
    reply.cancel()
    await exchange.closed.wait()
    await fetch("/api/tags", "GET")
    assert len(backend.connections) == 2


async def test_idle_connections_are_closed_after_their_time(
    fetch: Fetch, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "IDLE_SECONDS", 0.01)
    await fetch("/api/tags", "GET")
    await backend.connections[0].closed.wait()


async def test_the_pool_has_a_bound(
    fetch: Fetch, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_IDLE", 2)
    await asyncio.gather(*(fetch("/api/tags", "GET") for _ in range(5)))
    await until(
        lambda: sum(not connection.closed.is_set() for connection in backend.connections) == 2,
        "all but two are closed",
    )
