"""However a job of a socket ends, it says so once, and leaves a trace where HTTP leaves one."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from tornado_ollama.dispatch.access_log import Lines
from tornado_ollama.logs import JsonFormatter
from tornado_ollama.wire.socket.chat_writers import FrameWriter

from ..backend import Backend, NdjsonStream, Reply, StallBeforeHeaders, StallMidLine, Stream, load
from ..waiting import until
from .keys import GENERATE, SECURED, bearer
from .sockets import Socket, socket

pytestmark = pytest.mark.gen_test

MESSAGES = [{"role": "user", "content": "Say hello."}]
CHAT = {"type": "chat", "id": "a", "model": "smollm2", "messages": MESSAGES}
HI = {"message": {"content": "Hi"}}
FAILED = "The gateway failed; its log says more."


async def id_is_free(ws: Socket) -> None:
    await ws.send(CHAT)
    assert (await ws.until("done", "a"))[-1]["reason"] == "stop"


@pytest.mark.parametrize("resumable", [False, True])
@pytest.mark.parametrize(
    ("last", "ending"),
    [
        (b'{"message":{"content":"\\ud800"}}\n', 502),
        (b'{"message":{"content":5}}\n', 502),
        (b'{"message":"x"}\n', 502),
        (b'{"message":{"content":"\xff"}}\n', 502),
        (b'{"message":{"tool_calls":[{"function":{"arguments":{"a":"\xff"}}}]}}\n', 502),
        (b'{"message":{"content":""},"logprobs":[{"token":"\xff"}]}\n', 502),
        (b'{"message":{"content":""},"done":true,"x":"\xff"}\n', 502),
        (b'{"done":true,"eval_count":"x","total_duration":[],"done_reason":5}\n', "stop"),
    ],
    ids=[
        *("surrogate", "number", "message", "bytes", "bytes of a call", "bytes of logprobs"),
        *("bytes of the end", "counters"),
    ],
)
async def test_odd_lines_end_a_chat_in_order(
    http_server: Any,
    http_port: int,
    backend: Backend,
    last: bytes,
    ending: int | str,
    resumable: bool,
) -> None:
    backend.on("/api/chat", NdjsonStream(HI, last), NdjsonStream(HI | {"done": True}))
    async with socket(http_port) as ws:
        await ws.send(CHAT | {"resumable": resumable})
        frames = await ws.until("error" if isinstance(ending, int) else "done", "a")
        assert [frame.get("content") for frame in frames[1:-1]] == ["Hi"]
        assert frames[-1].get("status", frames[-1].get("reason")) == ending
        await id_is_free(ws)


@pytest.mark.parametrize("resumable", [False, True])
@pytest.mark.parametrize("said", ["content", "thinking"])
async def test_a_reply_without_its_last_line_is_done_for_an_unknown_reason(
    http_server: Any, http_port: int, backend: Backend, said: str, resumable: bool
) -> None:
    backend.on(
        "/api/chat", NdjsonStream({"message": {said: "Hi"}}), NdjsonStream(HI | {"done": True})
    )
    async with socket(http_port) as ws:
        await ws.send(CHAT | {"resumable": resumable})
        frames = await ws.until("done", "a")
        assert frames[-2][said] == "Hi"
        assert frames[-1]["reason"] == "unknown"
        assert frames[-1]["usage"]["total_tokens"] == 0
        await id_is_free(ws)


async def test_a_reply_in_which_nothing_was_said_is_an_error(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/chat", NdjsonStream({"message": {"content": ""}}))
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        assert (await ws.until("error", "a"))[-1]["status"] == 502


@pytest.mark.parametrize("place", ["line", "finish", "text"])
async def test_a_failure_that_nobody_foresaw_is_an_error_frame(
    http_server: Any,
    http_port: int,
    backend: Backend,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Callable[..., None],
    place: str,
) -> None:
    expect_log("tornado_ollama.socket.job", "unforeseen")
    backend.on("/api/chat", NdjsonStream({"message": {"thinking": "x"}}, HI | {"done": True}))
    with monkeypatch.context() as patched:
        patched.setattr(FrameWriter, place, lambda writer, what: 1 // 0)
        async with socket(http_port) as ws:
            await ws.send(CHAT)
            error = (await ws.until("error", "a"))[-1]
            assert (error["status"], error["message"]) == (500, FAILED)
            patched.undo()
            await id_is_free(ws)


async def test_a_question_for_the_models_can_be_cancelled(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/tags", StallBeforeHeaders())
    chat = {"type": "chat", "id": "a", "messages": MESSAGES}
    async with socket(http_port) as ws:
        await ws.send(chat)
        exchange = await backend.next_request("/api/tags")
        await ws.send({"type": "cancel", "id": "a"})
        assert (await ws.until("done"))[-1]["reason"] == "cancelled"
        await exchange.until_closed()
        await ws.send(chat)
        exchange = await backend.next_request("/api/tags")
        ws.leave()
        await exchange.until_closed()
    assert not backend.requests("/api/chat")


async def test_a_list_of_models_that_is_none_is_an_error_frame(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    for listing in (
        *(b'{"models":[{"name":"m","capabilities":5}]}', b'{"models":[5]}', b"[]"),
        *(b'{"models":[{"name":["m"]}]}', b'{"models":[{"name":"\\ud800"}]}'),
        *(b'{"models":[{"name":"m"}],"x":"\xff"}', b"\xff"),
    ):
        backend.on("/api/tags", Reply(listing))
        async with socket(http_port) as ws:
            await ws.send({"text": "x"})
            assert (await ws.frame())["status"] == 502


async def test_a_plain_chat_can_be_cancelled(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/chat", StallMidLine())
    async with socket(http_port) as ws:
        await ws.send("Say hello.")
        assert await ws.text()
        await ws.send({"type": "cancel"})
        assert (await ws.closed())[0] == 1000
    await backend.exchanges[-1].closed.wait()


@pytest.mark.parametrize("config", [{"limits": {"max_body_bytes": 1000}}])
async def test_a_body_may_weigh_what_it_may_over_http(
    http_server: Any, http_port: int, backend: Backend, config: Any
) -> None:
    large = [{"role": "user", "content": "x" * 1000}]
    body = {"model": "m", "messages": large}
    request = {"type": "request", "id": "a", "method": "POST", "path": "/api/chat", "body": body}
    async with socket(http_port) as ws:
        for frame in (CHAT | {"messages": large}, request):
            await ws.send(frame)
            assert (await ws.until("error", "a"))[-1]["status"] == 413
    assert not backend.exchanges


# -- request frames ---------------------------------------------------------------------------


async def test_the_lines_of_a_request_frame_are_not_rewritten(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    lines = [b'{"n": 1.0, "n": 1e2}', '{"s":"é\\u00e9"}'.encode(), b'{"big": %b}' % (b"9" * 40)]
    backend.on("/api/generate", Stream(b"\n".join(lines) + b"\n"))
    request = {"type": "request", "id": "r", "method": "POST", "path": "/api/generate"}
    async with socket(http_port) as ws:
        await ws.send(request)
        assert await ws.frame() == {"type": "response", "id": "r", "status": 200}
        for line in lines:
            assert await ws.text() == f'{{"type":"chunk","id":"r","data":{line.decode()}}}'
        assert await ws.frame() == {"type": "end", "id": "r"}


@pytest.mark.parametrize("line", [b"nonsense", b'{"a":"\xff"}', b'{"a":1', b"[]", b'{"a":NaN}'])
async def test_a_line_that_is_not_json_ends_a_request_frame(
    http_server: Any, http_port: int, backend: Backend, line: bytes
) -> None:
    backend.on("/api/pull", Stream(b'{"status":"a"}\n' + line + b"\n"))
    request = {"type": "request", "id": "r", "method": "POST", "path": "/api/pull", "body": {}}
    async with socket(http_port) as ws:
        await ws.send(request)
        frames = await ws.until("error", "r")
        assert [frame["type"] for frame in frames] == ["response", "chunk", "error"]
        assert frames[-1]["status"] == 502


async def test_a_reply_that_is_not_json_is_a_string(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    for body, data in (
        (b'404 "page"', '404 "page"'),
        (b"\xff", "\ufffd"),
        (b'{"a":\n1}', {"a": 1}),
    ):
        backend.on("/api/version", Reply(body))
        async with socket(http_port) as ws:
            await ws.send({"type": "request", "id": "r", "path": "/api/version"})
            assert (await ws.until("end"))[1]["data"] == data


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_request_frame_is_one_line_of_the_access_log(
    http_server: Any,
    http_port: int,
    backend: Backend,
    config: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "tornado_ollama.access")
    gate = asyncio.Event()
    backend.on("/api/generate", NdjsonStream({"response": "é"}, gate))
    sent: list[str] = []
    async with socket(http_port, headers=[bearer(GENERATE), ("X-Request-Id", "abc-1")]) as ws:
        await ws.send({"type": "request", "id": "1", "path": "/api/version?secret=1"})
        sent += [
            json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in await ws.until("end")
        ]
        await ws.send({"type": "request", "id": "2", "method": "DELETE", "path": "/api/delete"})
        await ws.until("error")
        await ws.send({"type": "request", "id": "3", "method": "POST", "path": "/api/generate"})
        await ws.until("chunk")
        await ws.send({"type": "cancel", "id": "3"})
        await ws.until("done")

    await until(lambda: len(access_lines(caplog)) == 4, "the socket's own line comes last")
    lines = access_lines(caplog)
    version, delete, generate, whole = lines
    assert version["path"] == "/api/version" and version["method"] == "GET"
    assert (version["status"], version["outcome"]) == (200, "ok")
    assert version["bytes"] == len("".join(sent).encode())
    assert version["first_byte_ms"] is not None
    assert (delete["path"], delete["status"]) == ("/api/delete", 403)
    assert delete["outcome"] == "permission_denied"
    assert (generate["status"], generate["outcome"]) == (200, "cancelled")
    assert {line["request_id"] for line in lines} == {"abc-1"}
    assert {line["credential"] for line in lines} == {"writer"}
    assert whole["path"] == "/ws" and whole["status"] == 101
    assert whole["bytes"] == sum(line["bytes"] for line in lines[:3])


async def test_the_bytes_of_a_socket_are_counted_as_bytes(
    http_server: Any, http_port: int, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tornado_ollama.access")
    backend.on("/api/chat", NdjsonStream(*load("chat-unicode").chunks))
    received = 0
    async with socket(http_port) as ws:
        await ws.send(CHAT)
        while True:
            text = await ws.text()
            received += len(text.encode())
            if json.loads(text)["type"] == "done":
                break
    await until(lambda: bool(access_lines(caplog)), "the line is written")
    assert access_lines(caplog)[-1]["bytes"] == received


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "a prompt of the user " + "x" * 6_000_000),
        ("GET", "/" + "x" * 6_000_000),
        ("a prompt of the user " + "x" * 6_000_000, "/api/version"),
        ("GET", "http://user:a prompt of the user@host/api/version"),
    ],
    ids=["path", "plain path", "method", "user info"],
)
async def test_a_refused_request_frame_is_a_short_line_without_what_it_held(
    http_server: Any, http_port: int, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    caplog.set_level(logging.INFO, "tornado_ollama.access")
    async with socket(http_port) as ws:
        await ws.send({"type": "request", "id": "r", "method": method, "path": path})
        await ws.until("error", "r")
    await until(lambda: len(access_lines(caplog)) == 2, "the socket's own line comes last")
    records = [r for r in caplog.records if r.name == "tornado_ollama.access"]
    for line in (records[0].getMessage(), JsonFormatter().format(records[0])):
        assert len(line) < 600
        assert "prompt" not in line.lower() and "xxxx" not in line.lower()


def access_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    batches = [record.fields() for record in caplog.records if isinstance(record, Lines)]
    return [fields for batch in batches for _, fields in batch]
