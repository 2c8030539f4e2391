"""The queue in front of Ollama, over HTTP: who waits, in which order, and who never asks.

On sockets, where a client sees its place: `test_socket_queue.py`. The order itself, in every
order of things: `tests/dispatch/test_queue.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.access.routes import ROUTES
from tornado_ollama.errors import ShuttingDown
from tornado_ollama.handlers import event_stream

from ..backend import (
    Backend,
    CutMidLine,
    Exchange,
    NdjsonStream,
    Reply,
    Reset,
    StallBeforeHeaders,
    StallMidLine,
    Stream,
)
from ..raw_client import RawConnection, RawResponse
from ..waiting import settled, until
from .busy import ONE, Busy, waiting
from .keys import BOTH, GENERATE, SECURED, bearer
from .sockets import reload
from .test_auth_matrix import BODY, SAMPLES

pytestmark = pytest.mark.gen_test

one = pytest.mark.parametrize("config", [ONE], ids=["one"])

TRANSCRIPTIONS = "/v1/audio/transcriptions"
MESSAGES = "/v1/messages"
CHAT = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}]}'
V1_STREAM = CHAT[:-1] + b',"stream":true}'
DONE = {"model": "smollm2", "message": {"content": "Hi"}, "done": True, "done_reason": "stop"}

BODIES = {
    "/v1/chat/completions": CHAT,
    "/v1/completions": b'{"model":"smollm2","prompt":"x"}',
    "/v1/embeddings": b'{"model":"smollm2","input":"x"}',
    MESSAGES: CHAT[:-1] + b',"max_tokens":9}',
    "/v1/responses": b'{"model":"smollm2","input":"x"}',
}
"""What the stricter routes take; the others take anything."""

WAITS = {
    "/api/chat": "/api/chat",
    "/api/generate": "/api/generate",
    "/api/embed": "/api/embed",
    "/api/embeddings": "/api/embeddings",
    "/v1/chat/completions": "/api/chat",
    "/v1/completions": "/api/generate",
    "/v1/embeddings": "/api/embed",
    MESSAGES: "/api/chat",
    "/v1/responses": "/api/chat",
    TRANSCRIPTIONS: TRANSCRIPTIONS,
}
"""What waits for a turn, and where it goes at Ollama; nothing else does."""

DOORS = [
    *(pytest.param(path, BODIES.get(path, BODY), id=path) for path in WAITS),
    pytest.param("/api/chat", CHAT, id="/api/chat, streamed"),
    pytest.param("/v1/chat/completions", V1_STREAM, id="/v1/chat/completions, streamed"),
    pytest.param(TRANSCRIPTIONS, b"x" * 3_000_000, id="an upload in pieces"),
    pytest.param("/api/chat", CHAT[:-1] + b" " * 3_000_000 + b"}", id="a large body in pieces"),
]
doors = pytest.mark.parametrize(("path", "body"), DOORS)


def sentence(response: RawResponse) -> str:
    error = response.json()["error"]
    return str(error if isinstance(error, str) else error["message"])


@contextlib.asynccontextmanager
async def sending(client: RawConnection, path: str, body: bytes) -> AsyncIterator[None]:
    """Sends a request whose body may not be taken before its turn, if ever."""
    sent = asyncio.ensure_future(client.send_request("POST", path, (), body))
    yield
    sent.cancel()
    await asyncio.wait([sent])
    assert sent.cancelled() or isinstance(sent.exception(), ConnectionError | None)


async def queued_chat(connect: Any, app: Any, place: int = 1, **more: Any) -> RawConnection:
    """A client whose chat waits at this place."""
    client: RawConnection = await connect()
    await client.send_request("POST", "/api/chat", more.get("headers", ()), CHAT)
    await waiting(app, place)
    return client


# -- who waits --------------------------------------------------------------------------------


@one
@pytest.mark.parametrize(
    ("path", "method"),
    [
        pytest.param(route.path, method, id=f"{method} {route.path}")
        for route in ROUTES
        for method in route.methods
        if route.path != "/ws"
    ],
)
async def test_what_makes_ollama_compute_waits_and_nothing_else(
    connect: Any, app: Any, backend: Backend, config: Any, path: str, method: str
) -> None:
    busy = Busy(app)
    client = await connect()
    target = SAMPLES.get(f"{method} {path}") or SAMPLES.get(path, path)
    body = BODIES.get(path, BODY) if method in ("POST", "DELETE") else None
    await client.send_request(method, target, (), body)
    if path in WAITS and method == "POST":
        await waiting(app, 1)
        assert await settled(lambda: len(backend.exchanges)) == 0
        busy.over()
        assert (await backend.next_request()).path == WAITS[path]
    assert (await client.read_response(head_only=method == "HEAD")).status not in (503, 504)
    busy.over()


async def test_without_a_limit_nobody_waits(connect: Any, app: Any, backend: Backend) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    for _ in range(20):
        await (await connect()).send_request("POST", "/api/chat", (), CHAT)
    await until(lambda: len(backend.exchanges) == 20, "all are asked")
    assert app.queue.waiting == 0


@one
@doors
async def test_who_waited_is_served_like_any_other(
    connect: Any, app: Any, backend: Backend, config: Any, path: str, body: bytes
) -> None:
    client = await connect()
    at_once = await client.request("POST", path, (), body)
    busy = Busy(app)
    async with sending(client, path, body):
        await waiting(app, 1)
        busy.over()
        later = await client.read_response()
    assert (later.status, later.complete) == (at_once.status, True)
    assert bytes(backend.exchanges[0].body) == bytes(backend.exchanges[1].body)


class Meter:
    """A behaviour that counts how many of its kind run at once; each ends when it may."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.ending = asyncio.Semaphore(0)
        self.asked: list[str] = []

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        self.asked.append(exchange.header("x-request-id") or "")
        self.running += 1
        self.most = max(self.most, self.running)
        await self.ending.acquire()
        self.running -= 1
        await Reply(json.dumps(DONE | {"response": "", "embeddings": [[1]]}).encode())(exchange)


