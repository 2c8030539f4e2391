"""Whatever phase a request is in when its client leaves, Ollama sees its connection close.

So that it stops computing for nobody (docs/native-api.md, When a client leaves). Also where
nothing was streamed.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from ..backend import (
    Backend,
    Exchange,
    SlowHeaders,
    StallBeforeHeaders,
    StallMidLine,
    Stream,
)
from ..backend.network import connecting_to, full_backlog
from ..waiting import settled, until

pytestmark = pytest.mark.gen_test


def request(path: str, stream: bool) -> bytes:
    """A body that the path takes."""
    body: dict[str, Any] = {"model": "smollm2"}
    if "chat" in path:
        body["messages"] = [{"role": "user", "content": "x"}]
    elif "embed" in path:
        body["input"] = "x"
    elif "pull" not in path:
        body["prompt"] = "x"
    if "embed" not in path:
        body["stream"] = stream
    return json.dumps(body).encode()


CHAT = request("/api/chat", True)

DOORS = [
    ("/api/chat", "/api/chat", True),
    ("/api/chat", "/api/chat", False),
    ("/api/generate", "/api/generate", True),
    ("/api/embed", "/api/embed", False),
    ("/sys/pull", "/api/pull", True),
    ("/v1/chat/completions", "/api/chat", True),
    ("/v1/chat/completions", "/api/chat", False),
    ("/v1/completions", "/api/generate", True),
    ("/v1/completions", "/api/generate", False),
    ("/v1/embeddings", "/api/embed", False),
]

doors = pytest.mark.parametrize(("path", "target", "stream"), DOORS)


class TestWhileConnecting:
    @pytest.fixture
    def blocked_port(self) -> Iterator[int]:
        with full_backlog() as port:
            yield port

    @pytest.fixture
    def config(self, blocked_port: int) -> Any:
        return {"service": {"base_url": f"http://127.0.0.1:{blocked_port}"}}

    @doors
    async def test_the_attempt_is_given_up(
        self, connect: Any, blocked_port: int, path: str, target: str, stream: bool
    ) -> None:
        before = connecting_to(blocked_port)
        client = await connect()
        await client.send_request("POST", path, body=request(path, stream))
        await until(lambda: connecting_to(blocked_port) == before + 1, "the gateway connects")
        client.leave()
        await until(lambda: connecting_to(blocked_port) == before, "it has given up")


@doors
async def test_before_the_first_byte(
    connect: Any, backend: Backend, path: str, target: str, stream: bool
) -> None:
    backend.on(target, StallBeforeHeaders())
    client = await connect()
    await client.send_request("POST", path, body=request(path, stream))
    exchange = await backend.next_request(target)
    client.leave()
    await exchange.closed.wait()


@doors
async def test_in_the_middle_of_the_headers(
    connect: Any, backend: Backend, path: str, target: str, stream: bool
) -> None:
    gate = asyncio.Event()
    backend.on(target, SlowHeaders(gate=gate))
    client = await connect()
    await client.send_request("POST", path, body=request(path, stream))
    exchange = await backend.next_request(target)
    await until(lambda: exchange.sent == 20, "half of the head is out")
    client.leave()
    await exchange.closed.wait()
    gate.set()


@doors
async def test_in_the_middle_of_the_reply(
    connect: Any, backend: Backend, path: str, target: str, stream: bool
) -> None:
    backend.on(target, StallMidLine(lines=2))
    client = await connect()
    await client.send_request("POST", path, body=request(path, stream))
    exchange = await backend.next_request(target)
    if not path.startswith("/v1") or stream:
        await client.read_head()
    await until(lambda: exchange.sent > 0, "the reply has begun")
    client.leave()
    await exchange.closed.wait()


@pytest.mark.parametrize("stall", [StallBeforeHeaders(), StallMidLine()], ids=["silent", "mid"])
async def test_a_half_close_counts_as_leaving(connect: Any, backend: Backend, stall: Any) -> None:
    """A sender that has closed looks the same as one that died; nobody computes on suspicion."""
    backend.on("/api/chat", stall)
    client = await connect()
    await client.send_request("POST", "/api/chat", body=CHAT)
    exchange = await backend.next_request("/api/chat")
    if isinstance(stall, StallMidLine):
        await client.read_chunk(await client.read_head())
    client.writer.write_eof()
    async with asyncio.timeout(5):
        await exchange.closed.wait()


async def test_a_slow_reader_that_leaves(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", Stream(*[b"x" * 65536] * 2000))
    client = await connect()
    await client.send_request("POST", "/api/chat", body=CHAT)
    exchange = await backend.next_request("/api/chat")
    await until(lambda: exchange.sent > 4 << 20, "the stream fills the buffers")
    client.leave()
    await exchange.closed.wait()
    assert exchange.sent < 2000 * 65536


async def test_a_client_that_resets(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", StallMidLine())
    client = await connect()
    await client.send_request("POST", "/api/chat", body=CHAT)
    exchange = await backend.next_request("/api/chat")
    sock = client.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.leave()
    await exchange.closed.wait()


async def test_in_the_middle_of_its_own_upload(connect: Any, backend: Backend) -> None:
    async def read(exchange: Exchange) -> None:
        await exchange.read_body()

    backend.on("*", read)
    client = await connect()
    headers = [("Content-Length", "50000000")]
    await client.send_request("POST", "/api/blobs/sha256:" + "0" * 64, headers)
    await client.send(b"x" * 100_000)
    exchange = await backend.next_request()
    await until(lambda: exchange.received == 100_000, "the piece has arrived")
    client.leave()
    await exchange.closed.wait()
    assert not exchange.body_complete.is_set()


async def test_in_the_middle_of_a_json_body(connect: Any, backend: Backend) -> None:
    client = await connect()
    await client.send_request("POST", "/api/chat", [("Content-Length", "1000")], b'{"model":')
    client.leave()
    other = await connect()
    assert (await other.request("GET", "/api/version")).status == 200
    assert not backend.requests("/api/chat")


async def test_after_an_upload_while_ollama_thinks(connect: Any, backend: Backend) -> None:
    backend.on("*", StallBeforeHeaders())
    client = await connect()
    body = b"x" * 3_000_000
    await client.send_request("POST", "/api/blobs/sha256:" + "0" * 64, body=body)
    exchange = await backend.next_request()
    await exchange.body_complete.wait()
    client.leave()
    await exchange.closed.wait()


async def test_while_ollama_does_not_read_the_upload(connect: Any, backend: Backend) -> None:
    wake = asyncio.Event()
    sent = 0

    async def ignore(exchange: Exchange) -> None:
        await wake.wait()
        await exchange.read_body()

    async def upload() -> None:
        nonlocal sent
        while True:
            await client.send(b"x" * 65536)
            sent += 65536

    backend.keep_bodies = False
    backend.on("*", ignore)
    client = await connect()
    target = "/api/blobs/sha256:" + "0" * 64
    await client.send_request("POST", target, [("Content-Length", "500000000")])
    uploading = asyncio.ensure_future(upload())
    exchange = await backend.next_request()
    await settled(lambda: sent)
    uploading.cancel()
    client.leave()
    wake.set()  # nothing can be seen of a close behind bytes that nobody reads
    await exchange.closed.wait()
    assert not exchange.body_complete.is_set()


async def test_the_neighbours_stream_on(connect: Any, backend: Backend) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", Stream(b"one\n", gate, b"two\n"))
    clients = [await connect() for _ in range(10)]
    heads = []
    for client in clients:
        await client.send_request("POST", "/api/chat", body=CHAT)
    for client in clients:
        heads.append(await client.read_head())
        assert await client.read_chunk(heads[-1]) == b"one\n"
    for client in clients[::2]:
        client.leave()
    await until(
        lambda: sum(exchange.closed.is_set() for exchange in backend.exchanges) == 5,
        "half of the connections close",
    )
    gate.set()
    for client, head in list(zip(clients, heads, strict=True))[1::2]:
        rest = await client.read_body(head)
        assert rest.complete and rest.body == b"two\n"


@pytest.mark.parametrize("surplus", [b"\r\n", b"GET /health/live HTTP/1.1\r\n"])
@pytest.mark.parametrize("behaviour", [StallBeforeHeaders, StallMidLine])
async def test_with_bytes_behind_its_request(
    connect: Any, backend: Backend, surplus: bytes, behaviour: Any
) -> None:
    """Tornado does not listen while something lies unread; the sweep looks in its place."""
    backend.on("/api/chat", behaviour())
    client = await connect()
    sent = CHAT
    head = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    await client.send(head % len(sent) + sent + surplus)
    exchange = await backend.next_request("/api/chat")
    client.leave()
    await exchange.closed.wait()
