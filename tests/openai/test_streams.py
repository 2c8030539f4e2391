"""Streams of /v1 on the wire: status, comments, several choices, and clients that leave."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.backend import (
    Backend,
    CutMidLine,
    Exchange,
    NdjsonStream,
    Reply,
    StallBeforeHeaders,
    Stream,
    json_reply,
)
from tests.conformance.cases import sse_data
from tests.waiting import settled, until
from tornado_ollama.handlers import event_stream
from tornado_ollama.wire.chat.reply_stream import ReplyStream

pytestmark = pytest.mark.gen_test

CHAT = "/v1/chat/completions"
TEXT = "/v1/completions"
DONE = {"message": {"content": ""}, "done": True, "done_reason": "stop", "eval_count": 1}


def said(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}, "done": False}


def chat(**more: Any) -> bytes:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
    return json.dumps(body | more).encode()


def text(**more: Any) -> bytes:
    return json.dumps({"model": "m", "prompt": "x", "stream": True} | more).encode()


async def test_the_headers_of_a_stream(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said("a"), DONE))
    response = await (await connect()).request("POST", CHAT, (), chat())
    assert response.header("content-type") == "text/event-stream; charset=utf-8"
    assert response.header("cache-control") == "no-cache, no-transform"
    assert response.header("x-accel-buffering") == "no"
    assert response.header("transfer-encoding") == "chunked" and response.complete


async def test_every_token_leaves_when_it_comes(connect: Any, backend: Backend) -> None:
    gates = [asyncio.Event() for _ in range(3)]
    pieces: list[Any] = []
    for number, gate in enumerate(gates):
        pieces += [said(str(number)), gate]
    backend.on("/api/chat", NdjsonStream(*pieces, DONE))
    client = await connect()
    await client.send_request("POST", CHAT, (), chat())
    response = await client.read_head()
    for number, gate in enumerate(gates):
        events = sse_data(await client.read_chunk(response))
        assert events[-1]["choices"][0]["delta"] == {"content": str(number)}
        gate.set()
    assert (await client.read_chunk(response)).endswith(b"data: [DONE]\n\n")


async def test_what_ollama_gets_describes_its_own_body(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said("a"), DONE))
    headers = [("Accept-Encoding", "gzip"), ("Content-Type", "text/plain"), ("X-Secret", "s")]
    await (await connect()).request("POST", CHAT, headers, chat())
    [exchange] = backend.exchanges
    assert exchange.header("content-type") == "application/json"
    assert exchange.header("accept-encoding") == "identity"
    assert exchange.header("x-secret") is None and exchange.header("x-request-id")


@pytest.mark.usefixtures("quick_pings")
class TestComments:
    async def test_a_model_that_loads_is_bridged_by_comments(
        self, connect: Any, backend: Backend
    ) -> None:
        loaded = asyncio.Event()
        backend.on("/api/chat", NdjsonStream(said("a"), DONE, head_gate=loaded))
        client = await connect()
        await client.send_request("POST", CHAT, (), chat())
        response = await client.read_head()
        assert response.status == 200
        for _ in range(3):
            assert await client.read_chunk(response) == b": keep-alive\n"
        loaded.set()
        body = (await client.read_body(response)).body
        assert body.endswith(b"data: [DONE]\n\n") and sse_data(body)[0]["choices"]

    async def test_silence_within_a_reply_is_bridged_too(
        self, connect: Any, backend: Backend
    ) -> None:
        gate = asyncio.Event()
        backend.on("/api/chat", NdjsonStream(said("a"), gate, DONE))
        client = await connect()
        await client.send_request("POST", CHAT, (), chat())
        response = await client.read_head()
        while b"delta" not in (chunk := await client.read_chunk(response)):
            assert chunk == b": keep-alive\n"
        assert await client.read_chunk(response) == b": keep-alive\n"
        gate.set()
        assert (await client.read_body(response)).complete

    async def test_no_comment_where_something_was_said_since_the_last_look(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written: list[bytes] = []

        class Down:
            started = True
            congested = False
            sent = 0

            def __init__(self, handler: object) -> None: ...

            def write(self, data: bytes) -> None:
                written.append(data)
                self.sent += len(data)

        monkeypatch.setattr(event_stream, "Downstream", Down)
        monkeypatch.setattr(event_stream, "PING_EVERY_S", 60)
        unused: Any = SimpleNamespace(position=None)
        machine = ReplyStream[Any]([], lambda lasts: b"")
        stream = event_stream.EventStream(unused, unused, machine)
        stream._write(b"token")
        for expected in ([b"token"], [b"token", b": keep-alive\n"]):
            stream._tick()
            assert stream._timer is not None
            stream._timer.cancel()
            assert written == expected

    async def test_after_a_comment_a_failure_is_an_event(
        self, connect: Any, backend: Backend
    ) -> None:
        gate = asyncio.Event()

        async def refuse(exchange: Exchange) -> None:
            await gate.wait()
            await json_reply({"error": "model 'm' not found"}, 404)(exchange)

        backend.on("/api/chat", refuse)
        client = await connect()
        await client.send_request("POST", CHAT, (), chat())
        response = await client.read_head()
        await client.read_chunk(response)
        gate.set()
        [event] = sse_data((await client.read_body(response)).body)
        assert (response.status, event["error"]["code"]) == (200, "model_not_found")

    async def test_after_a_comment_a_bad_line_is_an_event(
        self, connect: Any, backend: Backend
    ) -> None:
        gate = asyncio.Event()
        backend.on("/api/chat", Stream(b"nonsense\n", head_gate=gate))
        client = await connect()
        await client.send_request("POST", CHAT, (), chat())
        response = await client.read_head()
        await client.read_chunk(response)
        gate.set()
        [event] = sse_data((await client.read_body(response)).body)
        assert event["error"]["code"] == "upstream_broken"


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (json_reply({"error": "model 'm' not found"}, 404), 404, "model_not_found"),
        (json_reply({"error": "server busy"}, 503), 503, "overloaded"),
        (json_reply({"error": "boom"}, 500), 500, None),
        (Reply(b"<html>", 502, "text/html"), 502, "upstream_broken"),
        (NdjsonStream({"error": "boom"}), 500, None),
        (Stream(b"nonsense\n"), 502, "upstream_broken"),
        (Stream(), 502, "upstream_broken"),
        (CutMidLine(0), 502, "upstream_broken"),
    ],
)
async def test_a_failure_before_the_first_event_keeps_its_status(
    connect: Any, backend: Backend, answer: Any, status: int, code: str | None
) -> None:
    backend.on("/api/chat", answer)
    response = await (await connect()).request("POST", CHAT, (), chat())
    assert (response.status, response.json()["error"]["code"]) == (status, code)
    assert (response.header("x-should-retry") == "false") is (status == 500)
    assert (response.header("retry-after") == "1") is (status == 503)


async def test_a_stream_that_is_cut_ends_with_an_error_event(
    connect: Any, backend: Backend
) -> None:
    backend.on("/api/chat", CutMidLine(2))
    response = await (await connect()).request("POST", CHAT, (), chat())
    *events, last = sse_data(response.body)
    assert response.status == 200 and "error" in last and len(events) == 3


async def test_a_client_that_does_not_read_slows_ollama_down(
    connect: Any, backend: Backend
) -> None:
    line = json.dumps(said("x" * 1000)).encode() + b"\n"
    backend.on("/api/chat", Stream(*[line * 50] * 1000, json.dumps(DONE).encode() + b"\n"))
    client = await connect()
    await client.send_request("POST", CHAT, (), chat())
    exchange = await backend.next_request("/api/chat")
    taken = await settled(lambda: exchange.sent)
    assert taken < 20_000_000
    response = await client.read_response()
    assert response.complete and response.body.endswith(b"data: [DONE]\n\n")
    assert response.body.count(b"xxxx") >= 50_000


async def test_a_bad_line_hangs_up_on_ollama(connect: Any, backend: Backend) -> None:
    never = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(said("a"), b"nonsense\n", never))
    response = await (await connect()).request("POST", CHAT, (), chat())
    assert "error" in sse_data(response.body)[-1]
    [exchange] = backend.exchanges
    async with asyncio.timeout(5):
        await exchange.closed.wait()


class TestSeveralChoices:
    async def test_streams_are_merged_by_index(self, connect: Any, backend: Backend) -> None:
        answers = [NdjsonStream(said(word), DONE) for word in ("a", "b", "c")]
        backend.on("/api/chat", *answers)
        body = chat(n=3, stream_options={"include_usage": True})
        response = await (await connect()).request("POST", CHAT, (), body)
        events = sse_data(response.body)
        texts = {
            choice["index"]: choice["delta"]["content"]
            for event in events[:-1]
            for choice in event["choices"]
            if choice["delta"].get("content")
        }
        assert sorted(texts) == [0, 1, 2] and sorted(texts.values()) == ["a", "b", "c"]
        assert events.count("[DONE]") == 1
        assert events[-2]["usage"]["completion_tokens"] == 3

    async def test_a_few_at_a_time(self, connect: Any, backend: Backend) -> None:
        gate = asyncio.Event()
        line = {"response": "a", "done": True, "done_reason": "stop"}
        backend.on("/api/generate", NdjsonStream(line, head_gate=gate))
        client = await connect()
        prompts = [str(number) for number in range(10)]
        await client.send_request("POST", TEXT, (), text(prompt=prompts))
        await until(lambda: len(backend.exchanges) == 4, "four requests")
        await asyncio.sleep(0.03)
        assert len(backend.exchanges) == 4
        gate.set()
        events = sse_data((await client.read_response()).body)
        assert len(events) == 11 and events[-1] == "[DONE]"
        assert sorted(e["choices"][0]["index"] for e in events[:-1]) == list(range(10))
        asked = [exchange.json()["prompt"] for exchange in backend.exchanges]
        assert sorted(asked) == prompts

    @pytest.mark.parametrize("stream", [True, False])
    async def test_one_that_fails_ends_the_others(
        self, connect: Any, backend: Backend, stream: bool
    ) -> None:
        backend.on("/api/chat", StallBeforeHeaders(), json_reply({"error": "boom"}, 500))
        response = await (await connect()).request("POST", CHAT, (), chat(n=2, stream=stream))
        assert response.status == 500
        for exchange in backend.exchanges:
            if not exchange.finished.is_set():
                async with asyncio.timeout(5):
                    await exchange.closed.wait()

    @pytest.mark.parametrize("stream", [True, False])
    async def test_a_client_that_leaves_ends_them_all(
        self, connect: Any, backend: Backend, stream: bool
    ) -> None:
        backend.on("/api/chat", StallBeforeHeaders())
        client = await connect()
        await client.send_request("POST", CHAT, (), chat(n=3, stream=stream))
        await until(lambda: len(backend.exchanges) == 3, "three requests")
        client.leave()
        async with asyncio.timeout(5):
            for exchange in backend.exchanges:
                await exchange.closed.wait()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("choices", [1, 3])
@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (CHAT, "reasoning_effort", "high"),
        (CHAT, "chat_template_kwargs", {"enable_thinking": True}),
        (TEXT, "think", True),
    ],
)
async def test_a_model_that_cannot_think_answers_all_the_same(
    connect: Any, backend: Backend, path: str, field: str, value: Any, choices: int, stream: bool
) -> None:
    async def answer(exchange: Exchange) -> None:
        if json.loads(await exchange.read_body()).get("think"):
            await json_reply({"error": '"m" does not support thinking'}, 400)(exchange)
            return
        whole = DONE | {"message": {"content": "a"}, "response": "a"}
        await (NdjsonStream(whole) if stream else json_reply(whole))(exchange)

    native = "/api/chat" if path == CHAT else "/api/generate"
    backend.on(native, answer)
    asked = {"stream": stream, "n": choices, field: value}
    body = chat(**asked) if path == CHAT else text(**asked)
    response = await (await connect()).request("POST", path, (), body)
    assert response.status == 200 and response.complete
    assert response.header("x-ignored-fields").split(".")[0] == field
    assert len(backend.requests(native)) == 2 * choices
