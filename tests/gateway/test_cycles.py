"""What a request needed is gone with it: nothing of it waits for the garbage collector, which took
a seventh of the processor time of short requests, and stopped the loop for milliseconds."""

from __future__ import annotations

import asyncio
import gc
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tornado.websocket import websocket_connect

from ..backend import Backend, CutMidLine, NdjsonStream
from ..raw_client import RawConnection
from ..waiting import until
from .keys import BOTH, SECURED, bearer

pytestmark = pytest.mark.gen_test

MESSAGES = [{"role": "user", "content": "x"}]
CHAT: dict[str, Any] = {"model": "smollm2", "messages": MESSAGES}
LINES = (
    {"model": "smollm2", "message": {"role": "assistant", "content": "Hi"}, "done": False},
    {"model": "smollm2", "message": {"content": ""}, "done": True, "done_reason": "stop"},
)

Gone = Callable[[Callable[[], Awaitable[object]]], Awaitable[Counter[str]]]


@pytest.fixture
def gone(app: Any) -> Iterator[Gone]:
    """Makes what remains of ours of a piece of work, which is done once before, by type."""

    async def remains(work: Callable[[], Awaitable[object]]) -> Counter[str]:
        before = len(app.in_flight)  # an open socket

        async def at_rest() -> None:
            await work()
            await until(lambda: len(app.in_flight) == before, "all requests have ended")
            await asyncio.sleep(0)

        await at_rest()
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        await at_rest()
        gc.collect()
        kinds = (type(found) for found in gc.garbage)
        return Counter(
            kind.__qualname__ for kind in kinds if kind.__module__.startswith("tornado_ollama")
        )

    yield remains
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


REQUESTS = {
    "version": ("GET", "/api/version", None),
    "models": ("GET", "/api/tags", None),
    "native": ("POST", "/api/chat", {**CHAT, "stream": False}),
    "native stream": ("POST", "/api/chat", CHAT),
    "generate": ("POST", "/api/generate", {"model": "smollm2", "prompt": "x"}),
    "management": ("POST", "/sys/show", {"model": "smollm2"}),
    "openai models": ("GET", "/v1/models", None),
    "chat": ("POST", "/v1/chat/completions", CHAT),
    "chat stream": ("POST", "/v1/chat/completions", {**CHAT, "stream": True}),
    "two choices": ("POST", "/v1/chat/completions", {**CHAT, "n": 2}),
    "two choices stream": ("POST", "/v1/chat/completions", {**CHAT, "n": 2, "stream": True}),
    "completion": ("POST", "/v1/completions", {"model": "smollm2", "prompt": "x"}),
    "embeddings": ("POST", "/v1/embeddings", {"model": "smollm2", "input": "x"}),
    "response": ("POST", "/v1/responses", {"model": "smollm2", "input": "x", "store": False}),
    "response stream": (
        "POST",
        "/v1/responses",
        {"model": "smollm2", "input": "x", "store": False, "stream": True},
    ),
    "message": ("POST", "/v1/messages", {**CHAT, "max_tokens": 9}),
    "message stream": ("POST", "/v1/messages", {**CHAT, "max_tokens": 9, "stream": True}),
    "counted message": ("POST", "/v1/messages/count_tokens", CHAT),
    "page": ("GET", "/", None),
    "health": ("GET", "/health", None),
    "nothing there": ("GET", "/nothing", None),
    "refused": ("POST", "/v1/chat/completions", {"model": 1}),
    "preflight": ("OPTIONS", "/v1/models", None),
}


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize("name", REQUESTS)
async def test_of_a_request_nothing_remains(
    backend: Backend, gone: Gone, connect: Callable[[], Awaitable[RawConnection]], name: str
) -> None:
    method, path, body = REQUESTS[name]
    sent = None if body is None else json.dumps(body).encode()

    async def work() -> None:
        await (await connect()).request(method, path, [bearer(BOTH)], sent)

    assert await gone(work) == {}


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_of_a_reply_that_breaks_nothing_remains(
    backend: Backend, gone: Gone, connect: Callable[[], Awaitable[RawConnection]], path: str
) -> None:
    backend.on("/api/chat", CutMidLine())
    sent = json.dumps({**CHAT, "stream": True}).encode()

    async def work() -> None:
        await (await connect()).request("POST", path, [bearer(BOTH)], sent)

    assert await gone(work) == {}


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/messages"])
async def test_of_a_client_that_leaves_nothing_remains(
    backend: Backend, gone: Gone, connect: Callable[[], Awaitable[RawConnection]], path: str
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(LINES[0], gate))
    sent = json.dumps({**CHAT, "stream": True, "max_tokens": 9}).encode()

    async def work() -> None:
        client = await connect()
        await client.send_request("POST", path, [bearer(BOTH)], sent)
        await client.read_head()
        client.leave()

    assert await gone(work) == {}


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_of_a_chat_on_a_socket_nothing_remains(
    gone: Gone, http_server: object, http_port: int
) -> None:
    socket = await websocket_connect(f"ws://127.0.0.1:{http_port}/ws")
    await socket.write_message(json.dumps({"type": "auth", "token": BOTH}))

    async def work() -> None:
        await socket.write_message(json.dumps({"type": "chat", "id": "c", **CHAT}))
        kind = ""
        while kind != "done":
            message = await socket.read_message()
            assert message is not None
            kind = json.loads(message)["type"]
            assert kind != "error", message

    assert await gone(work) == {}
    socket.close()
