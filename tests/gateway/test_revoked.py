"""A reply whose credential is withdrawn does not end silently (docs/authentication.md, In use)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.handlers import downstream
from tornado_ollama.handlers.in_flight import NO_LONGER_VALID

from ..backend import Backend, NdjsonStream, StallBeforeHeaders, StallMidLine, Stream
from ..raw_client import RawConnection, RawResponse
from ..waiting import settled, until
from .keys import BOTH, GENERATE, SECURED, bearer
from .sockets import reload

pytestmark = [
    pytest.mark.gen_test,
    pytest.mark.parametrize("config", [SECURED], ids=["secured"]),
]

CHAT = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}],"stream":true}'
TWICE = CHAT[:-1] + b',"n":2}'
HI = {"message": {"role": "assistant", "content": "Hi"}, "done": False}
CHIEF_ONLY = {"auth": {"generate_tokens": [{"name": "chief", "token": BOTH}]}}


async def begun(
    connect: Any, path: str, body: bytes = CHAT, token: str = GENERATE
) -> tuple[RawConnection, RawResponse]:
    """A stream of which the first piece has been read."""
    client: RawConnection = await connect()
    await client.send_request("POST", path, [bearer(token)], body)
    response = await client.read_head()
    assert response.status == 200
    assert await client.read_chunk(response)
    return client, response


@pytest.mark.parametrize("mid_line", [False, True])
async def test_a_native_stream_ends_with_a_line_that_says_why(
    connect: Any, app: Any, backend: Backend, config_file: Path, config: Any, mid_line: bool
) -> None:
    backend.on("/api/chat", StallMidLine() if mid_line else NdjsonStream(HI, asyncio.Event()))
    client, response = await begun(connect, "/api/chat")
    exchange = await backend.next_request()
    if mid_line:
        await until(lambda: exchange.sent > 0 and exchange.body_complete.is_set(), "it is sent")
        await settled(lambda: exchange.sent)
    reload(app, config_file, CHIEF_ONLY)
    rest = await client.read_body(response)
    assert json.loads(rest.body.splitlines()[-1]) == {"error": NO_LONGER_VALID}
    assert rest.body.endswith(b"\n")
    assert not rest.complete
    assert await client.at_eof()
    await exchange.closed.wait()


@pytest.mark.parametrize("body", [CHAT, TWICE], ids=["one choice", "two"])
async def test_a_stream_of_events_ends_with_one_that_says_why(
    connect: Any, app: Any, backend: Backend, config_file: Path, config: Any, body: bytes
) -> None:
    backend.on("/api/chat", NdjsonStream(HI, asyncio.Event()))
    client, response = await begun(connect, "/v1/chat/completions", body)
    exchange = await backend.next_request()
    reload(app, config_file, CHIEF_ONLY)
    rest = await client.read_body(response)
    *_, last, empty = rest.body.split(b"\n\n")
    error = json.loads(last.removeprefix(b"data: "))["error"]
    assert error["message"] == f"Incorrect API key provided. {NO_LONGER_VALID}"
    assert error["code"] == "invalid_api_key"
    assert empty == b""
    assert rest.body.count(b'"error"') == 1
    assert b"[DONE]" not in rest.body
    assert not rest.complete
    assert await client.at_eof()
    await exchange.closed.wait()


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_reader_that_does_not_read_does_not_delay_it(
    connect: Any,
    app: Any,
    backend: Backend,
    config_file: Path,
    config: Any,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    monkeypatch.setattr(downstream, "LAST_WORDS_S", 0.05)
    line = json.dumps(HI | {"message": {"content": "x" * 60_000}}).encode() + b"\n"
    backend.on("/api/chat", Stream(*[line] * 2000))
    await begun(connect, path)
    exchange = await backend.next_request()
    await settled(lambda: exchange.sent)
    (handler,) = app.in_flight
    with contextlib.suppress(BlockingIOError):
        while True:  # the last room that the system would have for a few words
            handler.request.connection.stream.socket.send(b"x" * 1000)
    reload(app, config_file, CHIEF_ONLY)
    await exchange.closed.wait()
    await until(lambda: not len(app.in_flight), "the request is over")
    assert exchange.sent < 2000 * len(line)


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_reply_that_has_not_begun_is_cut(
    connect: Any, app: Any, backend: Backend, config_file: Path, config: Any, path: str
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    client = await connect()
    await client.send_request("POST", path, [bearer(GENERATE)], CHAT)
    exchange = await backend.next_request()
    reload(app, config_file, CHIEF_ONLY)
    assert await client.at_eof()
    await exchange.closed.wait()


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_the_log_says_revoked_and_others_stream_on(
    connect: Any,
    app: Any,
    backend: Backend,
    config_file: Path,
    config: Any,
    caplog: pytest.LogCaptureFixture,
    path: str,
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(HI, gate, HI | {"done": True}))
    gone, response = await begun(connect, path)
    stays, going_on = await begun(connect, path, token=BOTH)
    with caplog.at_level(logging.INFO):
        reload(app, config_file, CHIEF_ONLY)
        await gone.read_body(response)
        await until(lambda: len(app.in_flight) == 1, "the request is over")
    [outcome] = [str(r.__dict__) for r in caplog.records if "access" in r.name]
    assert "revoked" in outcome
    gate.set()
    assert (await stays.read_body(going_on)).complete
