"""`/health` and `/health/live` (docs/operations.md, Health)."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.handlers import stream_probe

from ..backend import Backend, Exchange, Reply, Reset, StallBeforeHeaders
from ..waiting import until
from .keys import GENERATE, SECURED, UNKNOWN, bearer
from .sockets import socket

pytestmark = pytest.mark.gen_test

HEALTHY = {"status": "healthy", "ollama": "connected", "api": "openai-compatible"}
UNHEALTHY = {"status": "unhealthy", "ollama": "disconnected", "api": "openai-compatible"}

ROOT = Path(__file__).parent.parent.parent


def documented() -> list[str]:
    """The further keys, as docs/operations.md lists them."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("also says:\n\n| key | meaning |\n|---|---|\n")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)`", table, re.M)


secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])


@secured
@pytest.mark.parametrize("headers", [[], [bearer(UNKNOWN)]], ids=["nobody", "stranger"])
async def test_a_stranger_is_told_yes(connect: Any, config: Any, headers: Any) -> None:
    response = await (await connect()).request("GET", "/health", headers)
    assert (response.status, response.json()) == (200, HEALTHY)


@secured
@pytest.mark.parametrize(
    "fault",
    [
        *(Reset(), Reply(b'{"version":"1"}', 500), Reply(b"nonsense"), Reply(b"[]")),
        *(Reply(b'{"version":1}'), Reply(b'{"version":""}'), Reply(b"[" * 9999)),
    ],
    ids=repr,
)
async def test_a_stranger_is_told_no(
    connect: Any, backend: Backend, config: Any, fault: Any
) -> None:
    backend.on("/api/version", fault)
    response = await (await connect()).request("GET", "/health")
    assert (response.status, response.json()) == (503, UNHEALTHY)


@secured
async def test_a_valid_credential_is_told_more(connect: Any, backend: Backend, config: Any) -> None:
    response = await (await connect()).request("GET", "/health", [bearer(GENERATE)])
    health = response.json()
    assert health.items() >= HEALTHY.items()
    assert health["backend"] == "ollama"
    more = health.keys() - HEALTHY.keys()
    assert more == set(documented())
    assert health["models_loaded"]
    assert health["open_streams"] == 0


@secured
@pytest.mark.parametrize(
    "fault",
    [
        *(Reset(), Reply(b"no", 404), Reply(b"[]"), Reply(b"[" * 9999)),
        *(Reply(b'{"models":[{"name":"\\ud800"}]}'), Reply(b'{"models":[{"name":["m"]}]}')),
    ],
)
async def test_an_ollama_that_does_not_tell_its_models_is_there_all_the_same(
    connect: Any, backend: Backend, config: Any, fault: Any
) -> None:
    backend.on("/api/ps", fault)
    response = await (await connect()).request("GET", "/health", [bearer(GENERATE)])
    assert (response.status, response.json()["models_loaded"]) == (200, [])


@secured
async def test_requests_and_sockets_are_counted(
    connect: Any, backend: Backend, config: Any, http_port: int
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    waiting = await connect()
    await waiting.send_request("POST", "/api/chat", [bearer(GENERATE)], b'{"model":"smollm2"}')
    await backend.next_request("/api/chat")
    async with socket(http_port, headers=[bearer(GENERATE)]):
        response = await (await connect()).request("GET", "/health", [bearer(GENERATE)])
    assert response.json()["open_streams"] == 2


async def test_head_has_the_status_and_no_body(connect: Any) -> None:
    client = await connect()
    response = await client.request("HEAD", "/health")
    assert response.status == 200
    assert (await client.request("GET", "/health/live")).status == 200


async def test_many_askers_are_one_probe(connect: Any, backend: Backend) -> None:
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await gate.wait()
        await Reply(b'{"version":"0.32.15"}')(exchange)

    backend.on("/api/version", slow)
    clients = [await connect() for _ in range(20)]
    for client in clients:
        await client.send_request("GET", "/health")
    await backend.next_request("/api/version")
    gate.set()
    for client in clients:
        assert (await client.read_response()).status == 200
    assert (await clients[0].request("GET", "/health")).status == 200
    assert len(backend.requests("/api/version")) == 1


async def test_live_does_not_ask_ollama(connect: Any, backend: Backend) -> None:
    backend.on("/api/version", StallBeforeHeaders())
    response = await (await connect()).request("GET", "/health/live")
    assert response.status == 200
    assert not backend.exchanges


async def test_health_is_not_kept_by_caches(connect: Any) -> None:
    response = await (await connect()).request("GET", "/health")
    assert "no-store" in (response.header("cache-control") or "")


async def test_a_streamed_probe_comes_piece_by_piece(connect: Any, backend: Backend) -> None:
    client = await connect()
    await client.send_request("GET", "/health/stream")
    response = await client.read_head()
    assert response.status == 200
    assert response.header("content-type") == "application/x-ndjson"
    assert response.header("x-accel-buffering") == "no"
    assert "no-transform" in (response.header("cache-control") or "")
    first = json.loads(await client.read_chunk(response))
    assert first == {"piece": 1, "of": stream_probe.PIECES, "sent_ms": 0}
    whole = await client.read_body(response)
    lines = [json.loads(line) for line in whole.body.splitlines()]
    assert whole.complete
    assert [line["piece"] for line in lines] == list(range(2, stream_probe.PIECES + 1))
    assert not backend.exchanges


@pytest.mark.parametrize("how", ["before the first piece", "between two pieces"])
async def test_a_streamed_probe_whose_client_leaves_ends(
    connect: Any, app: Any, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_probe, "PAUSE_S", 60.0)
    client = await connect()
    await client.send_request("GET", "/health/stream")
    if how == "between two pieces":
        await client.read_chunk(await client.read_head())
    client.leave()
    await until(lambda: len(app.in_flight) == 0, "the request has ended")
