"""`DELETE /queue/ID` stops what runs or waits; `/admin/errors` tells what has failed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend, Reply, Reset, StallMidLine
from ..waiting import until
from .busy import Busy
from .keys import BOTH, GENERATE, MANAGE, SECURED, bearer
from .sockets import socket
from .test_metrics import CHAT

pytestmark = pytest.mark.gen_test

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])
one = pytest.mark.parametrize("config", [SECURED | {"limits": {"max_parallel": 1}}], ids=["one"])


async def rows(connect: Any, token: str = MANAGE) -> list[dict[str, Any]]:
    answer = await (await connect()).request("GET", "/queue", [bearer(token)])
    found: list[dict[str, Any]] = answer.json()["requests"]
    return found


async def stop(connect: Any, id: object, token: str) -> int:
    answer = await (await connect()).request("DELETE", f"/queue/{id}", [bearer(token)])
    return int(answer.status)


@secured
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_stream_that_is_stopped_stops_ollama(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    backend.on("/api/chat", StallMidLine())
    client = await connect()
    body = json.dumps({**CHAT, "stream": True}).encode()
    await client.send_request("POST", path, [bearer(GENERATE)], body)
    exchange = await backend.next_request("/api/chat")
    await client.read_head()
    [row] = await rows(connect)
    assert (row["credential"], row["model"]) == ("writer", "smollm2")
    assert row["output_tokens"] >= 1
    assert await stop(connect, row["id"], BOTH) == 204
    await exchange.closed.wait()
    rest = await client.reader.read()
    assert b"was stopped" in rest


@one
async def test_what_waits_can_be_stopped_by_its_owner_alone(
    connect: Any, backend: Backend, config: Any, app: Any
) -> None:
    busy = Busy(app)
    client = await connect()
    await client.send_request("POST", "/api/chat", [bearer(GENERATE)], json.dumps(CHAT).encode())
    await until(lambda: app.queue.waiting == 1, "it waits")
    [row] = await rows(connect, GENERATE)
    assert await rows(connect, "canary-bound-7c5a3e1f9b8d6c4a") != []  # it may manage
    for id in ("0", "x", "9" * 40, row["id"] + 1):
        assert await stop(connect, id, MANAGE) == 404
    assert await stop(connect, row["id"], GENERATE) == 204
    answer = await client.read_response()
    assert (answer.status, "stopped" in answer.json()["error"]) == (503, True)
    assert not backend.requests("/api/chat")
    busy.over()


@secured
async def test_nobody_stops_what_is_anothers(
    connect: Any, backend: Backend, config: Any, http_port: int, http_server: Any
) -> None:
    backend.on("/api/chat", StallMidLine())
    async with socket(http_port, headers=[bearer(BOTH)]) as ws:
        await ws.send({"type": "chat", "id": "1", **CHAT})
        await backend.next_request("/api/chat")
        [row] = await rows(connect)
        assert await rows(connect, GENERATE) == []
        assert await stop(connect, row["id"], GENERATE) == 404
        assert await stop(connect, row["id"], MANAGE) == 204
        assert (await ws.until("error"))[-1]["status"] == 503


@secured
async def test_failures_are_told_and_nothing_else(
    connect: Any, backend: Backend, config: Any
) -> None:
    client, body = await connect(), json.dumps(CHAT).encode()
    await client.request("GET", "/api/version", [bearer(BOTH)])
    backend.on("/api/chat", Reset())
    await client.request("POST", "/api/chat", [bearer(BOTH)], body)
    backend.on("/api/chat", Reply(b'{"error":"no such model"}', 404))
    await client.request("POST", "/api/chat", [bearer(BOTH)], body)
    await client.request("GET", "/nowhere")
    told = (await client.request("GET", "/admin/errors", [bearer(MANAGE)])).json()
    kinds = ["not_found", "status 404", "upstream_broken"]
    assert [error["kind"] for error in told["last"]] == kinds
    assert told["by_kind"] == dict.fromkeys(reversed(kinds), 1)
    assert told["last"][1]["credential"] == "chief" and told["last"][1]["model"] == "smollm2"
