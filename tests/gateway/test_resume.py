"""A resumable chat survives the loss of its socket for its grace time, and no longer."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tornado_ollama.socket import replay, resumable

from ..backend import Backend, NdjsonStream
from ..waiting import until
from .keys import BOTH, BOUND, GENERATE, SECURED
from .sockets import reload

pytestmark = pytest.mark.gen_test

LONG = pytest.mark.parametrize("config", [{"chat": {"resume_grace": 60}}], ids=["grace"])
NONE = pytest.mark.parametrize("config", [{"chat": {"resume_grace": 0}}], ids=["no grace"])


def line(text: str, done: bool = False) -> dict[str, Any]:
    return {
        "model": "smollm2",
        "message": {"role": "assistant", "content": text},
        "done": done,
        **({"done_reason": "stop"} if done else {}),
    }


def script(gate: asyncio.Event) -> NdjsonStream:
    return NdjsonStream(line("a"), line("b"), gate, line("c"), line("d"), line("", done=True))


async def dial(port: int, token: str | None = None) -> WebSocketClientConnection:
    socket = await websocket_connect(f"ws://127.0.0.1:{port}/ws")
    if token is not None:
        await socket.write_message(json.dumps({"type": "auth", "token": token}))
    return socket


async def read(socket: WebSocketClientConnection, until_type: str) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] not in (until_type, "error"):
        message = await socket.read_message()
        assert message is not None, f"closed before {until_type}: {socket.close_code}"
        frames.append(json.loads(message))
    return frames


async def begin(
    socket: WebSocketClientConnection, id: str = "c", says: str = "ab", **fields: Any
) -> list[dict[str, Any]]:
    """Starts a chat and reads what comes before the gate."""
    chat = {"type": "chat", "id": id, "model": "smollm2", "messages": [], "resumable": True}
    await socket.write_message(json.dumps(chat | fields))
    frames: list[dict[str, Any]] = []
    while not frames or text_of(frames) != says:
        message = await socket.read_message()
        assert message is not None
        frames.append(json.loads(message))
    return frames


async def lose(socket: WebSocketClientConnection, app: Any) -> None:
    """Cuts the connection as a lost network does, and waits until the gateway has noticed."""
    before = len(app.in_flight)
    assert socket.protocol is not None and socket.protocol.stream is not None
    socket.protocol.stream.close()
    socket.close()
    await until(lambda: len(app.in_flight) < before, "the socket is gone")


def text_of(frames: list[dict[str, Any]]) -> str:
    return "".join(frame.get("content", "") for frame in frames)


def resume(stream: str, after: int, id: str = "c") -> str:
    return json.dumps({"type": "resume", "id": id, "stream": stream, "after": after})


@LONG
async def test_what_was_missed_is_replayed_and_the_rest_follows(
    backend: Backend, app: Any, http_server: Any, http_port: int
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", script(gate))
    first = await dial(http_port)
    frames = await begin(first)
    await lose(first, app)
    gate.set()
    second = await dial(http_port)
    await second.write_message(resume(frames[0]["stream"], after=1))
    frames = frames[:1] + await read(second, "done")
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert text_of(frames) == "abcd"
    assert frames[-1]["reason"] == "stop"
    second.close()


@LONG
async def test_a_reply_that_ended_meanwhile_is_replayed_to_its_end(
    backend: Backend, app: Any, http_server: Any, http_port: int
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", script(gate))
    first = await dial(http_port)
    stream = (await begin(first))[0]["stream"]
    exchange = await backend.next_request("/api/chat")
    await lose(first, app)
    gate.set()
    await exchange.finished.wait()
    second = await dial(http_port)
    for _ in range(2):  # and once more, should the second socket be lost as well
        await second.write_message(resume(stream, after=0))
        assert text_of(await read(second, "done")) == "abcd"
    second.close()


@NONE
async def test_after_the_grace_ollama_is_stopped(
    backend: Backend, app: Any, http_server: Any, http_port: int
) -> None:
    backend.on("/api/chat", script(asyncio.Event()))
    first = await dial(http_port)
    frames = await begin(first)
    exchange = await backend.next_request("/api/chat")
    await lose(first, app)
    await exchange.until_closed()
    second = await dial(http_port)
    await second.write_message(resume(frames[0]["stream"], frames[-1]["seq"]))
    assert (await read(second, "error"))[-1]["status"] == 404
    second.close()


@LONG
async def test_cancel_reaches_a_resumed_chat(
    backend: Backend, app: Any, http_server: Any, http_port: int
) -> None:
    backend.on("/api/chat", script(asyncio.Event()))
    first = await dial(http_port)
    frames = await begin(first)
    exchange = await backend.next_request("/api/chat")
    await lose(first, app)
    second = await dial(http_port)
    await second.write_message(resume(frames[0]["stream"], frames[-1]["seq"]))
    await second.write_message(json.dumps({"type": "cancel", "id": "c"}))
    assert (await read(second, "done"))[-1]["reason"] == "cancelled"
    await exchange.until_closed()
    second.close()


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_another_credential_finds_nothing(
    backend: Backend, app: Any, http_server: Any, http_port: int
) -> None:
    backend.on("/api/chat", script(asyncio.Event()))
    first = await dial(http_port, GENERATE)
    stream = (await begin(first))[0]["stream"]
    stranger = await dial(http_port, BOTH)
    await stranger.write_message(resume(stream, after=0))
    assert (await read(stranger, "error"))[-1]["status"] == 404
    stranger.close()
    first.close()


@LONG
@pytest.mark.parametrize(("after", "status"), [(99, 400), (-1, 400), ("x", 400)])
async def test_a_place_that_never_was_is_refused(
    backend: Backend, app: Any, http_server: Any, http_port: int, after: Any, status: int
) -> None:
    backend.on("/api/chat", script(asyncio.Event()))
    first = await dial(http_port)
    stream = (await begin(first))[0]["stream"]
    second = await dial(http_port)
    await second.write_message(resume(stream, after=after))
    assert (await read(second, "error"))[-1]["status"] == status
    await first.write_message(json.dumps({"type": "cancel", "id": "c"}))
    assert (await read(first, "done"))[-1]["reason"] == "cancelled"
    first.close()
    second.close()


async def test_a_chat_that_did_not_ask_for_it_ends_with_its_socket(
    backend: Backend, app: Any, http_server: Any, http_port: int
) -> None:
    backend.on("/api/chat", script(asyncio.Event()))
    socket = await dial(http_port)
    chat = {"type": "chat", "id": "c", "model": "smollm2", "messages": []}
    await socket.write_message(json.dumps(chat))
    exchange = await backend.next_request("/api/chat")
    await lose(socket, app)
    await exchange.until_closed()


@LONG
async def test_a_reply_that_ended_on_a_socket_that_was_dead_already_is_replayed(
    backend: Backend, app: Any, http_server: Any, http_port: int
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", script(gate))
    first = await dial(http_port)
    frames = await begin(first)
    gate.set()
    await read(first, "done")
    second = await dial(http_port)
    await second.write_message(resume(frames[0]["stream"], frames[-1]["seq"]))
    assert text_of(frames + await read(second, "done")) == "abcd"
    first.close()
    second.close()


# -- what is kept -----------------------------------------------------------------------------


def kept(app: Any) -> list[Any]:
    return list(app.deps.process.resumables.values())


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_of_a_chat_that_was_refused_nothing_is_kept(
    http_server: Any, http_port: int, app: Any
) -> None:
    socket = await dial(http_port, BOUND)
    for number in range(3):
        chat = {"type": "chat", "id": str(number), "model": "other", "messages": []}
        await socket.write_message(json.dumps(chat | {"resumable": True}))
        assert (await read(socket, "error"))[-1]["status"] == 403
        assert not kept(app)
    socket.close()


@LONG
async def test_of_a_chat_that_ended_the_request_is_not_kept(
    backend: Backend, http_server: Any, http_port: int, app: Any
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", script(gate))
    socket = await dial(http_port)
    await begin(socket)
    job = weakref.ref(kept(app)[0]._job)
    gate.set()
    await read(socket, "done")
    await until(lambda: kept(app)[0].ended, "the chat is over")
    await begin(socket, id="next", says="abcd")  # the client to Ollama remembers its last exchange
    gc.collect()
    assert job() is None
    socket.close()


@LONG
async def test_only_so_many_chats_of_a_caller_are_kept(
    backend: Backend,
    http_server: Any,
    http_port: int,
    app: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resumable, "WAITING_CHATS", 2)
    gates = [asyncio.Event() for _ in range(5)]
    backend.on("/api/chat", *(script(gate) for gate in gates))
    socket = await dial(http_port)
    streams = []
    for number in range(5):
        streams.append((await begin(socket, id=str(number)))[0]["stream"])
    for number in (1, 3):
        gates[number].set()
        await read(socket, "done")
    assert len(kept(app)) == 5  # two have ended, three have a socket
    await lose(socket, app)
    await until(lambda: len(kept(app)) == 2, "the others are stopped")
    assert [chat.stream for chat in kept(app)] == [streams[2], streams[4]]
    await backend.requests("/api/chat")[0].until_closed()
    other = await dial(http_port)
    await other.write_message(resume(streams[4], after=1, id="4"))
    assert text_of([json.loads(str(await other.read_message()))]) in ("a", "ab")
    other.close()


@LONG
async def test_only_so_many_bytes_of_a_caller_are_kept(
    backend: Backend,
    http_server: Any,
    http_port: int,
    app: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resumable, "WAITING_BYTES", 10_000)
    backend.on("/api/chat", NdjsonStream(line("x" * 4000), line("", done=True)))
    socket = await dial(http_port)
    streams = []
    for number in range(4):
        frames = await begin(socket, id=str(number), says="x" * 4000)
        streams.append(frames[0]["stream"])
        await read(socket, "done")
    await until(lambda: len(kept(app)) == 2, "the first ones are forgotten")
    assert [chat.stream for chat in kept(app)] == streams[2:]
    socket.close()


@LONG
async def test_a_frame_that_is_too_large_for_the_replay_is_known_to_be_missing(
    backend: Backend,
    http_server: Any,
    http_port: int,
    app: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "REPLAY_BYTES", 1000)
    backend.on("/api/chat", NdjsonStream(line("x" * 2000), asyncio.Event()))
    first = await dial(http_port)
    frames = await begin(first, says="x" * 2000)
    stream, last = frames[0]["stream"], frames[-1]["seq"]
    second = await dial(http_port)
    await second.write_message(resume(stream, after=last - 1))
    assert "More was missed" in (await read(second, "error"))[-1]["message"]
    await second.write_message(resume(stream, after=last))
    await second.write_message(json.dumps({"type": "cancel", "id": "c"}))
    assert (await read(second, "done"))[-1]["seq"] == last + 1
    first.close()
    second.close()


# -- when the settings change -----------------------------------------------------------------


def entry(**more: Any) -> dict[str, Any]:
    return {"auth": {"generate_tokens": [{"name": "writer", "token": GENERATE} | more]}}


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_reload_that_lets_the_chat_go_on_lets_it_be_resumed(
    backend: Backend, app: Any, http_server: Any, http_port: int, config_file: Path
) -> None:
    backend.on("/api/chat", script(asyncio.Event()))
    first = await dial(http_port, GENERATE)
    frames = await begin(first)
    await lose(first, app)
    reload(app, config_file, entry(models=["smollm2*"]))
    second = await dial(http_port, GENERATE)
    await second.write_message(resume(frames[0]["stream"], after=1))
    assert text_of([json.loads(str(await second.read_message()))]) in ("a", "ab")
    second.close()


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize("lost", [True, False])
async def test_a_reload_that_takes_its_model_away_stops_the_chat(
    backend: Backend, app: Any, http_server: Any, http_port: int, config_file: Path, lost: bool
) -> None:
    backend.on("/api/chat", script(asyncio.Event()))
    first = await dial(http_port, GENERATE)
    await begin(first)
    exchange = await backend.next_request("/api/chat")
    if lost:
        await lose(first, app)
    reload(app, config_file, entry(models=["llama*"]))
    await exchange.until_closed()
    if not lost:
        assert (await read(first, "done"))[-1]["reason"] == "cancelled"
    await until(lambda: not kept(app), "it is forgotten")
    first.close()
