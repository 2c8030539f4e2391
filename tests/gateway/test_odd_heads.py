"""Heads of Ollama's that are legal but odd, and some that are not: no door hangs on them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend, GarbageStatusLine
from .sockets import socket

pytestmark = pytest.mark.gen_test

ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
LAST = b'{"message":{"role":"assistant","content":"a"},"done":true,"done_reason":"stop"}\n'
LISTING = b'{"version":"1","models":[{"name":"m","model":"m"}]}'


def head(*lines: bytes, body: bytes = LAST, status: bytes = b"200 OK") -> GarbageStatusLine:
    length = b"Content-Length: %d" % len(body)
    return GarbageStatusLine(
        b"\r\n".join((b"HTTP/1.1 " + status, *lines, length, b"", body)),
    )


BLANKS = [
    pytest.param((b"Content-Type: application/x-ndjson ",), id="blank"),
    pytest.param((b"Content-Type: application/x-ndjson\t \t",), id="tab"),
    pytest.param((b"Content-Type: application/x-ndjson", b"X-Empty: "), id="empty"),
    pytest.param((b"Content-Type: application/x-ndjson", b"X-Old: caf\xe9 "), id="latin-1"),
]


@pytest.mark.parametrize("lines", BLANKS)
async def test_a_blank_behind_a_value_is_no_part_of_it(
    connect: Any, backend: Backend, lines: tuple[bytes, ...]
) -> None:
    backend.on("/api/chat", head(*lines))
    response = await (await connect()).request("POST", "/api/chat", (), json.dumps(ASKED).encode())
    assert (response.status, response.body) == (200, LAST)
    assert response.header("content-type") == "application/x-ndjson"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("lines", BLANKS)
async def test_the_openai_api_answers_all_the_same(
    connect: Any, backend: Backend, lines: tuple[bytes, ...], stream: bool
) -> None:
    backend.on("/api/chat", head(*lines))
    body = json.dumps({**ASKED, "stream": stream}).encode()
    response = await (await connect()).request("POST", "/v1/chat/completions", (), body)
    assert (response.status, response.complete) == (200, True)
    assert b'"content":"a"' in response.body


async def test_the_socket_answers_all_the_same(
    backend: Backend, http_server: Any, http_port: int
) -> None:
    backend.on("/api/chat", head(b"Content-Type: application/x-ndjson "))
    backend.on("/api/version", head(b"Content-Type: application/json ", body=LISTING))
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", **ASKED})
        assert (await ws.until("done"))[-1]["reason"] == "stop"
        await ws.send({"type": "request", "id": "2", "path": "/api/version"})
        assert (await ws.until("end"))[0]["status"] == 200


@pytest.mark.parametrize("path", ["/v1/models", "/health", "/api/tags"])
async def test_listings_and_health_answer_all_the_same(
    connect: Any, backend: Backend, path: str
) -> None:
    backend.on("*", head(b"Content-Type: application/json ", body=LISTING))
    response = await (await connect()).request("GET", path)
    assert response.status == 200


NOT_HTTP = [
    pytest.param(head(b"X-Bell: \x7f"), id="control character"),
    pytest.param(head(status=b"000 "), id="status 0"),
    pytest.param(head(status=b"600 Beyond"), id="status 600"),
]


@pytest.mark.parametrize("fault", NOT_HTTP)
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_head_that_http_does_not_have_is_a_502(
    connect: Any, backend: Backend, fault: Any, path: str
) -> None:
    backend.on("/api/chat", fault)
    response = await (await connect()).request("POST", path, (), json.dumps(ASKED).encode())
    assert response.status == 502


@pytest.mark.parametrize(
    "trailers", [b"X-Long: " + b"a" * 1_000_000, b"X-Many: 1\r\n" * 100_000], ids=["long", "many"]
)
async def test_trailers_without_an_end_end_the_reply(
    connect: Any, backend: Backend, trailers: bytes
) -> None:
    chunk = b"%x\r\n%b\r\n" % (len(LAST), LAST)
    text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n" + trailers

    async def never_ends(exchange: Any) -> None:
        await exchange.read_body()
        try:
            await exchange.write(text)
        finally:
            await exchange.until_closed()

    backend.on("/api/chat", never_ends)
    response = await (await connect()).request("POST", "/api/chat", (), json.dumps(ASKED).encode())
    assert not response.complete
