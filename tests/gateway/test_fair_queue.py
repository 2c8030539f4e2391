"""Callers share the queue, over HTTP: whose turn it is, and how each hears of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tornado_ollama.handlers import event_stream

from ..backend import Backend, Exchange, Reply
from ..raw_client import RawConnection
from ..waiting import until
from .busy import Busy, waiting
from .keys import BOTH, GENERATE, MANAGE, SECURED, bearer
from .sockets import socket
from .test_queue import CHAT, DONE, MESSAGES, V1_STREAM

pytestmark = pytest.mark.gen_test

ONE_SLOT = SECURED | {"limits": {"max_parallel": 1}}
one_slot = pytest.mark.parametrize("config", [ONE_SLOT], ids=["one"])


WHO = {GENERATE: "writer", BOTH: "chief"}


async def chat(connect: Any, token: str, path: str = "/api/chat", body: bytes = CHAT) -> Any:
    client: RawConnection = await connect()
    await client.send_request("POST", path, [bearer(token), ("X-Request-Id", WHO[token])], body)
    return client


@one_slot
async def test_one_request_among_fifty_greedy_ones_starts_when_the_first_has_ended(
    connect: Any, app: Any, backend: Backend, config: Any
) -> None:
    asked: list[str] = []
    go_on = asyncio.Semaphore(0)

    async def slow(exchange: Exchange) -> None:
        await exchange.read_body()
        asked.append(exchange.header("x-request-id") or "")
        await go_on.acquire()
        await Reply(json.dumps(DONE).encode())(exchange)

    backend.on("/api/chat", slow)
    greedy = [await chat(connect, GENERATE) for _ in range(50)]
    await waiting(app, 49)
    other = await chat(connect, BOTH)
    await waiting(app, 50)
    go_on.release()
    await until(lambda: len(asked) == 2, "the next one has begun")
    assert asked[1] == WHO[BOTH]
    for _ in range(50):
        go_on.release()
    for client in (*greedy, other):
        assert (await client.read_response()).status == 200


@one_slot
async def test_every_answer_says_where_its_request_began_to_wait(
    connect: Any, app: Any, config: Any
) -> None:
    busy = Busy(app)
    paths = ("/api/chat", "/v1/chat/completions", "/v1/embeddings")
    bodies = (CHAT, CHAT, b'{"model":"smollm2","input":"x"}')
    clients = []
    for number, (path, body) in enumerate(zip(paths, bodies, strict=True), 1):
        clients.append(await chat(connect, GENERATE, path, body))
        await waiting(app, number)
    busy.over()
    for position, client in enumerate(clients, 1):
        assert (await client.read_response()).header("x-queue-position") == str(position)
    at_once = await chat(connect, GENERATE)
    assert (await at_once.read_response()).header("x-queue-position") is None


@pytest.mark.parametrize(
    "config", [ONE_SLOT | {"limits": {"max_parallel": 1, "queue_timeout": 0.05}}], ids=["hasty"]
)
async def test_so_does_one_that_waited_in_vain(connect: Any, app: Any, config: Any) -> None:
    busy = Busy(app)
    response = await (await chat(connect, GENERATE)).read_response()
    assert (response.status, response.header("x-queue-position")) == (504, "1")
    busy.over()


@one_slot
@pytest.mark.parametrize(
    ("path", "heartbeat"),
    [
        ("/v1/chat/completions", b": keep-alive\n"),
        (MESSAGES, b'event: ping\ndata: {"type":"ping"}\n\n'),
    ],
)
async def test_a_stream_of_events_tells_the_position_with_its_first_heartbeat_and_its_changes(
    connect: Any,
    app: Any,
    config: Any,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    heartbeat: bytes,
) -> None:
    monkeypatch.setattr(event_stream, "FIRST_PING_S", 0.01)
    busy = Busy(app)
    before = await chat(connect, GENERATE)
    await waiting(app, 1)
    body = V1_STREAM if path != MESSAGES else V1_STREAM[:-1] + b',"max_tokens":9}'
    client = await chat(connect, GENERATE, path, body)
    head = await client.read_head()
    assert head.header("x-queue-position") == "2"
    first = await client.read_chunk(head)
    assert first.startswith(b": queue position 2\n") and first.endswith(heartbeat)
    before.leave()
    assert await client.read_chunk(head) == b": queue position 1\n"
    busy.over()
    assert (await client.read_body(head)).complete


@one_slot
async def test_the_queue_shows_everybody_their_own_and_the_manager_all(
    connect: Any, app: Any, config: Any
) -> None:
    busy = Busy(app)
    clients = [await chat(connect, GENERATE), await chat(connect, BOTH)]
    await waiting(app, 2)

    async def shown(token: str) -> list[tuple[object, ...]]:
        response = await (await connect()).request("GET", "/queue", [bearer(token)])
        assert response.status == 200
        told = response.json()
        assert (told["running"], told["waiting"], told["max_parallel"]) == (1, 2, 1)
        return [
            (row["credential"], row["model"], row["position"], row.get("client"))
            for row in told["requests"]
        ]

    writer = ("writer", "smollm2", 1, None)
    assert await shown(GENERATE) == [writer]
    everybody = [("writer", "smollm2", 1, "127.0.0.1"), ("chief", "smollm2", 2, "127.0.0.1")]
    assert await shown(MANAGE) == await shown(BOTH) == everybody
    busy.over()
    for client in clients:
        assert (await client.read_response()).status == 200
    assert await shown_nothing(connect)


async def shown_nothing(connect: Any) -> bool:
    response = await (await connect()).request("GET", "/queue", [bearer(MANAGE)])
    told: dict[str, Any] = response.json()
    return (told["requests"], told["running"]) == ([], 0)


OWN = {"limits": {"per_credential": {"max_parallel": 1, "max_queued": 1, "max_body_bytes": 500}}}


@pytest.mark.parametrize("config", [SECURED | OWN], ids=["own"])
async def test_a_caller_waits_for_itself_and_is_told_when_it_has_too_many(
    connect: Any, app: Any, backend: Backend, config: Any
) -> None:
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await exchange.read_body()
        await gate.wait()
        await Reply(json.dumps(DONE).encode())(exchange)

    backend.on("/api/chat", slow)
    first = await chat(connect, GENERATE)
    await backend.next_request()
    second = await chat(connect, GENERATE)
    await waiting(app, 1)
    third = await (await chat(connect, GENERATE, "/v1/chat/completions")).read_response()
    assert (third.status, third.json()["error"]["type"]) == (429, "rate_limit_error")
    assert third.header("retry-after") == "5"
    other = await chat(connect, BOTH)
    assert (await backend.next_request()).header("x-request-id") == WHO[BOTH]
    gate.set()
    for client in (first, second, other):
        assert (await client.read_response()).status == 200


@pytest.mark.parametrize("config", [SECURED | OWN], ids=["own"])
async def test_a_caller_has_a_largest_body_of_its_own(
    connect: Any, http_port: int, backend: Backend, config: Any
) -> None:
    big = CHAT[:-1] + b" " * 500 + b"}"
    response = await (await chat(connect, GENERATE, "/api/chat", big)).read_response()
    assert response.status == 413 and "of this caller" in response.json()["error"]
    async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
        body = {"model": "smollm2", "messages": [{"role": "user", "content": "x" * 500}]}
        await ws.send({"type": "chat", "id": "a", **body})
        assert (await ws.until("error"))[-1]["status"] == 413
    assert not backend.exchanges
