"""HTTPS served by the gateway itself behaves like HTTP: streams, honest ends, backpressure."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import pytest

from ..backend import Backend, CutMidLine, StallMidLine, Stream, load
from ..backend.certificate import Certificate
from ..raw_client import RawConnection
from ..waiting import PATIENCE_S, settled, until

pytestmark = pytest.mark.gen_test

CHAT = load("chat-stream").request_body
TOTAL = 64 << 20


@pytest.fixture
def config(certificate: Certificate) -> dict[str, Any]:
    tls = {"cert_file": str(certificate.cert_file), "key_file": str(certificate.key_file)}
    return {"listen": {"tls": tls}}


@pytest.fixture
def trusting(certificate: Certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.cert_file))


@pytest.fixture
def connect_tls(http_server: Any, http_port: int, trusting: ssl.SSLContext) -> Any:
    async def connect() -> RawConnection:
        async with asyncio.timeout(PATIENCE_S):
            return await RawConnection(http_port).open(trusting)

    return connect


async def test_a_stream_passes(connect_tls: Any) -> None:
    client = await connect_tls()
    for _ in range(2):
        response = await client.request("POST", "/api/chat", (), CHAT)
        assert response.body == load("chat-stream").body and response.complete
    client.leave()


async def test_ollama_is_told_that_it_was_https(connect_tls: Any, backend: Backend) -> None:
    client = await connect_tls()
    await client.request("GET", "/api/tags")
    assert backend.exchanges[0].header("x-forwarded-proto") == "https"
    client.leave()


async def test_a_cut_is_a_cut(connect_tls: Any, backend: Backend) -> None:
    gate = asyncio.Event()
    fault = CutMidLine()
    fault.pieces = (*fault.pieces, gate)
    backend.on("/api/chat", fault)
    client = await connect_tls()
    await client.send_request("POST", "/api/chat", (), CHAT)
    response = await client.read_head()
    gate.set()
    rest = await client.read_body(response)
    assert not rest.complete
    assert list(json.loads(rest.body.split(b"\n")[-2])) == ["error"]
    client.leave()


async def test_a_client_that_leaves_stops_ollama(connect_tls: Any, backend: Backend) -> None:
    backend.on("/api/chat", StallMidLine())
    client = await connect_tls()
    await client.send_request("POST", "/api/chat", (), CHAT)
    exchange = await backend.next_request()
    await until(lambda: exchange.sent > 0, "the reply has begun")
    client.leave()
    await exchange.closed.wait()


async def test_a_slow_reader_slows_ollama_down(connect_tls: Any, backend: Backend) -> None:
    backend.on("/api/chat", Stream(*[b"x" * 65536] * (TOTAL // 65536)))
    client = await connect_tls()
    await client.send_request("POST", "/api/chat", (), CHAT)
    response = await client.read_head()
    exchange = await backend.next_request()
    assert await settled(lambda: exchange.sent) < TOTAL // 2
    assert len((await client.read_body(response)).body) == TOTAL
    client.leave()


async def test_a_blob_passes(connect_tls: Any, backend: Backend) -> None:
    client = await connect_tls()
    body = b"z" * 5_000_000
    response = await client.request("POST", "/api/blobs/sha256:" + "0" * 64, (), body)
    assert response.status == 201
    assert bytes(backend.exchanges[0].body) == body
    client.leave()


async def test_plain_http_is_not_answered(
    connect_tls: Any, http_port: int, expect_log: Any
) -> None:
    expect_log("tornado.general", "SSL Error")
    client = await RawConnection(http_port).open()
    await client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await client.at_eof()
    client.leave()
