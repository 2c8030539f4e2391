"""A streamed reply may have several sources; a slow client delays them and loses nothing.

Tornado's `flush` has room for one waiter; with two, the first waits for ever. Over plain HTTP/1.1,
HTTPS and HTTP/1.0.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import pytest

from ..backend import Backend, NdjsonStream
from ..backend.certificate import Certificate
from ..raw_client import RawConnection
from ..waiting import settled

pytestmark = pytest.mark.gen_test

LINES = 400
WORDS = "word " * 4000


def long_reply() -> NdjsonStream:
    def line(text: str, **more: object) -> dict[str, object]:
        return {"model": "m", "message": {"role": "assistant", "content": text}, **more}

    last = line("", done=True, done_reason="stop")
    return NdjsonStream(*[line(WORDS, done=False)] * LINES, last)


CHAT = json.dumps(
    {"model": "m", "messages": [{"role": "user", "content": "x"}], "n": 2, "stream": True}
).encode()


@pytest.fixture(params=["plain", "tls"])
def context(request: pytest.FixtureRequest, certificate: Certificate) -> ssl.SSLContext | None:
    if request.param == "plain":
        return None
    return ssl.create_default_context(cafile=str(certificate.cert_file))


@pytest.fixture
def config(context: ssl.SSLContext | None, certificate: Certificate) -> dict[str, Any]:
    if context is None:
        return {}
    tls = {"cert_file": str(certificate.cert_file), "key_file": str(certificate.key_file)}
    return {"listen": {"tls": tls}}


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_two_choices_reach_a_slow_client_whole(
    backend: Backend,
    http_server: Any,
    http_port: int,
    context: ssl.SSLContext | None,
    version: str,
) -> None:
    backend.on("/api/chat", long_reply(), long_reply())
    client = await RawConnection(http_port).open(context)
    head = f"POST /v1/chat/completions HTTP/{version}\r\nHost: localhost\r\n"
    await client.send(f"{head}Content-Length: {len(CHAT)}\r\n\r\n".encode() + CHAT)
    exchanges = [await backend.next_request("/api/chat") for _ in range(2)]
    await settled(lambda: sum(exchange.sent for exchange in exchanges))  # the client reads nothing
    response = await client.read_head()
    async with asyncio.timeout(20):
        body = (await client.read_body(response)).body
    assert body.endswith(b"data: [DONE]\n\n")
    assert body.count(WORDS.encode()) == 2 * LINES
    client.leave()