@pytest.mark.parametrize("config", [{"limits": {"max_parallel": 3}}], ids=["three"])
async def test_the_limit_holds_over_all_doors_and_the_first_to_come_is_the_first_to_go(
    connect: Any, app: Any, backend: Backend, config: Any
) -> None:
    meter = Meter()
    backend.on("*", meter)
    clients = []
    for number in range(24):
        path = [path for path in WAITS if path != TRANSCRIPTIONS][number % 7]
        clients.append(await connect())
        headers = [("X-Request-Id", str(number))]
        await clients[-1].send_request("POST", path, headers, BODIES.get(path, BODY))
        await waiting(app, max(0, number - 2))

    def moved_up(ended: int) -> bool:
        return len(meter.asked) == min(ended + 3, 24)

    def at_most(running: int) -> bool:
        return meter.running <= running

    for number in range(24):
        await until(partial(moved_up, number), "they move up")
        meter.ending.release()
        await until(partial(at_most, 23 - number), "one has ended")
    for client in clients:
        assert (await client.read_response()).status == 200
    assert meter.most == 3
    assert sorted(meter.asked[:3], key=int) + meter.asked[3:] == [str(n) for n in range(24)]


@pytest.mark.parametrize("config", [{"limits": {"max_parallel": 2, "max_queued": 0}}], ids=["two"])
@pytest.mark.parametrize("stream", [True, False])
async def test_choices_of_one_request_never_fill_the_queue_by_themselves(
    connect: Any, backend: Backend, config: Any, stream: bool
) -> None:
    backend.on("/api/chat", NdjsonStream(DONE) if stream else Reply(json.dumps(DONE).encode()))
    body = json.dumps(json.loads(CHAT) | {"n": 5, "stream": stream}).encode()
    response = await (await connect()).request("POST", "/v1/chat/completions", (), body)
    assert response.status == 200
    assert b"error" not in response.body
    assert len(backend.exchanges) == 5


# -- who leaves, who is refused ---------------------------------------------------------------


@one
@doors
async def test_a_client_that_leaves_the_queue_is_never_asked_for(
    connect: Any, app: Any, backend: Backend, config: Any, path: str, body: bytes
) -> None:
    busy = Busy(app)
    client = await connect()
    await client.send_request("POST", path, (), body)
    await waiting(app, 1)
    behind = await queued_chat(connect, app, 2)
    client.leave()
    await waiting(app, 1)
    busy.over()
    assert (await behind.read_response()).status == 200
    assert len(backend.exchanges) == 1


@one
@pytest.mark.parametrize("path", WAITS)
@pytest.mark.parametrize("framing", [("Content-Length", "50000"), ("Transfer-Encoding", "chunked")])
async def test_a_body_that_stands_still_holds_no_slot(
    connect: Any, app: Any, backend: Backend, config: Any, path: str, framing: tuple[str, str]
) -> None:
    stalled = await connect()
    await stalled.send_request("POST", path, [framing])
    await stalled.send(b"4\r\n    \r\n" if framing[1] == "chunked" else b"    ")
    assert (await (await connect()).request("POST", "/api/chat", (), CHAT)).status == 200
    assert app.queue.waiting == 0
    assert len(backend.exchanges) == 1


