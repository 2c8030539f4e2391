"""Lists of models, asked for by many: shared, filtered for each, and never from before a pull."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ..backend import Backend, Exchange, StallBeforeHeaders, json_reply
from .keys import BOTH, BOUND, GENERATE, SECURED, bearer
from .sockets import socket

pytestmark = pytest.mark.gen_test

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])


class Lists:
    """Replies to `/api/tags`: the first is held until it is let go, and knows the old models."""

    def __init__(self, backend: Backend) -> None:
        self._gate = asyncio.Event()
        self._asked = 0
        backend.on("/api/tags", self._answer)

    async def _answer(self, exchange: Exchange) -> None:
        self._asked += 1
        names = ["smollm2:latest", "other:latest"]
        if self._asked == 1:
            await self._gate.wait()
        else:
            names.append("pulled:latest")
        await json_reply({"models": [{"name": name} for name in names]})(exchange)

    def let_go(self) -> None:
        self._gate.set()


async def ask(connect: Any, token: str = GENERATE) -> Any:
    client = await connect()
    await client.send_request("GET", "/v1/models", [bearer(token)])
    return client


async def ids(client: Any) -> list[str]:
    response = await client.read_response()
    assert response.status == 200
    return [model["id"] for model in response.json()["data"]]


@secured
async def test_those_who_ask_together_share_a_question_and_see_their_own_models(
    connect: Any, backend: Backend, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tornado_ollama.upstream.catalogue.JOINED_S", 60.0)  # a slow machine
    lists = Lists(backend)
    first = await ask(connect)
    await backend.next_request("/api/tags")
    others = [await ask(connect, token) for token in (BOUND, GENERATE, BOUND)]
    await (await connect()).request("GET", "/health/live")  # all have been read by now
    lists.let_go()
    everything = ["smollm2:latest", "other:latest"]
    assert await ids(first) == everything
    assert [await ids(client) for client in others] == [
        ["smollm2:latest"],
        everything,
        ["smollm2:latest"],
    ]
    assert len(backend.requests("/api/tags")) == 1


@secured
@pytest.mark.parametrize("way", ["/api", "/sys", "/ws"])
async def test_whoever_has_pulled_a_model_sees_it(
    connect: Any, backend: Backend, config: Any, http_port: int, way: str
) -> None:
    lists = Lists(backend)
    before = await ask(connect)
    await backend.next_request("/api/tags")
    body = {"model": "pulled"}
    if way == "/ws":
        async with socket(http_port, headers=[bearer(BOTH)]) as ws:
            pull = {"type": "request", "id": "a", "method": "POST", "path": "/api/pull"}
            await ws.send(pull | {"body": body})
            await ws.until("end")
    else:
        client = await connect()
        pulled = await client.request("POST", f"{way}/pull", [bearer(BOTH)], b'{"model":"pulled"}')
        assert pulled.status == 200
    assert "pulled:latest" in await ids(await ask(connect))
    lists.let_go()
    assert "pulled:latest" not in await ids(before)


@secured
@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/smollm2"])
async def test_the_last_client_who_leaves_hangs_up(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    at_ollama = "/api/show" if path.endswith("smollm2") else "/api/tags"
    backend.on(at_ollama, StallBeforeHeaders())
    client = await connect()
    await client.send_request("GET", path, [bearer(GENERATE)])
    exchange = await backend.next_request(at_ollama)
    client.leave()
    await exchange.until_closed()
