"""An exception in any callback, `done` or timer of the way to Ollama ends that request, gives its
slot back, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tornado_ollama.dispatch.queue import QueueLimits

from ..backend import Backend, Reply, StallBeforeHeaders, StallMidLine, Stream
from ..injector import Injector, injector
from ..raw_client import RawConnection
from ..waiting import until
from .busy import Busy
from .sockets import socket

pytestmark = pytest.mark.gen_test

Connect = Callable[[], Awaitable[RawConnection]]
Ask = Callable[[Any, Connect], Awaitable[None]]

CHAT = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
WHOLE = json.dumps(json.loads(CHAT) | {"stream": False}).encode()
STREAMED = json.dumps(json.loads(CHAT) | {"stream": True}).encode()
LINES = Stream(
    b'{"message":{"role":"assistant","content":"a"},"done":false}\n',
    b'{"message":{"role":"assistant","content":"b"},"done":false}\n',
    b'{"message":{"content":""},"done":true,"done_reason":"stop"}\n',
)


async def _post(connect: Connect, path: str, body: bytes) -> None:
    """Sends a request and reads whatever answer it gets, to its end or to the cut."""
    connection = await connect()
    try:
        await connection.request("POST", path, [("Content-Type", "application/json")], body)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # cut before an answer: the client knows that it failed
    finally:
        connection.leave()


async def _native(app: Any, connect: Connect) -> None:
    await _post(connect, "/api/chat", CHAT)


async def _native_whole(app: Any, connect: Connect) -> None:
    await _post(connect, "/api/chat", WHOLE)


async def _openai_streamed(app: Any, connect: Connect) -> None:
    await _post(connect, "/v1/chat/completions", STREAMED)


async def _openai_whole(app: Any, connect: Connect) -> None:
    await _post(connect, "/v1/chat/completions", WHOLE)


async def _upload(app: Any, connect: Connect) -> None:
    await _post(connect, "/api/blobs/sha256:" + "0" * 64, b"x" * 1_000_000)


async def _socket(app: Any, connect: Connect) -> None:
    port = (await connect()).port
    async with socket(port) as ws:
        await ws.send({"type": "chat", "id": "1", **json.loads(CHAT)})
        frames = [await ws.frame()]
        while frames[-1]["type"] not in ("done", "error"):
            frames.append(await ws.frame())


async def _socket_request(app: Any, connect: Connect) -> None:
    port = (await connect()).port
    async with socket(port) as ws:
        body = json.loads(CHAT)
        await ws.send(
            {"type": "request", "id": "1", "method": "POST", "path": "/api/chat", "body": body}
        )
        frames = [await ws.frame()]
        while frames[-1]["type"] not in ("end", "error"):
            frames.append(await ws.frame())


async def _queued(app: Any, connect: Connect) -> None:
    busy = Busy(app)
    asking = asyncio.create_task(_post(connect, "/api/chat", CHAT))
    await until(lambda: asking.done() or app.queue.waiting == 1, "it waits, or has failed")
    busy.over()
    await asking


def _open_to_ollama(app: Any) -> bool:
    pools = app.client._pools.values()
    return any(connection.usable for pool in pools for connection in pool._open)


async def _watched(
    app: Any, backend: Backend, connect: Connect, ask: Ask, at: int | None
) -> Injector:
    """One request with an exception at call number `at`, and what must be true afterwards."""
    for connection in backend.connections:  # the next request begins with no pooled connection
        connection.close()
    await until(lambda: not _open_to_ollama(app), "no connection is left")
    with injector(at) as watched:
        async with asyncio.timeout(10):
            await ask(app, connect)
    await until(lambda: not app.client._under_way, "no fetch is left")
    await until(lambda: len(app.in_flight) == 0, "no request is left")
    assert not app.queue.running and not app.queue.waiting
    return watched


LAST = Reply(b'{"message":{"role":"assistant","content":"a"},"done":true}')
TIMEOUTS = {"service": {"timeout": 0.05, "load_timeout": 0.05}}


@pytest.mark.gen_test(timeout=240)
@pytest.mark.parametrize(
    ("ask", "behaviour", "config"),
    [
        (_native, LINES, {}),
        (_native, Reply(b"x" * 2_000_000), {}),
        (_native, StallMidLine(), TIMEOUTS),
        (_native, StallBeforeHeaders(), TIMEOUTS),
        (_native_whole, LAST, {}),
        (_openai_streamed, LINES, {}),
        (_openai_streamed, StallMidLine(), TIMEOUTS),
        (_openai_whole, LAST, {}),
        (_upload, LAST, {}),
        (_socket, LINES, {}),
        (_socket_request, LINES, {}),
        (_queued, LINES, {}),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__).strip("_"),
)
async def test_an_exception_in_any_call_ends_the_request(
    app: Any, backend: Backend, connect: Connect, expect_log: Any, ask: Ask, behaviour: Any
) -> None:
    app.queue.limits = QueueLimits(max_parallel=1)
    expect_log("tornado_ollama", "unforeseen", optional=True)
    expect_log("tornado_ollama.handlers.answers", "failed", optional=True)
    expect_log("asyncio", "Fatal|Exception in callback|never retrieved", optional=True)
    backend.on("/api/chat", behaviour)
    calls = (await _watched(app, backend, connect, ask, None)).seen
    assert len(calls) > 5
    for at in range(len(calls)):
        await _watched(app, backend, connect, ask, at)
    await _watched(app, backend, connect, ask, None)
