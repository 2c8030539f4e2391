"""`limits.max_buffered_bytes`: what all request bodies may take together."""

from __future__ import annotations

from typing import Any

import pytest

from ..backend import Backend, StallBeforeHeaders
from ..waiting import until
from .sockets import socket

pytestmark = pytest.mark.gen_test

LITTLE = {"limits": {"max_buffered_bytes": 100_000}}
little = pytest.mark.parametrize("config", [LITTLE], ids=["little"])

CHAT = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}]}'
LARGE = CHAT[:-1] + b" " * 60_000 + b"}"
AUDIO = "/v1/audio/transcriptions"
PATHS = ["/api/chat", "/v1/chat/completions", AUDIO, "/api/show", "/sys/show"]


def held(app: Any) -> int:
    held: int = app.deps.process.body_memory.held
    return held


async def keep_busy(connect: Any, app: Any, backend: Backend) -> Any:
    """A client whose body is held, because Ollama does not answer it."""
    backend.on("/api/chat", StallBeforeHeaders())
    client = await connect()
    await client.send_request("POST", "/api/chat", (), LARGE)
    await backend.next_request()
    assert held(app) == len(LARGE)
    return client


@little
@pytest.mark.parametrize("path", PATHS)
async def test_beyond_it_is_a_503_before_the_body_is_read(
    connect: Any, app: Any, backend: Backend, config: Any, path: str
) -> None:
    first = await keep_busy(connect, app, backend)
    client = await connect()
    await client.send_request("POST", path, [("Content-Length", str(len(LARGE)))])
    response = await client.read_response()
    assert response.status == 503
    assert int(response.header("retry-after") or 0) > 0
    assert b"limits.max_buffered_bytes" in response.body
    first.leave()
    await until(lambda: held(app) == 0, "the first has let go")
    client = await connect()
    backend.on("*", StallBeforeHeaders())
    await client.send_request("POST", path, (), LARGE)
    await backend.next_request()


@little
@pytest.mark.parametrize("path", PATHS)
async def test_a_body_of_unknown_length_is_refused_when_it_has_become_too_much(
    connect: Any, app: Any, backend: Backend, config: Any, path: str
) -> None:
    first = await keep_busy(connect, app, backend)
    client = await connect()
    await client.send_request("POST", path, [("Transfer-Encoding", "chunked")])
    await client.send(b"%x\r\n%b\r\n" % (len(LARGE), LARGE))
    assert (await client.read_response()).status == 503
    assert held(app) == len(LARGE)
    first.leave()


@little
async def test_what_is_announced_and_not_sent_keeps_nobody_out(
    connect: Any, app: Any, backend: Backend, config: Any
) -> None:
    for _ in range(5):
        await (await connect()).send_request("POST", "/api/chat", [("Content-Length", "99000")])
    assert (await (await connect()).request("POST", "/api/chat", (), LARGE)).status == 200
    await until(lambda: held(app) == 0, "it has let go")


@little
async def test_chats_on_a_socket_count_too(
    connect: Any, app: Any, backend: Backend, config: Any, http_port: int
) -> None:
    first = await keep_busy(connect, app, backend)
    chat = {"model": "smollm2", "messages": [{"role": "user", "content": "x" * 60_000}]}
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", **chat})
        error = (await ws.until("error"))[-1]
        assert (error["status"], error["code"]) == (503, "overloaded")
        first.leave()
        await until(lambda: held(app) == 0, "the first has let go")
        await ws.send({"type": "chat", "id": "2", **chat})
        await until(lambda: held(app) > 60_000, "it is held")
    await until(lambda: held(app) == 0, "it has let go")


@little
async def test_blobs_do_not_count(connect: Any, app: Any, backend: Backend, config: Any) -> None:
    path = "/api/blobs/sha256:" + "0" * 64
    response = await (await connect()).request("POST", path, (), b"x" * 1_000_000)
    assert (response.status, held(app)) == (201, 0)
