"""https to Ollama: the certificate is checked, and all behaves as without TLS."""

from __future__ import annotations

import asyncio

import pytest

from tornado_ollama.errors import UpstreamBroken, UpstreamUnavailable

from ..backend import Backend, CutMidLine, StallMidLine, Stream, load
from ..backend.certificate import Certificate
from ..waiting import settled
from .conftest import Fetch

pytestmark = pytest.mark.gen_test

TOTAL = 64 << 20


@pytest.fixture(autouse=True)
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert_file))


async def test_a_trusted_certificate(fetch: Fetch, tls_backend: Backend) -> None:
    for _ in range(2):
        response = await fetch(url=f"https://localhost:{tls_backend.port}/api/chat")
        assert response.body == load("chat-stream").body
    assert len(tls_backend.connections) == 1


async def test_a_certificate_nobody_trusts(
    fetch: Fetch, tls_backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(UpstreamUnavailable):
        await fetch(url=tls_backend.url + "/api/chat")
    assert not tls_backend.exchanges


async def test_plain_http_spoken_by_an_https_url(fetch: Fetch) -> None:
    async def answer_as_go_does(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request")
        writer.close()

    server = await asyncio.start_server(answer_as_go_does, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(UpstreamUnavailable, match="TLS"):
        await fetch(url=f"https://127.0.0.1:{port}/api/chat")
    server.close()
    await server.wait_closed()


async def test_a_cut_is_broken(fetch: Fetch, tls_backend: Backend) -> None:
    tls_backend.on("/api/chat", CutMidLine())
    with pytest.raises(UpstreamBroken):
        await fetch(url=tls_backend.url + "/api/chat", streaming_callback=lambda data: None)


async def test_cancelling_closes(fetch: Fetch, tls_backend: Backend) -> None:
    tls_backend.on("/api/chat", StallMidLine())
    arrived = asyncio.Event()
    reply = fetch(url=tls_backend.url + "/api/chat", streaming_callback=lambda data: arrived.set())
    exchange = await tls_backend.next_request()
    await arrived.wait()
    reply.cancel()
    await exchange.closed.wait()


async def test_a_resting_reader_stops_the_backend(fetch: Fetch, tls_backend: Backend) -> None:
    tls_backend.on("/api/chat", Stream(*[b"x" * 65536] * (TOTAL // 65536)))
    go_on = asyncio.Event()
    seen: list[int] = []

    async def rest(data: bytes) -> None:
        seen.append(len(data))
        await go_on.wait()

    reply = fetch(url=tls_backend.url + "/api/chat", streaming_callback=rest)
    exchange = await tls_backend.next_request()
    assert await settled(lambda: exchange.sent) < TOTAL // 2
    go_on.set()
    await reply
    assert sum(seen) == TOTAL
