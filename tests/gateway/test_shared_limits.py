"""Several gateways share the counts of their limits in a real Redis, and outlive it."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ..backend import Backend, NdjsonStream
from ..conftest import merged
from ..raw_client import RawConnection
from ..redis_server import RedisServer
from .keys import BOTH, GENERATE, SECURED, bearer
from .test_queue import CHAT, DONE

pytestmark = pytest.mark.gen_test

LIMIT = 20
LINE = {"model": "smollm2", "message": {"content": "x"}, "done": False}


@pytest.fixture
def redis(tmp_path: Path) -> Any:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def answer() -> str:
    """What is configured for while Redis is away."""
    return "open"


@pytest.fixture
def config(redis: RedisServer, answer: str) -> dict[str, Any]:
    limits = {
        "per_credential": {"requests_per_minute": LIMIT, "tokens_per_day": 10**6},
        "storage": redis.url,
        "without_storage": answer,
    }
    return merged(SECURED, {"limits": limits})


async def status(port: int, token: str) -> int:
    client = await RawConnection(port).open()
    try:
        response = await client.request("GET", "/api/tags", [bearer(token)])
        return int(response.status)
    finally:
        client.leave()


@pytest.mark.parametrize(("answer", "expected"), [("open", 200), ("closed", 503)])
async def test_two_gateways_hold_one_limit_and_lose_no_stream_when_redis_is_killed(
    gateway_process: Any, redis: RedisServer, backend: Backend, answer: str, expected: int
) -> None:
    gateways = [await gateway_process(), await gateway_process()]
    ports = [gateway.port for gateway in gateways]
    statuses: list[int] = []
    for _ in range(LIMIT // 2):  # all at once, the last would wait too long on a busy machine
        statuses += await asyncio.gather(*(status(ports[n % 2], GENERATE) for n in range(4)))
    assert Counter(statuses) == {200: LIMIT, 429: LIMIT}

    gates = [asyncio.Event() for _ in range(10)]
    backend.on("/api/chat", *(NdjsonStream(LINE, gate, LINE, DONE) for gate in gates))
    streams = []
    for number in range(10):
        client = await RawConnection(ports[number % 2]).open()
        await client.send_request("POST", "/api/chat", [bearer(BOTH)], CHAT)
        head = await client.read_head()
        assert head.status == 200 and await client.read_chunk(head)
        streams.append((client, head))
    redis.stop()
    found = await asyncio.gather(*(status(ports[n % 2], GENERATE) for n in range(20)))
    assert set(found) == {expected}
    for gate in gates:
        gate.set()
    for client, head in streams:
        response = await client.read_body(head)
        assert response.complete and b'"done": true' in response.body
        client.leave()
    for gateway in gateways:
        gateway.signal(signal.SIGTERM)
        assert await gateway.wait() == 0
        assert gateway.stderr.count("limits.storage does not answer") == 1
