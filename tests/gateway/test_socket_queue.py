"""The queue in front of Ollama, on sockets: a chat that waits is told its place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama import server
from tornado_ollama.errors import ShuttingDown

from ..backend import Backend, NdjsonStream, StallMidLine, json_reply
from ..waiting import settled, until
from .busy import ONE, Busy, waiting
from .keys import BOTH, GENERATE, SECURED, bearer
from .sockets import reload, socket

pytestmark = pytest.mark.gen_test

one = pytest.mark.parametrize("config", [ONE], ids=["one"])

MESSAGES = [{"role": "user", "content": "Say hello."}]
CHAT = {"type": "chat", "id": "a", "model": "smollm2", "messages": MESSAGES}
RESUMABLE = CHAT | {"resumable": True}
TURN = {"text": "Say hello.", "model": "smollm2"}
REQUEST = {
    "type": "request",
    "id": "a",
    "method": "POST",
    "path": "/api/generate",
    "body": {"model": "smollm2", "prompt": "x"},
}
DONE = {"model": "smollm2", "message": {"content": "Hi"}, "done": True, "done_reason": "stop"}

FORMS = [
    pytest.param(CHAT, {"id": "a"}, id="chat"),
    pytest.param(RESUMABLE, {"id": "a"}, id="resumable"),
    pytest.param(TURN, {}, id="turn"),
    pytest.param(REQUEST, {"id": "a"}, id="request"),
]
forms = pytest.mark.parametrize(("asks", "names"), FORMS)


def places(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["position"] for frame in frames if frame["type"] == "queued"]


@one
async def test_everybody_hears_of_every_place_they_have(
    http_server: Any, http_port: int, app: Any, backend: Backend, config: Any
) -> None:
    gates = [asyncio.Event() for _ in range(4)]
    backend.on("/api/chat", *(NdjsonStream(gate, DONE) for gate in gates))
    busy = Busy(app)
    async with socket(http_port) as ws, socket(http_port) as other:
        heard: list[dict[str, Any]] = []
        for number, id in enumerate("abcd", 1):
            await ws.send(CHAT | {"id": id})
            heard += await ws.until("queued", id)
            await waiting(app, number)
        assert [(frame["type"], frame["id"]) for frame in heard] == [
            (type, id) for id in "abcd" for type in ("start", "queued")
        ]
        assert heard[3] == {"type": "queued", "id": "b", "position": 2}
        await other.send(CHAT | {"id": "e"})
        await other.until("queued")

        await ws.send({"type": "cancel", "id": "b"})
        heard += await ws.until("queued", "d")
        busy.over()
        for gate in gates:
            gate.set()
        heard += await ws.until("done", "d")
        had = {"a": [1, 0], "b": [2], "c": [3, 2, 1, 0], "d": [4, 3, 2, 1, 0]}
        for id, expected in had.items():
            mine = [frame for frame in heard if frame["id"] == id]
            assert places(mine) == expected, id
            kinds = [frame["type"] for frame in mine]
            assert kinds == ["start", *["queued"] * len(expected), *["delta"] * (id != "b"), "done"]
            assert mine[-1]["reason"] == ("cancelled" if id == "b" else "stop")
        assert places(await other.until("done")) == [4, 3, 2, 1, 0]
    assert len(backend.requests("/api/chat")) == 4


@one
@forms
async def test_who_need_not_wait_hears_nothing_of_it(
    http_server: Any, http_port: int, config: Any, asks: Any, names: Any
) -> None:
    async with socket(http_port) as ws:
        for _ in range(2):
            await ws.send(asks)
            frames = await ws.until("end" if asks is REQUEST else "done")
            assert not places(frames)


@one
@forms
async def test_a_place_comes_before_the_answer(
    http_server: Any, http_port: int, app: Any, backend: Backend, config: Any, asks: Any, names: Any
) -> None:
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send(asks)
        frames = await ws.until("queued")
        seq = {"seq": 2} if asks is RESUMABLE else {}
        assert frames[-1] == {"type": "queued", "position": 1} | names | seq
        assert await settled(lambda: len(backend.exchanges)) == 0
        busy.over()
        turn, answer = await ws.frame(), await ws.frame()
        assert (turn["type"], turn["position"]) == ("queued", 0)
        assert answer["type"] == ("response" if asks is REQUEST else "delta")
        await ws.until("end" if asks is REQUEST else "done")


@one
async def test_the_plain_form_waits_without_a_word(
    http_server: Any, http_port: int, app: Any, backend: Backend, config: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(DONE))
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send("Say hello.")
        await waiting(app, 1)
        busy.over()
        assert await ws.closed() == (1000, ["Hi"])


@one
async def test_what_does_not_make_ollama_compute_does_not_wait(
    http_server: Any, http_port: int, app: Any, backend: Backend, config: Any
) -> None:
    busy = Busy(app)
    async with socket(http_port) as ws:
        for path in ("/api/tags", "/api/ps", "/api/version"):
            await ws.send({"type": "request", "id": path, "path": path})
            assert not places(await ws.until("end"))
        await ws.send({"text": "the default model is asked for first"})
        await waiting(app, 1)
        assert [exchange.path for exchange in backend.exchanges].count("/api/tags") == 2
        busy.over()
        await ws.until("done")


# -- who leaves, who is refused ---------------------------------------------------------------


@one
@forms
async def test_cancelling_in_the_queue_asks_for_nothing(
    http_server: Any, http_port: int, app: Any, backend: Backend, config: Any, asks: Any, names: Any
) -> None:
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send(asks)
        await ws.until("queued")
        await ws.send({"type": "cancel"} | names)
        done = await ws.frame()
        assert (done["type"], done["reason"]) == ("done", "cancelled")
        await waiting(app, 0)
        busy.over()
        assert await settled(lambda: len(backend.exchanges)) == 0


@one
@pytest.mark.parametrize("asks", [CHAT, TURN, REQUEST, "plain"], ids=lambda asks: str(asks)[:20])
async def test_a_socket_that_leaves_takes_what_waits_with_it(
    http_server: Any, http_port: int, app: Any, backend: Backend, config: Any, asks: Any
) -> None:
    backend.on("/api/tags", json_reply({"models": [{"name": "smollm2"}]}))
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send(asks)
        await waiting(app, 1)
        ws.leave()
        await waiting(app, 0)
    busy.over()
    assert await settled(lambda: len(backend.requests("/api/chat"))) == 0


@pytest.mark.parametrize("config", [{"limits": {"max_parallel": 1, "max_queued": 1}}], ids=["full"])
@forms
async def test_a_full_queue_is_an_error_frame(
    http_server: Any, http_port: int, app: Any, config: Any, asks: Any, names: Any
) -> None:
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send(CHAT | {"id": "before"})
        await ws.until("queued")
        await ws.send(asks)
        error = (await ws.until("error"))[-1]
        assert (error["id"], error["status"]) == (names.get("id"), 503)
        assert "limits.max_queued" in error["message"]
        busy.over()
        await ws.until("done", "before")
        await ws.send(asks)
        await ws.until("end" if asks is REQUEST else "done")


@pytest.mark.parametrize(
    "config", [{"limits": {"max_parallel": 1, "queue_timeout": 0.05}}], ids=["hasty"]
)
@forms
async def test_a_turn_that_does_not_come_in_time_is_an_error_frame(
    http_server: Any, http_port: int, app: Any, config: Any, asks: Any, names: Any
) -> None:
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send(asks)
        error = (await ws.until("error"))[-1]
        assert (error["id"], error["status"]) == (names.get("id"), 504)
        assert "limits.queue_timeout" in error["message"]
    assert app.queue.waiting == 0
    busy.over()


@pytest.mark.parametrize("config", [SECURED | ONE], ids=["secured"])
@pytest.mark.parametrize("resumable", [False, True])
async def test_a_credential_that_is_withdrawn_in_the_queue_asks_for_nothing(
    http_server: Any,
    http_port: int,
    app: Any,
    backend: Backend,
    config_file: Path,
    config: Any,
    resumable: bool,
) -> None:
    busy = Busy(app)
    async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
        await ws.send(CHAT | {"resumable": resumable})
        await ws.until("queued")
        chief = {"auth": {"generate_tokens": [{"name": "chief", "token": BOTH}]}}
        reload(app, config_file, chief | {"limits": {"max_parallel": 2}})
        assert (await ws.closed())[0] == 4401
    await waiting(app, 0)
    busy.over()
    assert await settled(lambda: len(backend.exchanges)) == 0


# -- chats that may be resumed ----------------------------------------------------------------


@pytest.mark.parametrize("config", [ONE | {"chat": {"resume_grace": 60}}], ids=["grace"])
@pytest.mark.parametrize("missed", ["nothing", "its turn", "all"])
async def test_a_chat_that_lost_its_socket_keeps_its_place(
    http_server: Any, http_port: int, app: Any, backend: Backend, config: Any, missed: str
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(gate, DONE))
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send(RESUMABLE)
        frames = await ws.until("queued")
        ws.leave()
    resumables = app.deps.process.resumables
    await until(lambda: [x.waits for x in resumables.values()] == [True], "it waits")
    if missed != "nothing":
        busy.over()
        await backend.next_request("/api/chat")
    if missed == "all":
        gate.set()
        await until(lambda: not len(app.in_flight), "it has ended")
    async with socket(http_port) as ws:
        resume = {"type": "resume", "id": "a", "stream": frames[0]["stream"], "after": 1}
        await ws.send(resume)
        frames = frames[:1] + await ws.until("queued")
        busy.over()
        gate.set()
        frames += await ws.until("done")
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert places(frames) == [1, 0]
    assert frames[-1]["reason"] == "stop"


@pytest.mark.parametrize("config", [ONE | {"chat": {"resume_grace": 0}}], ids=["no grace"])
async def test_after_the_grace_the_place_is_free(
    http_server: Any, http_port: int, app: Any, backend: Backend, config: Any
) -> None:
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send(RESUMABLE)
        await ws.until("queued")
        ws.leave()
    await waiting(app, 0)
    busy.over()
    assert await settled(lambda: len(backend.exchanges)) == 0


# -- going down -------------------------------------------------------------------------------


@one
async def test_the_queue_goes_on_while_the_gateway_drains(
    http_server: Any, http_port: int, app: Any, config: Any
) -> None:
    busy = Busy(app)
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        await ws.send(RESUMABLE | {"id": "b"})
        await ws.until("queued", "b")
        app.begin_drain()
        busy.over()
        assert "delta" in [frame["type"] for frame in await ws.until("done", "b")]
        assert (await ws.closed())[0] == 1001


@one
async def test_what_still_waits_at_the_end_of_the_drain_is_told_so(
    http_server: Any,
    http_port: int,
    app: Any,
    backend: Backend,
    config: Any,
    expect_log: Callable[..., None],
) -> None:
    expect_log("tornado_ollama.server", "did not end in")
    backend.on("/api/chat", StallMidLine())
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        await ws.until("delta")
        await ws.send(CHAT | {"id": "b"})
        await ws.send(RESUMABLE | {"id": "c"})
        await ws.until("queued", "c")
        draining = asyncio.ensure_future(server._drain(app, 0.02))
        code, texts = await ws.closed()
        await draining
    told = {frame["id"]: frame for frame in map(json.loads, texts)}
    assert told.keys() == {"a", "b", "c"}
    for frame in told.values():
        assert (frame["type"], frame["message"]) == ("error", ShuttingDown().message)
    assert code == 1001
    assert len(backend.exchanges) == 1
