"""Ollama absent, refusing, stalling, dying, answering nonsense: the exact answers of
docs/native-api.md (Timeouts, Errors).

Nothing hangs, no traceback reaches a client, and afterwards the gateway serves on.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from ..backend import (
    Backend,
    CutMidLine,
    ErrorLine,
    GarbageStatusLine,
    HugeHeaders,
    HugeLine,
    NdjsonStream,
    Reply,
    Reset,
    SlowHeaders,
    StallBeforeHeaders,
    StallMidLine,
    WrongContentLength,
    load,
)
from ..backend.network import full_backlog, refusing_port
from ..raw_client import RawResponse

pytestmark = pytest.mark.gen_test

CHAT = load("chat-stream").request_body
V1_CHAT = json.dumps(
    {"model": "smollm2", "messages": [{"role": "user", "content": "x"}], "stream": True}
).encode()
V1_WHOLE = V1_CHAT.replace(b"true", b"false")

DOORS = [
    pytest.param("/api/chat", CHAT, id="native"),
    pytest.param("/v1/chat/completions", V1_CHAT, id="v1-stream"),
    pytest.param("/v1/chat/completions", V1_WHOLE, id="v1-whole"),
]

QUICK = {"service": {"connect_timeout": 0.1, "load_timeout": 0.1, "timeout": 0.1}}

quick = pytest.mark.parametrize("config", [QUICK], ids=["quick"])


def sentence(path: str, response: RawResponse) -> str:
    """The error's sentence, the answer having the form that this path's clients expect."""
    body = response.json()
    if path.startswith("/v1/"):
        assert set(body["error"]) == {"message", "type", "param", "code"}
        message = body["error"]["message"]
    else:
        assert set(body) == {"error"}
        message = body["error"]
    assert isinstance(message, str) and message
    for leak in ("Traceback", "Errno", ".py", "Error(", "127.0.0.1", "object at"):
        assert leak not in message
    return message


async def still_serves(connect: Any, backend: Backend) -> None:
    backend.on("/api/version", Reply(b'{"version":"0"}'))
    assert (await (await connect()).request("GET", "/api/version")).status == 200


class TestAbsent:
    @pytest.fixture
    def config(self) -> Any:
        return {"service": {"base_url": f"http://127.0.0.1:{refusing_port()}"}}

    @pytest.mark.parametrize(("path", "body"), DOORS)
    async def test_it_is_unavailable(self, connect: Any, path: str, body: bytes) -> None:
        client = await connect()
        response = await client.request("POST", path, (), body)
        assert response.status == 503
        assert int(response.header("retry-after") or 0) > 0
        assert "cannot be reached" in sentence(path, response)
        health = await client.request("GET", "/health")
        assert (health.status, health.json()["ollama"]) == (503, "disconnected")


@pytest.mark.parametrize("config", [{"service": {"base_url": "http://no-such-host.invalid"}}])
async def test_a_name_nobody_knows(connect: Any, config: Any) -> None:
    response = await (await connect()).request("GET", "/api/tags")
    assert response.status == 503
    sentence("/api/tags", response)


class TestNeverAccepting:
    @pytest.fixture
    def config(self) -> Iterator[Any]:
        with full_backlog() as port:
            yield {"service": QUICK["service"] | {"base_url": f"http://127.0.0.1:{port}"}}

    @pytest.mark.parametrize(("path", "body"), DOORS)
    async def test_the_connect_clock_ends_it(self, connect: Any, path: str, body: bytes) -> None:
        response = await (await connect()).request("POST", path, (), body)
        assert response.status == 504
        assert "service.connect_timeout" in sentence(path, response)


@quick
@pytest.mark.parametrize(("path", "body"), DOORS)
async def test_a_stall_before_the_headers(
    connect: Any, backend: Backend, config: Any, path: str, body: bytes
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    response = await (await connect()).request("POST", path, (), body)
    assert response.status == 504
    assert "service.load_timeout" in sentence(path, response)
    await backend.exchanges[0].closed.wait()
    await still_serves(connect, backend)


@quick
@pytest.mark.parametrize(("path", "body"), DOORS)
async def test_a_stall_in_the_headers(
    connect: Any, backend: Backend, config: Any, path: str, body: bytes
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", SlowHeaders(gate=gate))
    response = await (await connect()).request("POST", path, (), body)
    assert response.status == 504
    gate.set()


BROKEN = [
    Reset(),
    GarbageStatusLine(),
    GarbageStatusLine(b""),
    GarbageStatusLine(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    HugeHeaders(),
    WrongContentLength(),
]


@pytest.mark.parametrize("fault", BROKEN, ids=repr)
@pytest.mark.parametrize(("path", "body"), DOORS)
async def test_broken_before_anything_was_passed_on(
    connect: Any, backend: Backend, fault: Any, path: str, body: bytes
) -> None:
    backend.on("/api/chat", fault)
    response = await (await connect()).request("POST", path, (), body)
    assert response.status == 502
    assert response.complete
    sentence(path, response)
    await still_serves(connect, backend)


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
async def test_dying_mid_line_ends_a_native_stream_with_an_error_line_and_a_cut(
    connect: Any, backend: Backend, reset: bool
) -> None:
    gate = asyncio.Event()
    fault = CutMidLine(lines=2, reset=reset)
    lines = fault.pieces
    fault.pieces = (*lines, gate)
    backend.on("/api/chat", fault)
    client = await connect()
    await client.send_request("POST", "/api/chat", body=CHAT)
    response = await client.read_head()
    received = b""
    whole = b"".join(piece for piece in lines if isinstance(piece, bytes))
    while len(received) < len(whole):
        received += await client.read_chunk(response)
    assert received == whole
    gate.set()
    rest = await client.read_body(response)
    assert rest.body.startswith(b"\n")  # the half line is ended, so that the error has its own
    assert list(json.loads(rest.body)) == ["error"]
    assert not rest.complete
    assert await client.at_eof()
    await still_serves(connect, backend)


@quick
async def test_falling_silent_mid_line_ends_the_same_way(
    connect: Any, backend: Backend, config: Any
) -> None:
    backend.on("/api/chat", StallMidLine(lines=2))
    client = await connect()
    response = await client.request("POST", "/api/chat", (), CHAT)
    assert response.status == 200
    last = response.body.split(b"\n")[-2]
    assert "service.timeout" in json.loads(last)["error"]
    assert not response.complete
    assert await client.at_eof()
    await backend.exchanges[0].closed.wait()


async def test_an_error_line_of_ollamas_passes_as_it_is(connect: Any, backend: Backend) -> None:
    fault = ErrorLine({"message": {"content": "Hi"}, "done": False})
    backend.on("/api/chat", fault)
    response = await (await connect()).request("POST", "/api/chat", (), CHAT)
    assert response.complete
    assert response.body == b"".join(piece for piece in fault.pieces if isinstance(piece, bytes))


async def test_a_cut_reply_that_is_no_stream_of_lines_is_cut_too(
    connect: Any, backend: Backend
) -> None:
    backend.on("/api/show", WrongContentLength(b"x" * 100_000, promised=200_000))
    client = await connect()
    response = await client.request("POST", "/api/show", (), b'{"model":"smollm2"}')
    assert response.status == 200
    assert len(response.body) <= 100_000
    assert not response.complete
    assert await client.at_eof()


def events(body: bytes) -> list[str]:
    parts = body.decode().split("\n\n")
    assert parts.pop() == ""
    return [part.removeprefix("data: ") for part in parts if part.startswith("data: ")]


V1_FAULTS = [
    pytest.param(CutMidLine(), id="cut"),
    pytest.param(CutMidLine(reset=True), id="reset"),
    pytest.param(StallMidLine(), id="stall"),
    pytest.param(ErrorLine({"message": {"content": "Hi"}, "done": False}), id="error-line"),
    pytest.param(NdjsonStream(), id="nothing"),
    pytest.param(NdjsonStream({"message": {"content": "Hi"}}, b"not json\n"), id="nonsense"),
]


@quick
@pytest.mark.parametrize("fault", V1_FAULTS)
async def test_a_v1_stream_that_fails_ends_with_an_error_event_and_no_done(
    connect: Any, backend: Backend, config: Any, fault: Any
) -> None:
    backend.on("/api/chat", fault)
    response = await (await connect()).request("POST", "/v1/chat/completions", (), V1_CHAT)
    assert response.status in (200, 500, 502)
    if response.status == 200:
        said = events(response.body)
        assert set(json.loads(said[-1])["error"]) >= {"message", "type", "code"}
        assert "[DONE]" not in said
        assert '"finish_reason":"stop"' not in response.body.decode()
    else:
        sentence("/v1/", response)
    await still_serves(connect, backend)


@quick
@pytest.mark.parametrize("fault", V1_FAULTS)
async def test_a_whole_v1_answer_that_fails_is_an_error(
    connect: Any, backend: Backend, config: Any, fault: Any
) -> None:
    backend.on("/api/chat", fault)
    response = await (await connect()).request("POST", "/v1/chat/completions", (), V1_WHOLE)
    assert response.status in (500, 502, 504)
    assert response.complete
    sentence("/v1/", response)


@pytest.mark.parametrize("body", [V1_CHAT, V1_WHOLE], ids=["stream", "whole"])
async def test_a_reply_without_its_last_line_counts_as_stopped(
    connect: Any, backend: Backend, body: bytes
) -> None:
    """Ollama ends like this, cleanly, when a model repeats itself for too long."""
    backend.on("/api/chat", NdjsonStream({"message": {"content": "Hi"}, "done": False}))
    response = await (await connect()).request("POST", "/v1/chat/completions", (), body)
    assert response.status == 200
    assert '"finish_reason":"stop"' in response.body.decode().replace(" ", "")
    assert response.complete


async def test_a_line_without_an_end_does_not_fill_the_memory_of_v1(
    connect: Any, backend: Backend
) -> None:
    backend.on("/api/chat", HugeLine(200 << 20))
    client = await connect()
    await client.send_request("POST", "/v1/chat/completions", body=V1_CHAT)
    exchange = await backend.next_request("/api/chat")
    response = await client.read_response()
    if response.status == 200:
        assert "error" in json.loads(events(response.body)[-1])
    else:
        assert response.status == 502
    await exchange.closed.wait()
    assert exchange.sent < 200 << 20


async def test_a_huge_line_passes_natively(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", HugeLine(8 << 20))
    response = await (await connect()).request("POST", "/api/chat", (), CHAT)
    assert response.complete
    assert len(response.body) == 8 << 20


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_ollamas_own_refusals_pass_with_their_status(
    connect: Any, backend: Backend, status: int
) -> None:
    body = b'{"error":"the words of Ollama"}'
    backend.on("/api/chat", Reply(body, status))
    client = await connect()
    native = await client.request("POST", "/api/chat", (), CHAT)
    assert (native.status, native.body) == (status, body)
    openai = await client.request("POST", "/v1/chat/completions", (), V1_CHAT)
    assert openai.status == status
    assert "the words of Ollama" in sentence("/v1/", openai)


@pytest.mark.parametrize(
    "body",
    [b"not json", b"", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"model":1}'],
    ids=lambda body: repr(body[:10]),
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"])
async def test_what_is_not_a_request_is_a_400(
    connect: Any, backend: Backend, path: str, body: bytes
) -> None:
    response = await (await connect()).request("POST", path, (), body)
    assert response.status == 400
    sentence(path, response)
    assert not backend.exchanges


async def test_a_redirect_of_ollamas_leads_no_client_away(connect: Any, backend: Backend) -> None:
    backend.on("/api/tags", Reply(b"", 302, headers=[("Location", "http://evil.example/")]))
    response = await (await connect()).request("GET", "/api/tags")
    assert response.header("location") is None


async def test_cookies_and_cors_of_ollamas_are_not_ours(connect: Any, backend: Backend) -> None:
    headers = [("Set-Cookie", "a=b"), ("Access-Control-Allow-Origin", "*"), ("X-Kept", "1")]
    backend.on("/api/tags", Reply(b"{}", headers=headers))
    response = await (await connect()).request("GET", "/api/tags")
    assert response.header("set-cookie") is None
    assert response.header("access-control-allow-origin") is None
    assert response.header("x-kept") == "1"


async def test_the_line_of_a_failure_without_a_cause_ends_with_its_sentence(
    connect: Any, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tornado_ollama.handlers.answers")
    backend.on("/api/chat", Reply(b"not json"))
    response = await (await connect()).request("POST", "/v1/chat/completions", (), V1_WHOLE)
    assert response.status == 502
    lines = [record for record in caplog.records if record.name.endswith("answers")]
    (line,) = [record.getMessage() for record in lines if " 502 " in record.getMessage()]
    assert line.endswith("cannot be read.")
