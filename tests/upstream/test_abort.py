"""Cancelling a fetch closes the connection at once, whatever phase it is in."""

from __future__ import annotations

import asyncio

import pytest

from tornado_ollama.upstream.request import Send

from ..backend import Backend, Exchange, SlowHeaders, StallBeforeHeaders, StallMidLine, Stream
from ..backend.network import connecting_to, full_backlog
from ..waiting import settled, until
from .conftest import Fetch

pytestmark = pytest.mark.gen_test


async def test_while_connecting(fetch: Fetch) -> None:
    with full_backlog() as port:
        before = connecting_to(port)
        reply = fetch(url=f"http://127.0.0.1:{port}/")
        await until(lambda: connecting_to(port) == before + 1, "the client is connecting")
        reply.cancel()
        await until(lambda: connecting_to(port) == before, "it has given up")


async def test_before_it_began(fetch: Fetch, backend: Backend) -> None:
    fetch().cancel()
    await asyncio.sleep(0.02)
    assert not backend.exchanges


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_at_every_step_of_connecting(fetch: Fetch, backend: Backend, host: str) -> None:
    """No step between the first and the last tick leaves a socket behind (the leak check)."""
    backend.on("/api/chat", StallBeforeHeaders())
    for ticks in range(40):
        reply = fetch(url=f"http://{host}:{backend.port}/api/chat")
        for _ in range(ticks):
            await asyncio.sleep(0)
        reply.cancel()
    await until(
        lambda: all(connection.closed.is_set() for connection in backend.connections),
        "every connection is closed",
    )


async def test_before_the_headers(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    reply = fetch()
    exchange = await backend.next_request()
    reply.cancel()
    await exchange.closed.wait()


async def test_in_the_middle_of_the_headers(fetch: Fetch, backend: Backend) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", SlowHeaders(gate=gate))
    reply = fetch()
    exchange = await backend.next_request()
    await until(lambda: exchange.sent == 20, "half of the head is out")
    reply.cancel()
    await exchange.closed.wait()
    gate.set()


async def test_mid_stream(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", StallMidLine())
    arrived = asyncio.Event()
    reply = fetch(streaming_callback=lambda data: arrived.set())
    exchange = await backend.next_request()
    await arrived.wait()
    reply.cancel()
    await exchange.closed.wait()


async def test_from_inside_its_own_callback(fetch: Fetch, backend: Backend) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", Stream(b"one\n", gate, b"two\n"))
    pieces: list[bytes] = []

    def stop(data: bytes) -> None:
        pieces.append(data)
        reply.cancel()

    reply = fetch(streaming_callback=stop)
    exchange = await backend.next_request()
    await exchange.closed.wait()
    gate.set()
    assert pieces == [b"one\n"]


async def test_while_reading_is_paused(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", Stream(*[b"x" * 65536] * 1000))
    paused, never = asyncio.Event(), asyncio.Event()

    async def rest(data: bytes) -> None:
        paused.set()
        await never.wait()

    reply = fetch(streaming_callback=rest)
    exchange = await backend.next_request()
    await paused.wait()
    reply.cancel()
    await exchange.closed.wait()
    never.set()


async def test_during_an_upload(fetch: Fetch, backend: Backend) -> None:
    started, never = asyncio.Event(), asyncio.Event()

    async def produce(send: Send) -> None:
        await send(b"x" * 1000)
        started.set()
        await never.wait()

    async def read(exchange: Exchange) -> None:
        await exchange.read_body()

    backend.on("/api/blobs/x", read)
    reply = fetch("/api/blobs/x", body_producer=produce, headers={"Content-Length": "2000"})
    exchange = await backend.next_request()
    await started.wait()
    reply.cancel()
    await exchange.closed.wait()
    assert exchange.received == 1000


async def test_during_an_upload_that_nobody_reads(fetch: Fetch, backend: Backend) -> None:
    sent: list[int] = []
    wake = asyncio.Event()

    async def produce(send: Send) -> None:
        while True:
            await send(b"x" * 65536)
            sent.append(65536)

    async def ignore(exchange: Exchange) -> None:
        await wake.wait()
        await exchange.read_body()

    backend.keep_bodies = False
    backend.on("/api/blobs/x", ignore)
    reply = fetch("/api/blobs/x", body_producer=produce, headers={"Content-Length": "1000000000"})
    exchange = await backend.next_request()
    stalled_at = await settled(lambda: len(sent))
    reply.cancel()
    wake.set()
    await exchange.closed.wait()
    assert len(sent) == stalled_at


async def test_a_finished_fetch_keeps_its_connection(fetch: Fetch, backend: Backend) -> None:
    reply = fetch("/api/tags", "GET")
    await reply
    reply.cancel()
    await fetch("/api/tags", "GET")
    assert len(backend.connections) == 1
