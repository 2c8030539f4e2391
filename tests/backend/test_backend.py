"""A smoke test: the backend says what it was scripted to say, and sees what was sent."""

from __future__ import annotations

import asyncio

import pytest

from ..raw_client import RawConnection
from . import Backend, CutMidLine, NdjsonStream, Reset, StallBeforeHeaders, load

pytestmark = pytest.mark.gen_test


async def test_answers_like_ollama_and_keeps_the_request(backend: Backend) -> None:
    client = await RawConnection(backend.port).open()
    body = b'{"model":"smollm2","messages":[]}'
    response = await client.request("POST", "/api/chat", body=body)
    assert response.chunks == list(load("chat-stream").chunks) and response.complete
    seen = await backend.next_request("/api/chat")
    assert bytes(seen.body) == body
    assert (await client.request("GET", "/api/version")).body == load("version").body
    client.leave()


async def test_gates_hold_a_stream_until_they_are_set(backend: Backend) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream({"n": 1}, gate, {"n": 2}))
    client = await RawConnection(backend.port).open()
    await client.send_request("POST", "/api/chat", body=b"{}")
    response = await client.read_head()
    assert await client.read_chunk(response) == b'{"n": 1}\n'
    gate.set()
    assert (await client.read_body(response)).body == b'{"n": 2}\n'
    client.leave()


async def test_a_cut_is_not_a_clean_end(backend: Backend) -> None:
    backend.on("/api/chat", CutMidLine())
    client = await RawConnection(backend.port).open()
    response = await client.request("POST", "/api/chat", body=b"{}")
    assert not response.complete
    client.leave()


async def test_a_reset_is_seen(backend: Backend) -> None:
    backend.on("/api/chat", Reset())
    client = await RawConnection(backend.port).open()
    await client.send_request("POST", "/api/chat", body=b"{}")
    with pytest.raises(ConnectionResetError):
        await client.read_head()
    client.leave()


async def test_a_client_that_leaves_is_seen(backend: Backend) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    client = await RawConnection(backend.port).open()
    await client.send_request("POST", "/api/chat", body=b"{}")
    exchange = await backend.next_request()
    client.leave()
    await exchange.closed.wait()
