"""Every way in which Ollama can fail becomes one of three errors, and never hangs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tornado_ollama.errors import (
    ClientStalled,
    GatewayError,
    ShuttingDown,
    UpstreamBroken,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from tornado_ollama.upstream import exchange
from tornado_ollama.upstream.client import UpstreamClient

from ..backend import (
    Backend,
    CutMidLine,
    GarbageStatusLine,
    HugeHeaders,
    Informational,
    Reply,
    Reset,
    SlowHeaders,
    StallBeforeHeaders,
    StallMidLine,
    Stream,
    WrongContentLength,
)
from ..backend.network import full_backlog, refusing_port
from .conftest import Fetch

pytestmark = pytest.mark.gen_test


async def test_nobody_listens(fetch: Fetch) -> None:
    with pytest.raises(UpstreamUnavailable) as caught:
        await fetch(url=f"http://127.0.0.1:{refusing_port()}/api/chat")
    assert caught.value.retry_after


async def test_the_host_name_is_not_known(fetch: Fetch) -> None:
    with pytest.raises(UpstreamUnavailable):
        await fetch(url="http://no-such-host.invalid/api/chat")


async def test_nobody_accepts(fetch: Fetch) -> None:
    with full_backlog() as port, pytest.raises(UpstreamTimeout, match="service.connect_timeout"):
        await fetch(url=f"http://127.0.0.1:{port}/", connect_timeout=0.05)


@pytest.mark.parametrize(
    "fault",
    [
        Reset(),
        pytest.param(CutMidLine(), id="CutMidLine()"),
        pytest.param(CutMidLine(reset=True), id="CutMidLine(reset=True)"),
        WrongContentLength(),
        GarbageStatusLine(),
        GarbageStatusLine(b"HTTP/1.1 two hundred OK\r\n\r\n"),
        GarbageStatusLine(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        GarbageStatusLine(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
        GarbageStatusLine(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        GarbageStatusLine(b"HTTP/1.1 200 OK\r\nContent-Type: appl"),
        GarbageStatusLine(b""),
        HugeHeaders(),
        Informational(Reply(b"{}"), 11),
    ],
    ids=repr,
)
async def test_a_broken_reply(fetch: Fetch, backend: Backend, fault: Any) -> None:
    backend.on("/api/chat", fault)
    with pytest.raises(UpstreamBroken) as caught:
        await fetch(streaming_callback=lambda data: None)
    assert "\n" not in str(caught.value) and "Errno" not in str(caught.value)
    await backend.exchanges[0].closed.wait()


async def test_a_close_before_the_reply_is_not_an_empty_reply(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/tags", GarbageStatusLine(b""))
    with pytest.raises(UpstreamBroken):
        await fetch("/api/tags", "GET")


async def test_what_came_before_the_break_was_handed_over(fetch: Fetch, backend: Backend) -> None:
    fault = CutMidLine(lines=3)
    backend.on("/api/chat", fault)
    pieces: list[bytes] = []
    with pytest.raises(UpstreamBroken):
        await fetch(streaming_callback=pieces.append)
    assert b"".join(pieces) == b"".join(p for p in fault.pieces if isinstance(p, bytes))


async def test_a_stall_before_the_headers_ends_by_its_clock(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    with pytest.raises(UpstreamTimeout, match="service.load_timeout"):
        await fetch(first_byte_timeout=0.05)
    await backend.exchanges[0].closed.wait()


async def test_a_stall_in_the_headers_ends_by_its_clock(fetch: Fetch, backend: Backend) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", SlowHeaders(gate=gate))
    with pytest.raises(UpstreamTimeout, match="service.load_timeout"):
        await fetch(first_byte_timeout=0.05)
    await backend.exchanges[0].closed.wait()
    gate.set()


async def test_a_stall_mid_line_ends_by_its_clock(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", StallMidLine())
    with pytest.raises(UpstreamTimeout, match="service.timeout"):
        await fetch(idle_timeout=0.05, streaming_callback=lambda data: None)
    await backend.exchanges[0].closed.wait()


async def test_slow_headers_are_awaited_while_the_clock_allows(
    fetch: Fetch, backend: Backend
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", SlowHeaders(b'{"a":1}', gate=gate))
    reply = fetch()
    await backend.next_request()
    gate.set()
    assert (await reply).body == b'{"a":1}'


async def test_closing_the_client_ends_what_is_under_way(
    fetch: Fetch, backend: Backend, client: UpstreamClient
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    reply = fetch()
    exchange = await backend.next_request()
    client.close()
    with pytest.raises(ShuttingDown):
        await reply
    await exchange.closed.wait()


async def test_closing_the_client_right_after_a_cancel_is_quiet(
    fetch: Fetch, backend: Backend, client: UpstreamClient
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    waiting = fetch()
    exchange = await backend.next_request()
    connecting = fetch()
    waiting.cancel()
    connecting.cancel()
    client.close()
    await exchange.closed.wait()


async def test_one_failure_does_not_touch_its_neighbours(fetch: Fetch, backend: Backend) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", SlowHeaders(b"{}", gate=gate))
    backend.on("/api/generate", Reset())
    good = fetch("/api/chat")
    await backend.next_request("/api/chat")
    with pytest.raises(UpstreamBroken):
        await fetch("/api/generate")
    gate.set()
    assert (await good).code == 200


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example"])
async def test_a_host_name_that_cannot_be(fetch: Fetch, host: str) -> None:
    with pytest.raises(UpstreamUnavailable):
        await fetch(url=f"http://{host}:11434/api/chat")


@pytest.mark.parametrize("callback", ["head_callback", "streaming_callback"])
async def test_a_callback_that_fails_ends_the_fetch(
    fetch: Fetch, backend: Backend, expect_log: Any, callback: str
) -> None:
    expect_log("tornado_ollama.upstream.failures", "unforeseen")

    def fail(_: object) -> None:
        raise KeyError("a mistake of ours")

    with pytest.raises(GatewayError, match="log says more"):
        await fetch(**{callback: fail})
    await backend.exchanges[0].closed.wait()


async def test_a_client_that_takes_nothing_ends_the_fetch(
    fetch: Fetch, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "STALLED_CLIENT_S", 0.05)
    backend.on("/api/chat", Stream(b"one\n", asyncio.Event()))
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with pytest.raises(ClientStalled):
        await fetch(streaming_callback=lambda data: never, idle_timeout=0.1)
    await backend.exchanges[0].closed.wait()
    never.cancel()


async def test_after_the_end_nothing_is_fetched(client: UpstreamClient, backend: Backend) -> None:
    client.close()
    with pytest.raises(ShuttingDown):
        await client.fetch(backend.url)
