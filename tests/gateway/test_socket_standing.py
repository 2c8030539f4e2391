"""What a socket may do follows its credential and the settings as they are, not as they were."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.errors import ShuttingDown
from tornado_ollama.socket.handler import ChatSocketHandler
from tornado_ollama.socket.transport import STRANGER_BYTES

from ..backend import Backend, NdjsonStream
from ..waiting import settled
from .keys import BOTH, GENERATE, MANAGE, SECURED, bearer
from .sockets import RawSocket, reload, socket

pytestmark = pytest.mark.gen_test

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])

DELETE = {
    "type": "request",
    "id": "r",
    "method": "DELETE",
    "path": "/api/delete",
    "body": {"model": "precious"},
}
CHAT = {"type": "chat", "id": "c", "model": "other", "messages": []}


def tokens(*generate: dict[str, Any], manage: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"auth": {"generate_tokens": list(generate), "model_tokens": list(manage)}}


@secured
async def test_a_revoked_credential_commands_nothing_though_its_socket_stays(
    connect: Any, app: Any, config_file: Path, backend: Backend
) -> None:
    raw = await RawSocket(await connect()).open(bearer(BOTH))
    reload(app, config_file, tokens({"name": "writer", "token": GENERATE}))
    assert await raw.close_code() == 4401
    await raw.send(DELETE)
    assert await settled(lambda: len(backend.exchanges)) == 0


@secured
async def test_a_token_withdrawn_before_it_was_sent_opens_nothing(
    connect: Any, app: Any, config_file: Path, backend: Backend
) -> None:
    raw = await RawSocket(await connect()).open()
    reload(app, config_file, tokens({"name": "writer", "token": GENERATE}))
    await raw.send({"type": "auth", "token": BOTH})
    await raw.send(DELETE)
    assert await raw.close_code() == 4401
    assert await settled(lambda: len(backend.exchanges)) == 0


@secured
async def test_a_refused_credential_commands_nothing_though_its_socket_stays(
    connect: Any, app: Any, backend: Backend
) -> None:
    raw = await RawSocket(await connect()).open()
    await raw.send({"type": "auth", "token": MANAGE})  # it may delete, but not open a socket
    await raw.send(DELETE)
    assert await raw.close_code() == 4403
    await raw.send(DELETE)
    assert await settled(lambda: len(backend.exchanges)) == 0


@secured
async def test_models_that_a_reload_took_away_are_refused_on_open_sockets(
    http_server: Any, http_port: int, app: Any, config_file: Path, backend: Backend
) -> None:
    async with socket(http_port, headers=[bearer(BOTH)]) as ws:
        await ws.send(CHAT)
        await ws.until("done")
        entry = {"name": "chief", "token": BOTH, "models": ["smollm2*"]}
        reload(app, config_file, tokens(entry))
        before = len(backend.exchanges)
        await ws.send(CHAT)
        assert (await ws.frame())["status"] == 403
        await ws.send(DELETE)  # and a scope
        assert (await ws.frame())["status"] == 403
        assert len(backend.exchanges) == before
        await ws.send(CHAT | {"model": "smollm2"})
        await ws.until("done")


@secured
async def test_a_socket_that_a_reload_leaves_without_its_scope_is_closed(
    http_server: Any, http_port: int, app: Any, config_file: Path
) -> None:
    async with socket(http_port, headers=[bearer(BOTH)]) as ws:
        await ws.send({"type": "ping"})
        await ws.frame()
        reload(app, config_file, tokens(manage=({"name": "chief", "token": BOTH},)))
        assert (await ws.closed())[0] == 4403


@secured
async def test_an_alias_of_a_reload_counts_on_open_sockets(
    http_server: Any, http_port: int, app: Any, config_file: Path, backend: Backend
) -> None:
    async with socket(http_port, headers=[bearer(BOTH)]) as ws:
        await ws.send({"type": "ping"})
        await ws.frame()
        reload(app, config_file, {"models": {"aliases": {"other": "smollm2"}}})
        await ws.send(CHAT)
        assert (await ws.until("done"))[0]["model"] == "smollm2"


@secured
async def test_a_stranger_says_little_and_a_known_one_much(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    large = "x" * STRANGER_BYTES
    async with socket(http_port) as ws:
        await ws.send({"type": "auth", "token": large})
        assert (await ws.closed())[0] == 1009
    async with socket(http_port) as ws:
        await ws.send({"type": "auth", "token": BOTH})
        await ws.send(CHAT | {"messages": [{"role": "user", "content": large}]})
        await ws.until("done")
    async with socket(http_port, headers=[bearer(BOTH)]) as ws:
        await ws.send(CHAT | {"messages": [{"role": "user", "content": large}]})
        await ws.until("done")


@secured
async def test_a_strangers_name_for_nothing_fits_into_the_close_frame(
    http_server: Any, http_port: int
) -> None:
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", "messages": [], "語" * 100: 1})
        assert (await ws.closed())[0] == 4401


@secured
async def test_what_runs_stops_when_its_socket_is_refused(
    connect: Any, app: Any, backend: Backend
) -> None:
    backend.on("/api/chat", NdjsonStream({"message": {"content": "a"}}, asyncio.Event()))
    raw = await RawSocket(await connect()).open(bearer(BOTH))
    await raw.send(CHAT)
    await raw.send(CHAT | {"id": "d", "resumable": True})
    exchanges = [await backend.next_request("/api/chat") for _ in range(2)]
    (handler,) = (x for x in app.in_flight if isinstance(x, ChatSocketHandler))
    assert handler.principal is not None
    handler.principal = replace(handler.principal, expires=1.0)
    await raw.send({"type": "ping"})
    for exchange in exchanges:
        await exchange.until_closed()
    assert await raw.close_code() == 4401


async def test_a_draining_socket_begins_nothing_new(
    http_server: Any, http_port: int, app: Any, backend: Backend
) -> None:
    gate = asyncio.Event()
    done = {"message": {"content": "!"}, "done": True}
    backend.on("/api/chat", NdjsonStream({"message": {"content": "."}}, gate, done))
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        await ws.until("delta")
        app.begin_drain()
        news: list[dict[str, Any]] = [CHAT, {**CHAT, "resumable": True}, DELETE]
        for id, new in enumerate(news):
            await ws.send(new | {"id": str(id)})
            error = await ws.frame()
            assert (error["type"], error["id"], error["status"]) == ("error", str(id), 503)
            assert error["message"] == ShuttingDown().message
        await ws.send(json.dumps({"type": "ping"}))
        assert (await ws.frame())["type"] == "pong"
        gate.set()
        await ws.until("done", "c")
        assert (await ws.closed())[0] == 1001
    assert len(backend.exchanges) == 1
