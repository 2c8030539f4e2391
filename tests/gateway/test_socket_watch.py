"""A client that watches the queue on its socket: what it sees, how often, and for how long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.dispatch.ask import Caller
from tornado_ollama.socket import watch_job
from tornado_ollama.socket.watch_job import WatchJob

from ..backend import Backend, NdjsonStream
from ..waiting import settled, until
from .busy import ONE
from .keys import BOTH, GENERATE, SECURED, bearer
from .sockets import Socket, reload, socket

pytestmark = pytest.mark.gen_test

secured = pytest.mark.parametrize("config", [SECURED | ONE], ids=["secured, one at a time"])

WATCH = {"type": "watch", "id": "w"}
CHAT = {"type": "chat", "id": "c", "model": "smollm2", "messages": []}
HI = {"model": "smollm2", "message": {"content": "Hi"}, "done": False}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_job, "INTERVAL_S", 0.01)


async def seen(ws: Socket, *credentials: str) -> list[dict[str, Any]]:
    """The requests of these credentials, as soon as a frame has just these."""
    while True:
        frame = await ws.frame()
        assert (frame["type"], frame["id"]) == ("activity", "w")
        if [row["credential"] for row in frame["requests"]] == list(credentials):
            requests: list[dict[str, Any]] = frame["requests"]
            return requests


@secured
async def test_who_may_manage_sees_everybodys_requests_come_and_go(
    http_server: Any, http_port: int, backend: Backend, config: Any
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(HI, HI, gate, HI | {"done": True}))
    async with (
        socket(http_port, headers=[bearer(BOTH)]) as chief,
        socket(http_port, headers=[bearer(GENERATE)]) as writer,
    ):
        await chief.send(WATCH)
        first = await chief.frame()
        assert first == WATCH | {
            "type": "activity",
            "running": 0,
            "waiting": 0,
            "max_parallel": 1,
            "requests": [],
        }
        await writer.send(CHAT)
        await writer.until("delta")
        [row] = await seen(chief, "writer")
        assert row["model"] == "smollm2"
        assert row["client"]
        await writer.send(CHAT | {"id": "d"})
        rows = await seen(chief, "writer", "writer")
        assert [row["position"] for row in rows] == [0, 1]
        gate.set()
        await seen(chief)


@secured
async def test_others_see_their_own_requests_alone(
    http_server: Any, http_port: int, backend: Backend, config: Any
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(HI, gate, HI | {"done": True}))
    async with (
        socket(http_port, headers=[bearer(BOTH)]) as chief,
        socket(http_port, headers=[bearer(GENERATE)]) as writer,
    ):
        await chief.send(CHAT)
        await chief.until("delta")
        await writer.send(WATCH)
        text = await writer.text()
        assert "chief" not in text
        assert json.loads(text)["requests"] == []
        assert json.loads(text)["running"] == 1
        await writer.send(CHAT)
        while not (frame := await writer.frame()).get("requests"):
            pass
        assert [row["credential"] for row in frame["requests"]] == ["writer"]
        assert "client" not in frame["requests"][0]
        gate.set()


@secured
async def test_a_reload_that_takes_the_scope_away_takes_the_others_names_away(
    http_server: Any,
    http_port: int,
    app: Any,
    config_file: Path,
    backend: Backend,
    config: Any,
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(HI, gate, HI | {"done": True}))
    both = {"name": "chief", "token": BOTH}
    writer_entry = {"name": "writer", "token": GENERATE}
    async with (
        socket(http_port, headers=[bearer(BOTH)]) as chief,
        socket(http_port, headers=[bearer(GENERATE)]) as writer,
    ):
        await writer.send(CHAT)
        await writer.until("delta")
        await chief.send(WATCH)
        await seen(chief, "writer")
        reload(app, config_file, {"auth": {"generate_tokens": [both, writer_entry]}})
        await seen(chief)
        gate.set()


@secured
async def test_a_watch_ends_with_its_credential(
    http_server: Any, http_port: int, app: Any, config_file: Path, config: Any
) -> None:
    async with socket(http_port, headers=[bearer(BOTH)]) as ws:
        await ws.send(WATCH)
        await seen(ws)
        reload(
            app,
            config_file,
            {"auth": {"generate_tokens": [{"name": "writer", "token": GENERATE}]}},
        )
        assert (await ws.closed())[0] == 4401


async def test_a_watch_can_be_cancelled_and_begun_again(http_server: Any, http_port: int) -> None:
    async with socket(http_port) as ws:
        for _ in range(2):
            await ws.send(WATCH)
            assert (await ws.frame())["type"] == "activity"
            await ws.send(WATCH)
            assert "still under way" in (await ws.frame())["message"]
            await ws.send({"type": "cancel", "id": "w"})
            assert await ws.frame() == {"type": "done", "id": "w", "reason": "cancelled"}


@pytest.mark.parametrize("frame", [{"type": "watch"}, WATCH | {"model": "smollm2"}])
async def test_a_watch_is_an_id_and_nothing_else(
    http_server: Any, http_port: int, frame: Any
) -> None:
    async with socket(http_port) as ws:
        await ws.send(frame)
        assert (await ws.frame())["status"] == 400


async def test_a_watch_does_not_keep_the_gateway_from_shutting_down(
    http_server: Any, http_port: int, app: Any
) -> None:
    async with socket(http_port) as ws:
        await ws.send(WATCH)
        await ws.frame()
        app.begin_drain()
        code, _ = await ws.closed()
        assert code == 1001


async def test_a_watch_leaves_with_its_socket(http_server: Any, http_port: int, app: Any) -> None:
    async with socket(http_port) as ws:
        await ws.send(WATCH)
        await ws.frame()
        ws.leave()
        await until(lambda: len(app.in_flight) == 0, "the socket is gone")


class SlowSink:
    """A socket whose client reads when `read` is called."""

    principal: Any = None

    def __init__(self, app: Any) -> None:
        self.deps = app.deps
        self.asker: Any = None
        self.frames: list[dict[str, Any]] = []
        self._unread: asyncio.Future[None] | None = None

    def emit(self, frame: bytes) -> Awaitable[None]:
        self.frames.append(json.loads(frame))
        self._unread = asyncio.get_running_loop().create_future()
        return self._unread

    def read(self) -> None:
        assert self._unread is not None
        self._unread.set_result(None)


async def test_a_client_that_does_not_read_is_sent_nothing_more(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = iter(range(1000))
    monkeypatch.setattr(watch_job, "caller_of", lambda sink: Caller(None, "192.0.2.1"))
    monkeypatch.setattr(watch_job, "queue_state", lambda *_: {"running": next(count)})
    sink = SlowSink(app)
    job = WatchJob(sink, "w")
    task = asyncio.create_task(job.run())
    await until(lambda: len(sink.frames) == 1, "the first frame")
    assert await settled(lambda: len(sink.frames)) == 1
    sink.read()
    await until(lambda: len(sink.frames) == 2, "the second frame")
    assert await settled(lambda: len(sink.frames)) == 2
    sink.read()
    await until(lambda: len(sink.frames) == 3, "another frame")
    job.cancel()
    sink.read()
    await until(lambda: len(sink.frames) == 4, "the last frame")
    sink.read()
    await task
    assert sink.frames[-1] == {"type": "done", "id": "w", "reason": "cancelled"}


async def test_nothing_is_sent_while_nothing_changes(app: Any, monkeypatch: Any) -> None:
    asked: list[int] = []

    def state(*_: object) -> dict[str, object]:
        asked.append(1)
        return {"running": 0}

    monkeypatch.setattr(watch_job, "caller_of", lambda sink: Caller(None, "192.0.2.1"))
    monkeypatch.setattr(watch_job, "queue_state", state)
    sink = SlowSink(app)
    job = WatchJob(sink, "w")
    task = asyncio.create_task(job.run())
    await until(lambda: len(sink.frames) == 1, "the first frame")
    sink.read()
    await until(lambda: len(asked) > 5, "it has looked again")
    assert len(sink.frames) == 1
    job.cancel()
    await until(lambda: len(sink.frames) == 2, "the last frame")
    sink.read()
    await task