@pytest.mark.parametrize("config", [{"limits": {"max_parallel": 1, "max_queued": 1}}], ids=["full"])
@doors
async def test_a_full_queue_says_when_to_come_back(
    connect: Any, app: Any, backend: Backend, config: Any, path: str, body: bytes
) -> None:
    busy = Busy(app)
    await queued_chat(connect, app)
    response = await (await connect()).request("POST", path, (), body)
    assert response.status == 503
    assert int(response.header("retry-after") or 0) > 0
    assert "limits.max_queued" in sentence(response)
    if path.startswith("/v1") and path != MESSAGES:  # whose errors have types and no codes
        assert response.json()["error"]["code"] == "queue_full"
    assert app.queue.waiting == 1
    busy.over()


@pytest.mark.parametrize(
    "config", [{"limits": {"max_parallel": 1, "queue_timeout": 0.05}}], ids=["hasty"]
)
@doors
async def test_a_turn_that_does_not_come_in_time_is_not_waited_for(
    connect: Any, app: Any, backend: Backend, config: Any, path: str, body: bytes
) -> None:
    busy = Busy(app)
    client = await connect()
    response = await client.request("POST", path, (), body)
    assert response.status == 504
    assert "limits.queue_timeout" in sentence(response)
    if path.startswith("/v1") and path != MESSAGES:  # whose errors have types and no codes
        assert response.json()["error"]["code"] == "queue_timeout"
    assert app.queue.waiting == 0
    busy.over()
    assert (await (await connect()).request("POST", "/api/chat", (), CHAT)).status == 200
    assert len(backend.exchanges) == 1


# -- clocks and signs of life -----------------------------------------------------------------


@pytest.mark.parametrize("config", [ONE | {"service": {"load_timeout": 0.05}}], ids=["short"])
async def test_the_clock_of_loading_begins_with_the_turn(
    connect: Any, app: Any, config: Any
) -> None:
    busy = Busy(app)
    client = await queued_chat(connect, app)
    for _ in range(3):
        await asyncio.sleep(0.05)
    assert app.queue.waiting == 1
    busy.over()
    assert (await client.read_response()).status == 200


@one
@pytest.mark.parametrize("comes", [True, False])
async def test_a_stream_of_events_gives_signs_of_life_while_it_waits(
    connect: Any, app: Any, monkeypatch: pytest.MonkeyPatch, config: Any, comes: bool
) -> None:
    monkeypatch.setattr(event_stream, "FIRST_PING_S", 0.01)
    busy = Busy(app)
    client = await connect()
    await client.send_request("POST", "/v1/chat/completions", (), V1_STREAM)
    head = await client.read_head()
    assert (await client.read_chunk(head)).startswith(b":")
    if comes:
        busy.over()
        assert (await client.read_body(head)).body.endswith(b"data: [DONE]\n\n")
    else:
        app.fail_all(ShuttingDown())
        last = (await client.read_body(head)).body.split(b"\n\n")[-2]
        assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "shutting_down"
    busy.over()


@one
async def test_nothing_else_is_sent_while_a_request_waits(
    connect: Any, app: Any, config: Any
) -> None:
    busy = Busy(app)
    client = await queued_chat(connect, app)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.reader.read(1)
    busy.over()
    assert (await client.read_response()).status == 200


# -- the turn is given back -------------------------------------------------------------------


@pytest.mark.parametrize(
    "config", [ONE | {"service": {"load_timeout": 0.2, "timeout": 0.05}}], ids=["quick"]
)
@pytest.mark.parametrize(
    "ending",
    [
        NdjsonStream(DONE),
        Reply(b'{"error":"no"}', 500),
        Reset(),
        CutMidLine(),
        StallMidLine(),
        StallBeforeHeaders(),
        NdjsonStream(b"nonsense\n"),
        NdjsonStream(),
    ],
    ids=lambda ending: type(ending).__name__,
)
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_turn_is_given_back_however_it_ends(
    connect: Any, app: Any, backend: Backend, config: Any, ending: Any, path: str
) -> None:
    backend.on("/api/chat", ending, NdjsonStream(DONE))
    busy = Busy(app)
    first = await connect()
    await first.send_request("POST", path, (), V1_STREAM)
    await waiting(app, 1)
    second = await queued_chat(connect, app, 2)
    busy.over()
    await first.read_response()
    assert (await second.read_response()).complete
    assert app.queue.waiting == 0


@one
@pytest.mark.parametrize("stall", [StallBeforeHeaders(), StallMidLine()], ids=["silent", "mid"])
async def test_a_turn_is_given_back_by_a_client_that_leaves(
    connect: Any, app: Any, backend: Backend, config: Any, stall: Any
) -> None:
    backend.on("/api/chat", stall, NdjsonStream(DONE))
    first = await connect()
    await first.send_request("POST", "/api/chat", (), CHAT)
    await backend.next_request()
    second = await queued_chat(connect, app)
    first.leave()
    assert (await second.read_response()).complete


