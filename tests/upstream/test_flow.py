"""Nothing is held in memory for a slow side: reading stops, and so does an upload."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from tornado_ollama.errors import BadRequest, UpstreamBroken
from tornado_ollama.upstream.request import Send

from ..backend import Backend, EarlyAnswer, Exchange, Reply, Reset, Stream
from ..waiting import settled
from .conftest import Fetch

pytestmark = pytest.mark.gen_test

MIB = 1 << 20
TOTAL = 64 * MIB
BOUND = 24 * MIB
"""What the kernel's and asyncio's buffers may hold between two ends of a stalled transfer."""


def sized(length: int) -> dict[str, str]:
    return {"Content-Length": str(length)}


async def test_a_resting_reader_stops_the_backend(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", Stream(*[b"x" * 65536] * (TOTAL // 65536)))
    go_on = asyncio.Event()
    seen: list[int] = []

    async def rest(data: bytes) -> None:
        seen.append(len(data))
        await go_on.wait()

    reply = fetch(streaming_callback=rest)
    exchange = await backend.next_request()
    assert await settled(lambda: exchange.sent) < BOUND
    assert len(seen) == 1
    go_on.set()
    assert (await reply).code == 200
    assert sum(seen) == TOTAL


async def test_one_call_holds_all_that_was_read_and_no_more(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", Stream(*[b"x" * 100] * 20000))
    sizes: list[int] = []
    await fetch(streaming_callback=lambda data: sizes.append(len(data)))
    assert sum(sizes) == 2_000_000
    assert max(sizes) <= 256 * 1024
    assert len(sizes) < 2000


async def test_the_idle_clock_rests_while_the_reader_does(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", Stream(b"one\n", b"two\n"))
    go_on = asyncio.Event()

    async def rest(data: bytes) -> None:
        await go_on.wait()

    reply = fetch(streaming_callback=rest, idle_timeout=0.02)
    await backend.next_request()
    await asyncio.sleep(0.05)
    await asyncio.sleep(0.05)
    go_on.set()
    assert (await reply).code == 200


async def test_a_reply_that_ends_while_the_reader_rests_is_whole(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/chat", Stream(b"one\n", b"two\n", headers=[("Connection", "close")]))
    go_on = asyncio.Event()
    pieces: list[bytes] = []

    async def rest(data: bytes) -> None:
        pieces.append(data)
        await go_on.wait()

    reply = fetch(streaming_callback=rest)
    exchange = await backend.next_request()
    await exchange.finished.wait()
    exchange.connection.close()
    await asyncio.sleep(0.02)
    assert not reply.done()
    go_on.set()
    await reply
    assert b"".join(pieces) == b"one\ntwo\n"


@pytest.mark.parametrize("headers", [sized(TOTAL), {}], ids=["length", "chunked"])
async def test_an_upload_waits_for_the_backend(
    fetch: Fetch, backend: Backend, headers: dict[str, str]
) -> None:
    go_on = asyncio.Event()
    backend.keep_bodies = False
    sent = 0
    given, taken = hashlib.sha256(), hashlib.sha256()

    async def produce(send: Send) -> None:
        nonlocal sent
        for number in range(TOTAL // MIB):
            piece = bytes([number]) * MIB
            given.update(piece)
            await send(piece)
            sent += MIB

    async def read_late(exchange: Exchange) -> None:
        await go_on.wait()
        async for piece in exchange.body_pieces():
            taken.update(piece)
        await Reply(b"{}")(exchange)

    backend.on("/api/blobs/x", read_late)
    reply = fetch("/api/blobs/x", body_producer=produce, headers=headers)
    exchange = await backend.next_request()
    assert await settled(lambda: sent) < BOUND
    go_on.set()
    assert (await reply).code == 200
    assert exchange.received == TOTAL
    assert given.digest() == taken.digest()


async def test_an_early_answer_ends_the_upload(fetch: Fetch, backend: Backend) -> None:
    ended = asyncio.Event()

    async def produce(send: Send) -> None:
        try:
            while True:
                await send(b"x" * 65536)
                await asyncio.sleep(0)
        finally:
            ended.set()

    backend.on("/api/blobs/x", EarlyAnswer(after=200_000))
    response = await fetch("/api/blobs/x", body_producer=produce, headers=sized(10 * TOTAL))
    assert (response.code, response.body) == (400, b'{"error":"digest mismatch"}')
    await ended.wait()
    await backend.exchanges[0].closed.wait()
    await fetch("/api/tags", "GET")
    assert len(backend.connections) == 2


async def test_a_backend_that_dies_ends_the_upload(fetch: Fetch, backend: Backend) -> None:
    async def produce(send: Send) -> None:
        while True:
            await send(b"x" * 65536)
            await asyncio.sleep(0)

    async def die(exchange: Exchange) -> None:
        async for _ in exchange.body_pieces():
            exchange.connection.reset()
            return

    backend.on("/api/blobs/x", die)
    with pytest.raises(UpstreamBroken):
        await fetch("/api/blobs/x", body_producer=produce, headers=sized(10 * TOTAL))


async def test_a_producers_error_is_the_fetchs_error(fetch: Fetch, backend: Backend) -> None:
    async def produce(send: Send) -> None:
        await send(b"x")
        raise BadRequest("the client's body broke off")

    with pytest.raises(BadRequest):
        await fetch("/api/blobs/x", body_producer=produce, headers=sized(100))
    exchange = await backend.next_request()
    await exchange.closed.wait()


async def test_an_upload_is_never_sent_twice(fetch: Fetch, backend: Backend) -> None:
    async def produce(send: Send) -> None:
        await send(b"12345")

    await fetch("/api/tags", "GET")
    backend.on("/api/blobs/x", Reset())
    with pytest.raises(UpstreamBroken):
        await fetch("/api/blobs/x", body_producer=produce, headers=sized(5))
    assert len(backend.requests("/api/blobs/x")) == 1
