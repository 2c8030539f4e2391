"""The frames of `/ws` (docs/websocket.md)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tornado_ollama.socket import jobs as socket_jobs

from ..backend import (
    Backend,
    CutMidLine,
    ErrorLine,
    NdjsonStream,
    Reply,
    Reset,
    StallBeforeHeaders,
    StallMidLine,
    Stream,
    Transcript,
    load,
)
from ..waiting import settled, until
from .sockets import socket

pytestmark = pytest.mark.gen_test

MESSAGES = [{"role": "user", "content": "Say hello."}]
CHAT = {"type": "chat", "id": "a", "model": "smollm2", "messages": MESSAGES}

RECORD = load("chat-stream")
LINES = [json.loads(line) for line in RECORD.chunks]
TEXT = "".join(line["message"]["content"] for line in LINES)


def content(frames: list[dict[str, Any]]) -> str:
    return "".join(frame.get("content") or "" for frame in frames if frame["type"] == "delta")


async def test_plain_text_is_answered_in_plain_text(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    async with socket(http_port) as ws:
        await ws.send("Say hello.")
        code, pieces = await ws.closed()
    assert code == 1000
    assert "".join(pieces) == TEXT
    asked = backend.requests("/api/chat")[0].json()
    assert asked["messages"] == MESSAGES
    assert asked["stream"] is True


async def test_plain_text_comes_as_ollama_says_it(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    gate = asyncio.Event()
    done = {"message": {"content": " there"}, "done": True}
    backend.on("/api/chat", NdjsonStream({"message": {"content": "Hello"}}, gate, done))
    async with socket(http_port) as ws:
        await ws.send("Say hello.")
        assert await ws.text() == "Hello"
        gate.set()
        assert await ws.closed() == (1000, [" there"])


async def test_the_text_of_one_read_is_one_frame_and_the_rest_keeps_its_place(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    messages: list[dict[str, Any]] = [
        {"thinking": "hm"},
        {"content": "a"},
        {"content": ""},
        {"content": "b"},
        {"content": "c", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"content": "d"},
        {"content": "e"},
    ]
    last = {"message": {"content": "f"}, "done": True, "done_reason": "stop"}
    lines = [json.dumps({"message": message}).encode() for message in messages]
    backend.on("/api/chat", Stream(b"\n".join([*lines, json.dumps(last).encode(), b""])))
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        frames = await ws.until("done")
    told = [{k: v for k, v in f.items() if k not in ("type", "id")} for f in frames[1:-1]]
    assert told == [{"thinking": "hm"}, {"content": "ab"}, messages[4], {"content": "def"}]


@pytest.mark.parametrize("text", ["5", "[1]", '"x"', "{", "null", "你好 🎉", " "])
async def test_json_that_is_no_object_is_plain_text_too(
    http_server: Any, http_port: int, backend: Backend, text: str
) -> None:
    async with socket(http_port) as ws:
        await ws.send(text)
        assert (await ws.closed())[0] == 1000
    assert backend.requests("/api/chat")[0].json()["messages"][0]["content"] == text


@pytest.mark.parametrize(
    "fault",
    [Reset(), Reply(b'{"error":"model \'x\' not found"}', 404), CutMidLine(), ErrorLine()],
    ids=["reset", "refused", "cut", "error"],
)
async def test_a_failure_of_a_plain_chat_is_a_sentence(
    http_server: Any, http_port: int, backend: Backend, fault: Any
) -> None:
    backend.on("/api/chat", fault)
    async with socket(http_port) as ws:
        await ws.send("Say hello.")
        _, pieces = await ws.closed()
    assert pieces[-1].startswith("Error: ")
    assert "Traceback" not in pieces[-1]


async def test_a_turn(http_server: Any, http_port: int, backend: Backend) -> None:
    async with socket(http_port) as ws:
        await ws.send({"text": "Say hello.", "model": "smollm2"})
        frames = await ws.until("done")
    assert content(frames) == TEXT
    assert {frame["type"] for frame in frames[:-1]} <= {"start", "delta"}
    done = frames[-1]
    assert done["usage"]["completion_tokens"] == LINES[-1]["eval_count"]
    assert done["reason"] == LINES[-1]["done_reason"]


async def test_a_connection_remembers_its_conversation(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    async with socket(http_port) as ws:
        for _ in range(2):
            await ws.send({"text": "Say hello.", "model": "smollm2"})
            await ws.until("done")
    async with socket(http_port) as other:
        await other.send({"text": "Who am I?", "model": "smollm2"})
        await other.until("done")
    first, second, third = (seen.json()["messages"] for seen in backend.requests("/api/chat"))
    assert first == MESSAGES
    assert second == [*MESSAGES, {"role": "assistant", "content": TEXT}, *MESSAGES]
    assert third == [{"role": "user", "content": "Who am I?"}]


async def test_a_turn_that_failed_is_not_remembered(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/chat", CutMidLine(), Transcript("chat-stream"))
    async with socket(http_port) as ws:
        await ws.send({"text": "One", "model": "smollm2"})
        await ws.until("error")
        await ws.send({"text": "Two", "model": "smollm2"})
        await ws.until("done")
    assert backend.exchanges[-1].json()["messages"] == [{"role": "user", "content": "Two"}]


async def test_a_message_without_a_model_goes_to_the_first_that_chats(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    async with socket(http_port) as ws:
        await ws.send({"text": "x"})
        await ws.until("done")
    models = json.loads(load("tags").body)["models"]
    first = next(m for m in models if "completion" in m.get("capabilities", ["completion"]))
    assert backend.requests("/api/chat")[0].json()["model"] == first["name"]


@pytest.mark.parametrize("config", [{"chat": {"default_model": "mine"}}])
async def test_or_to_the_configured_one(
    http_server: Any, http_port: int, backend: Backend, config: Any
) -> None:
    async with socket(http_port) as ws:
        await ws.send("x")
        await ws.closed()
    assert backend.requests("/api/chat")[0].json()["model"] == "mine"


async def test_no_model_at_all_is_an_error_that_says_so(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/tags", Reply(b'{"models":[]}'))
    async with socket(http_port) as ws:
        await ws.send({"text": "x"})
        assert "model" in (await ws.until("error"))[-1]["message"]


async def test_a_chat(http_server: Any, http_port: int, backend: Backend) -> None:
    fields = {
        "options": {"temperature": 0, "seed": 7},
        "think": False,
        "format": "json",
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "keep_alive": "5m",
    }
    async with socket(http_port) as ws:
        await ws.send(CHAT | fields)
        frames = await ws.until("done")
    assert frames[0]["type"] == "start"
    assert all(frame["id"] == "a" for frame in frames)
    assert content(frames) == TEXT
    assert {"reason", "usage", "timings"} <= frames[-1].keys()
    asked = backend.exchanges[0].json()
    assert asked == {"model": "smollm2", "messages": MESSAGES, "stream": True} | fields


async def test_thinking_is_told_apart(http_server: Any, http_port: int, backend: Backend) -> None:
    backend.on("/api/chat", Transcript("chat-thinking-stream"))
    async with socket(http_port) as ws:
        await ws.send(CHAT | {"think": True})
        frames = await ws.until("done")
    lines = [json.loads(line)["message"] for line in load("chat-thinking-stream").chunks]
    thought = "".join(frame.get("thinking") or "" for frame in frames)
    assert thought == "".join(line.get("thinking", "") for line in lines)
    assert thought


async def test_tool_calls_arrive(http_server: Any, http_port: int, backend: Backend) -> None:
    backend.on("/api/chat", Transcript("chat-tools-call-stream"))
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        frames = await ws.until("done")
    calls = [call for frame in frames for call in frame.get("tool_calls") or []]
    recorded = [
        call
        for line in load("chat-tools-call-stream").chunks
        for call in json.loads(line)["message"].get("tool_calls") or []
    ]
    assert calls == recorded and calls


@pytest.mark.parametrize("one_byte", [False, True])
async def test_text_of_any_script_is_whole(
    http_server: Any, http_port: int, backend: Backend, one_byte: bool
) -> None:
    backend.on("/api/chat", Transcript("chat-unicode", one_byte=one_byte))
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        frames = await ws.until("done")
    lines = [json.loads(line)["message"]["content"] for line in load("chat-unicode").chunks]
    assert content(frames) == "".join(lines)


async def test_several_chats_run_at_once(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    gates = [asyncio.Event() for _ in range(3)]
    done = {"message": {"content": "!"}, "done": True}
    streams = [NdjsonStream({"message": {"content": "."}}, gate, done) for gate in gates]
    backend.on("/api/chat", *streams)
    async with socket(http_port) as ws:
        for number in range(3):
            await ws.send(CHAT | {"id": str(number)})
            await ws.until("delta", str(number))
        for number in (1, 2, 0):
            gates[number].set()
            frames = await ws.until("done")
            assert {frame["id"] for frame in frames} == {str(number)}


async def test_an_id_is_free_again_when_its_chat_is_over(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    gate = asyncio.Event()
    done = {"message": {"content": "!"}, "done": True}
    backend.on("/api/chat", NdjsonStream({"message": {"content": "."}}, gate, done))
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        await ws.until("delta")
        await ws.send(CHAT)
        error = (await ws.until("error"))[-1]
        assert (error["id"], error["status"]) == ("a", 400)
        gate.set()
        await ws.until("done")
        await ws.send(CHAT)
        await ws.until("done")
    assert len(backend.exchanges) == 2


async def test_cancel_stops_ollama_at_once(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/chat", StallMidLine(), StallBeforeHeaders(), Transcript("chat-stream"))
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        await ws.until("delta")
        await ws.send({"type": "cancel", "id": "a"})
        done = (await ws.until("done"))[-1]
        assert (done["id"], done["reason"]) == ("a", "cancelled")
        await backend.exchanges[0].closed.wait()

        await ws.send(CHAT)
        await until(lambda: len(backend.exchanges) == 2, "the second chat arrived")
        await ws.send({"type": "cancel", "id": "a"})
        assert (await ws.until("done"))[-1]["reason"] == "cancelled"
        await backend.exchanges[1].closed.wait()

        await ws.send(CHAT)
        assert content(await ws.until("done")) == TEXT


async def test_a_turn_is_cancelled_without_an_id(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/chat", StallMidLine())
    async with socket(http_port) as ws:
        await ws.send({"text": "x", "model": "smollm2"})
        await ws.until("delta")
        await ws.send({"type": "cancel"})
        assert (await ws.until("done"))[-1]["reason"] == "cancelled"
    await backend.exchanges[0].closed.wait()


async def test_cancelling_nothing_is_an_error(http_server: Any, http_port: int) -> None:
    async with socket(http_port) as ws:
        await ws.send({"type": "cancel", "id": "z"})
        error = await ws.frame()
        assert (error["type"], error["id"], error["status"]) == ("error", "z", 400)


@pytest.mark.parametrize("leaving", ["close", "vanish"])
@pytest.mark.parametrize(
    "frame",
    ["Hello", {"text": "x", "model": "m"}, CHAT]
    + [{"type": "request", "id": "r", "method": "POST", "path": "/api/chat", "body": {}}],
    ids=["plain", "turn", "chat", "request"],
)
@pytest.mark.parametrize("stall", [StallBeforeHeaders(), StallMidLine()], ids=["silent", "mid"])
async def test_a_socket_that_closes_makes_ollama_stop(
    http_server: Any, http_port: int, backend: Backend, frame: Any, stall: Any, leaving: str
) -> None:
    backend.on("/api/chat", stall)
    async with socket(http_port) as ws:
        await ws.send(frame)
        exchange = await backend.next_request("/api/chat")
        if leaving == "close":
            await ws.connection.close()
        else:
            ws.leave()
        await exchange.closed.wait()


async def test_a_request_frame_streams_line_by_line(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    async with socket(http_port) as ws:
        body = {"model": "smollm2", "prompt": "x"}
        request = {"type": "request", "id": "r", "method": "POST", "path": "/api/generate"}
        await ws.send(request | {"body": body})
        frames = await ws.until("end")
    assert frames[0] == {"type": "response", "id": "r", "status": 200}
    assert frames[-1] == {"type": "end", "id": "r"}
    chunks = [frame["data"] for frame in frames[1:-1]]
    assert chunks == [json.loads(line) for line in load("generate-stream").chunks]
    assert backend.exchanges[0].json() == body


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/tags", "tags"),
        ("GET", "/api/version", "version"),
        ("POST", "/api/show", "show-missing"),
        ("POST", "/api/show", "show"),
    ],
)
async def test_a_request_frame_brings_whole_answers(
    http_server: Any, http_port: int, backend: Backend, method: str, path: str, name: str
) -> None:
    record = load(name)
    backend.on(path, Transcript(name))
    async with socket(http_port) as ws:
        await ws.send({"type": "request", "id": "r", "method": method, "path": path})
        frames = await ws.until("end")
    assert frames[0]["status"] == record.status
    assert [frame["data"] for frame in frames[1:-1]] == [json.loads(record.body)]


async def test_a_request_frame_can_be_cancelled(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/pull", NdjsonStream({"status": "pulling manifest"}, asyncio.Event()))
    async with socket(http_port) as ws:
        request = {"type": "request", "id": "p", "method": "POST", "path": "/api/pull"}
        await ws.send(request | {"body": {"model": "m"}})
        await ws.until("chunk")
        await ws.send({"type": "cancel", "id": "p"})
        assert (await ws.until("done"))[-1]["reason"] == "cancelled"
    await backend.exchanges[0].closed.wait()


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (Reset(), {502}),
        (CutMidLine(), {502}),
        (StallBeforeHeaders(), {504}),
        (StallMidLine(), {504}),
        (ErrorLine({"message": {"content": "Hi"}}), {500}),
        (NdjsonStream({"message": {"content": "Hi"}}, b"nonsense\n"), {502}),
        (NdjsonStream({"message": {"content": ""}}), {502}),
        (Reply(b'{"error":"no such model"}', 404), {404}),
    ],
    ids=["reset", "cut", "silent", "stall", "error", "nonsense", "never-spoke", "refused"],
)
@pytest.mark.parametrize("config", [{"service": {"load_timeout": 0.1, "timeout": 0.1}}])
async def test_a_failure_is_an_error_frame_and_the_connection_stays(
    http_server: Any, http_port: int, backend: Backend, config: Any, fault: Any, statuses: set[int]
) -> None:
    backend.on("/api/chat", fault)
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        error = (await ws.until("error"))[-1]
        assert error["id"] == "a" and error["status"] in statuses
        assert error["message"] and "Traceback" not in error["message"]
        await ws.send({"type": "ping"})
        assert await ws.frame() == {"type": "pong"}


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"type": "nonsense"},
        {"type": 5},
        {"type": None},
        {"text": 5},
        {"text": ""},
        {"type": "chat"},
        {"type": "chat", "id": "a"},
        {"type": "chat", "id": "a", "messages": "x"},
        {"type": "chat", "id": 5, "messages": []},
        {"type": "chat", "id": "", "messages": []},
        {"type": "chat", "id": "x" * 200, "messages": []},
        {"type": "chat", "id": "a", "messages": [], "keep_alve": 5},
        {"type": "chat", "id": "a", "messages": [], "model": 5},
        {"type": "request", "id": "a"},
        {"type": "request", "path": "/api/tags"},
        {"type": "request", "id": "a", "path": 5},
        {"type": "request", "id": "a", "path": "/api/tags", "method": 5},
        {"type": "request", "id": "a", "path": "/v1/models"},
        {"type": "request", "id": "a", "path": "/api/blobs/sha256:00", "method": "POST"},
        '{"a":' * 10000 + "1" + "}" * 10000,
        b"\x00\x01",
    ],
    ids=lambda frame: str(frame)[:60],
)
async def test_anything_else_is_an_error_and_the_connection_stays(
    http_server: Any, http_port: int, backend: Backend, frame: Any
) -> None:
    async with socket(http_port) as ws:
        await ws.send(frame)
        error = await ws.frame()
        assert error["type"] == "error"
        assert 400 <= error["status"] < 500
        assert "id" in error and error["message"]
        await ws.send({"type": "ping"})
        assert await ws.frame() == {"type": "pong"}
    assert not backend.exchanges


async def test_ping(http_server: Any, http_port: int) -> None:
    async with socket(http_port) as ws:
        await ws.send({"type": "ping"})
        assert await ws.frame() == {"type": "pong"}


async def test_frames_are_read_while_a_chat_runs(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        await backend.next_request()
        await ws.send({"type": "ping"})
        assert (await ws.until("pong"))[-1] == {"type": "pong"}


async def test_a_message_that_is_too_large_closes_with_1009(
    http_server: Any, http_port: int, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    http_server.request_callback.settings["websocket_max_message_size"] = 1000
    async with socket(http_port) as ws:
        await ws.send(CHAT | {"messages": [{"role": "user", "content": "x" * 2000}]})
        assert (await ws.closed())[0] == 1009
    assert not backend.exchanges


async def test_there_is_a_bound_on_what_runs_at_once(
    http_server: Any, http_port: int, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_jobs, "MAX_JOBS", 2)
    backend.on("/api/chat", StallBeforeHeaders())
    async with socket(http_port) as ws:
        for id in ("1", "2", "3"):
            await ws.send(CHAT | {"id": id})
        error = await ws.frame()
        assert (error["type"], error["id"], error["status"]) == ("error", "3", 429)


async def test_a_slow_reader_holds_up_its_own_source_and_nobody_else(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    line = json.dumps({"message": {"content": "x" * 60_000}}).encode() + b"\n"
    last = b'{"message":{"content":""},"done":true}\n'
    backend.on("/api/chat", Stream(*[line] * 1000, last), Transcript("chat-stream"))
    async with socket(http_port, max_queue=1) as slow, socket(http_port) as quick:
        await slow.send(CHAT)
        exchange = await backend.next_request("/api/chat")
        await settled(lambda: exchange.sent)
        assert not exchange.finished.is_set()
        await quick.send(CHAT)
        assert content(await quick.until("done")) == TEXT
        assert not exchange.finished.is_set()
        assert len(content(await slow.until("done"))) == 60_000_000


async def test_shutting_down_closes_sockets_with_1001(
    http_server: Any, http_port: int, app: Any, backend: Backend
) -> None:
    gate = asyncio.Event()
    done = {"message": {"content": "!"}, "done": True}
    backend.on("/api/chat", NdjsonStream({"message": {"content": "."}}, gate, done))
    async with socket(http_port) as idle, socket(http_port) as busy:
        await busy.send(CHAT)
        await busy.until("delta")
        app.begin_drain()
        assert (await idle.closed())[0] == 1001
        gate.set()
        await busy.until("done")
        assert (await busy.closed())[0] == 1001


async def test_the_headers_of_a_handshake_do_not_reach_ollama(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    headers = [("Authorization", "Bearer canary"), ("Cookie", "a=b")]
    async with socket(http_port, headers=headers) as ws:
        await ws.send(CHAT)
        await ws.until("done")
    seen = backend.exchanges[0]
    assert b"canary" not in seen.raw_head and seen.header("cookie") is None
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert seen.header("x-request-id")


async def test_ignored_keys_of_a_chat_are_told_at_its_start(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    async with socket(http_port) as ws:
        await ws.send({**CHAT, "temperature": 0, "user": "me"})
        frames = await ws.until("done")
    assert frames[0]["ignored"] == ["temperature", "user"] and "ignored" not in frames[-1]
    assert "temperature" not in backend.requests("/api/chat")[0].json()


@pytest.mark.parametrize("resumable", [False, True])
async def test_a_model_that_cannot_think_is_asked_without(
    http_server: Any, http_port: int, backend: Backend, resumable: bool
) -> None:
    refusal = Reply(b'{"error":"\\"m\\" does not support thinking"}', 400)
    done = {"message": {"content": "a"}, "done": True, "done_reason": "stop"}
    backend.on("/api/chat", refusal, NdjsonStream(done))
    async with socket(http_port) as ws:
        await ws.send({**CHAT, "think": True, "resumable": resumable})
        frames = await ws.until("done")
    assert content(frames) == "a" and frames[-1]["ignored"] == ["think"]
    first, second = (exchange.json() for exchange in backend.requests("/api/chat"))
    assert first.pop("think") is True and first == second


async def test_a_server_that_never_stops_to_complain_is_asked_twice(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/chat", Reply(b'{"error":"\\"m\\" does not support thinking"}', 400))
    async with socket(http_port) as ws:
        await ws.send({**CHAT, "think": "high"})
        frames = await ws.until("error")
    assert frames[-1]["status"] == 400 and len(backend.requests("/api/chat")) == 2