# -- when the settings change -----------------------------------------------------------------


@one
async def test_a_reload_with_a_higher_limit_lets_the_waiting_go(
    connect: Any, app: Any, config_file: Path, config: Any
) -> None:
    busy = Busy(app)
    clients = [await queued_chat(connect, app, place) for place in (1, 2, 3)]
    reload(app, config_file, {"limits": {"max_parallel": 3}})
    for client in clients:
        assert (await client.read_response()).status == 200
    busy.over()


async def test_a_reload_may_bring_a_limit(
    connect: Any, app: Any, backend: Backend, config_file: Path
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", Stream(gate), NdjsonStream(DONE))
    running = await connect()
    await running.send_request("POST", "/api/chat", (), CHAT)
    await backend.next_request()
    reload(app, config_file, ONE)
    client = await queued_chat(connect, app)
    gate.set()
    assert (await client.read_response()).status == 200


@one
async def test_a_reload_with_a_shorter_clock_holds_for_those_that_wait(
    connect: Any, app: Any, config_file: Path, config: Any
) -> None:
    busy = Busy(app)
    client = await queued_chat(connect, app)
    reload(app, config_file, {"limits": {"max_parallel": 1, "queue_timeout": 0.01}})
    response = await client.read_response()
    assert (response.status, app.queue.waiting) == (504, 0)
    busy.over()


@pytest.mark.parametrize("config", [SECURED | ONE], ids=["secured"])
async def test_a_credential_that_is_withdrawn_in_the_queue_asks_for_nothing(
    connect: Any, app: Any, backend: Backend, config_file: Path, config: Any
) -> None:
    await (await connect()).request("GET", "/api/tags", [bearer(BOTH)])  # leaves a connection
    busy = Busy(app)
    gone = await queued_chat(connect, app, headers=[bearer(GENERATE)])
    stays = await queued_chat(connect, app, 2, headers=[bearer(BOTH)])
    chief = {"auth": {"generate_tokens": [{"name": "chief", "token": BOTH}]}}
    reload(app, config_file, chief | {"limits": {"max_parallel": 2}})  # and there would be a turn
    assert await gone.at_eof()
    assert (await stays.read_response()).status == 200
    assert len(backend.requests("/api/chat")) == 1
    busy.over()


# -- going down -------------------------------------------------------------------------------


@one
async def test_the_queue_goes_on_while_the_gateway_drains(
    connect: Any, app: Any, config: Any
) -> None:
    busy = Busy(app)
    clients = [await queued_chat(connect, app, place) for place in (1, 2)]
    app.begin_drain()
    busy.over()
    for client in clients:
        response = await client.read_response()
        assert (response.status, response.complete) == (200, True)


@pytest.mark.parametrize("config", [ONE | {"listen": {"drain_timeout": 0.2}}], ids=["short"])
async def test_what_still_waits_at_the_end_is_told_so(
    gateway_process: Callable[..., Any], backend: Backend, config: Any
) -> None:
    backend.on("/api/chat", StallMidLine())
    process = await gateway_process()
    clients = []
    health = await RawConnection(process.port).open()
    for queued, path in enumerate(("/api/chat", "/api/chat", "/v1/chat/completions")):
        clients.append(await RawConnection(process.port).open())
        await clients[-1].send_request("POST", path, (), CHAT)
        while (await health.request("GET", "/health")).json()["queued"] != queued:
            await asyncio.sleep(0.005)
    health.leave()
    await backend.next_request("/api/chat")
    process.signal(signal.SIGTERM)
    for client in clients[1:]:
        response = await client.read_response()
        assert (response.status, sentence(response)) == (503, ShuttingDown().message)
        assert response.header("retry-after")
    assert await process.wait() == 0
    assert len(backend.requests("/api/chat")) == 1
    for client in clients:
        client.leave()


@one
async def test_closing_the_application_empties_the_queue(
    connect: Any, app: Any, backend: Backend, config: Any
) -> None:
    busy = Busy(app)
    client = await queued_chat(connect, app)
    await app.close()
    assert (await client.read_response()).status == 503
    await waiting(app, 0)
    busy.over()
    assert not backend.exchanges


@one
async def test_health_says_how_many_wait(connect: Any, app: Any, config: Any) -> None:
    busy = Busy(app)
    for place in (1, 2):
        await queued_chat(connect, app, place)
    assert (await (await connect()).request("GET", "/health")).json()["queued"] == 2
    busy.over()
