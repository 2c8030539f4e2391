"""HTTP at its edges: old clients, pipelining, and requests made to be read in two ways."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ..backend import Backend, CutMidLine, ErrorLine, Reply, StallBeforeHeaders, Stream, load
from ..waiting import settled

pytestmark = pytest.mark.gen_test

CHAT = load("chat-stream").request_body
STREAMED = load("chat-stream").body

OK = b"HTTP/1.1\r\nHost: localhost\r\n"


async def test_one_connection_serves_many_requests(connect: Any, backend: Backend) -> None:
    client = await connect()
    for _ in range(3):
        assert (await client.request("POST", "/api/chat", (), CHAT)).body == STREAMED
        assert (await client.request("GET", "/api/version")).status == 200
        assert (await client.request("POST", "/v1/nope", (), b"{}")).status == 404
        assert (await client.request("GET", "/health/live")).status == 200
    assert len(backend.connections) == 1


async def test_connection_close_is_obeyed(connect: Any) -> None:
    client = await connect()
    response = await client.request("POST", "/api/chat", [("Connection", "close")], CHAT)
    assert response.body == STREAMED and response.complete
    assert await client.at_eof()


@pytest.mark.parametrize("extra", [b"", b"Connection: keep-alive\r\n"], ids=["plain", "keep"])
async def test_http_1_0_gets_a_stream_that_ends_with_the_connection(
    connect: Any, extra: bytes
) -> None:
    client = await connect()
    head = b"POST /api/chat HTTP/1.0\r\nHost: localhost\r\n%bContent-Length: %d\r\n\r\n"
    await client.send(head % (extra, len(CHAT)) + CHAT)
    response = await client.read_head()
    assert response.status == 200
    assert response.header("transfer-encoding") is None
    assert (await client.read_body(response)).body == STREAMED


async def test_http_1_0_without_a_host_is_served(connect: Any) -> None:
    client = await connect()
    await client.send(b"GET /api/version HTTP/1.0\r\n\r\n")
    response = await client.read_response()
    assert (response.status, response.body) == (200, load("version").body)


async def test_http_1_0_sees_a_cut_stream_by_its_error_line(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", CutMidLine())
    client = await connect()
    head = b"POST /api/chat HTTP/1.0\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    await client.send(head % len(CHAT) + CHAT)
    body = (await client.read_response()).body
    if body.startswith(b'{"error"'):  # nothing had been passed on
        return
    assert list(json.loads(body.split(b"\n")[-2])) == ["error"]


async def test_pipelined_requests_are_answered_in_order(connect: Any, backend: Backend) -> None:
    client = await connect()
    one = b"GET /api/version " + OK + b"\r\n"
    two = b"POST /api/chat " + OK + b"Content-Length: %d\r\n\r\n" % len(CHAT) + CHAT
    three = b"GET /api/tags " + OK + b"\r\n"
    await client.send(one + two + three)
    assert (await client.read_response()).body == load("version").body
    assert (await client.read_response()).body == STREAMED
    assert (await client.read_response()).body == load("tags").body


async def test_a_client_that_pipelined_and_left_is_not_computed_for(
    connect: Any, backend: Backend
) -> None:
    """Neither for its first request, nor for the second, which Tornado has in its buffer."""
    gate = asyncio.Event()
    endless = Stream(b"one\n", gate, *[b"x" * 65536] * 2000)
    backend.on("/api/chat", endless, StallBeforeHeaders())
    client = await connect()
    chat = b"POST /api/chat " + OK + b"Content-Length: %d\r\n\r\n" % len(CHAT) + CHAT
    await client.send(chat + chat)
    exchange = await backend.next_request("/api/chat")
    await client.read_chunk(await client.read_head())
    client.leave()
    gate.set()  # the leave may be seen only now, by a write that fails
    await exchange.closed.wait()
    assert not exchange.finished.is_set() or exchange.sent < 2000 * 65536
    await asyncio.sleep(0.05)
    for exchange in backend.exchanges[1:]:
        async with asyncio.timeout(5):
            await exchange.closed.wait()


async def test_a_head_in_single_bytes(connect: Any) -> None:
    client = await connect()
    for byte in b"GET /api/version " + OK + b"\r\n":
        await client.send(bytes([byte]))
        await asyncio.sleep(0)
    assert (await client.read_response()).body == load("version").body


SMUGGLING = {
    "length and chunks": (
        b"POST /api/chat %bContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    ),
    "two lengths": b"POST /api/chat %bContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "a list of lengths": b"POST /api/chat %bContent-Length: 4, 5\r\n\r\nabcde",
    "length with a plus": b"POST /api/chat %bContent-Length: +4\r\n\r\nabcd",
    "negative length": b"POST /api/chat %bContent-Length: -1\r\n\r\n",
    "length in hex": b"POST /api/chat %bContent-Length: 0x4\r\n\r\nabcd",
    "length with an underscore": b"POST /api/chat %bContent-Length: 1_0\r\n\r\n0123456789",
    "length with a line break": b"POST /api/chat %bContent-Length:\r\n 4\r\n\r\nabcd",
    "unknown coding": b"POST /api/chat %bTransfer-Encoding: xchunked\r\n\r\n",
    "two codings": b"POST /api/chat %bTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "gzip coding": b"POST /api/chat %bTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "identity coding": b"POST /api/chat %bTransfer-Encoding: identity\r\n\r\n",
    "space before colon": b"POST /api/chat %bContent-Length : 4\r\n\r\nabcd",
    "space before name": b"POST /api/chat %b Content-Length: 4\r\n\r\nabcd",
    "folded header": b"GET /api/tags %bX-A: 1\r\n 2\r\n\r\n",
    "two hosts": b"GET /api/tags %bHost: localhost\r\n\r\n",
    "NUL in a value": b"GET /api/tags %bX-A: a\x00b\r\n\r\n",
    "CR in a value": b"GET /api/tags %bX-A: a\rb\r\n\r\n",
    "name with a space": b"GET /api/tags %bX A: 1\r\n\r\n",
    "line without a colon": b"GET /api/tags %bnonsense\r\n\r\n",
    "chunk size in words": (
        b"POST /api/chat %bTransfer-Encoding: chunked\r\n\r\nfour\r\nabcd\r\n0\r\n\r\n"
    ),
    "chunk size with a sign": (
        b"POST /api/chat %bTransfer-Encoding: chunked\r\n\r\n+4\r\nabcd\r\n0\r\n\r\n"
    ),
    "chunk size with 0x": (
        b"POST /api/chat %bTransfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n"
    ),
    "chunk longer than said": (
        b"POST /api/chat %bTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("probe", SMUGGLING.values(), ids=SMUGGLING)
async def test_a_request_that_can_be_read_in_two_ways_is_refused(
    connect: Any, backend: Backend, probe: bytes
) -> None:
    client = await connect()
    smuggled = b"GET /api/version " + OK + b"\r\n"
    await client.send(probe.replace(b"%b", OK) + smuggled)
    try:
        assert (await client.read_head()).status == 400
    except (EOFError, ConnectionError):
        pass  # cut without a word: nothing after it is read either
    client.leave()
    await asyncio.sleep(0.02)
    assert not [seen for seen in backend.exchanges if seen.body_complete.is_set()]
    assert not backend.requests("/api/version")


async def test_equal_lengths_said_twice_reach_ollama_once(connect: Any, backend: Backend) -> None:
    client = await connect()
    head = b"POST /api/chat %bContent-Length: 33\r\nContent-Length: 33\r\n\r\n"
    await client.send(head.replace(b"%b", OK) + b'{"model":"smollm2","messages":[]}')
    response = await client.read_head()
    if response.status == 400:
        assert not backend.exchanges
    else:
        assert backend.exchanges[0].header("content-length") == "33"


async def test_a_head_with_the_cookies_of_all_other_programs_is_taken(connect: Any) -> None:
    response = await (await connect()).request("GET", "/api/tags", [("Cookie", "a" * 65536)])
    assert response.status == 200


async def test_a_head_that_is_too_large_is_refused(connect: Any, backend: Backend) -> None:
    client = await connect()
    await client.send(b"GET /api/tags " + OK + b"X-A: " + b"a" * 200_000)
    try:
        assert (await client.read_head()).status in (400, 431)
    except (EOFError, ConnectionError):
        pass
    assert not backend.exchanges


async def test_a_body_on_a_get_does_not_become_the_next_request(
    connect: Any, backend: Backend
) -> None:
    client = await connect()
    hidden = b"GET /api/ps " + OK + b"\r\n"
    head = b"GET /api/version %bContent-Length: %d\r\n\r\n"
    await client.send(head % (OK, len(hidden)) + hidden)
    assert (await client.read_response()).status in (200, 400)
    await asyncio.sleep(0.02)
    assert not backend.requests("/api/ps")


async def test_cors_and_security_headers_are_on_every_answer(connect: Any) -> None:
    client = await connect()
    for method, path in (("GET", "/"), ("GET", "/api/tags"), ("GET", "/nope"), ("GET", "/v1/x")):
        response = await client.request(method, path)
        assert response.header("x-content-type-options") == "nosniff"
        assert "Origin" in (response.header("vary") or "")  # a cache must not mix them up


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_one_slow_reader_does_not_hold_up_another_client(
    connect: Any, backend: Backend, path: str
) -> None:
    line = {"message": {"content": "x" * 60_000}, "done": False}
    big = json.dumps(line).encode() + b"\n"
    backend.on("/api/chat", Stream(*[big] * 600, b'{"message":{"content":""},"done":true}\n'))
    body = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}],"stream":true}'
    slow = await connect()
    await slow.send_request("POST", path, (), body)
    exchange = await backend.next_request("/api/chat")
    head = await slow.read_head()
    await settled(lambda: exchange.sent)
    for _ in range(10):
        assert (await (await connect()).request("GET", "/api/version")).status == 200
    assert not exchange.finished.is_set()
    rest = await slow.read_body(head)
    assert rest.complete


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: abc",
        b"Content-Length: 4, 5",
        b"Content-Length: " + b"9" * 5000,
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    ],
)
@pytest.mark.parametrize("path", [b"/api/chat", b"/v1/chat/completions", b"/nowhere"])
async def test_a_body_without_a_certain_end_is_answered_once(
    connect: Any, backend: Backend, path: bytes, framing: bytes
) -> None:
    client = await connect()
    await client.send(b"POST " + path + b" " + OK + framing + b"\r\n\r\nhello")
    assert (await client.read_response()).status == 400
    assert await client.at_eof() and not backend.exchanges


async def test_a_stream_that_fails_has_one_end(connect: Any, backend: Backend) -> None:
    """And nothing behind it: some clients wait for the connection to close."""
    backend.on("/api/chat", ErrorLine({"message": {"role": "assistant", "content": "a"}}))
    client = await connect()
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
    body = json.dumps(asked).encode()
    response = await client.request("POST", "/v1/chat/completions", (), body)
    assert b'"error"' in response.body and response.complete
    assert await client.at_eof()


async def test_a_204_has_no_length(connect: Any, backend: Backend) -> None:
    backend.on("/api/copy", Reply(b"", 204, headers=[("Content-Length", "5")]))
    client = await connect()
    response = await client.request("POST", "/api/copy", (), b"{}")
    assert response.status == 204 and response.header("content-length") is None
