"""Streams of /v1/responses on the wire: their ends, what keeps them alive, where errors stand."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.backend import (
    Backend,
    CutMidLine,
    ErrorLine,
    Exchange,
    NdjsonStream,
    Reply,
    StallBeforeHeaders,
    Stream,
    json_reply,
)
from tests.waiting import until

from .validator import valid

pytestmark = pytest.mark.gen_test

PATH = "/v1/responses"
COUNTS = {"prompt_eval_count": 5, "eval_count": 2}
DONE = {"message": {"content": ""}, "done": True, "done_reason": "stop"} | COUNTS
LENGTH = DONE | {"done_reason": "length"}
TOO_LONG = json_reply(
    {
        "error": json.dumps(
            {
                "error": {
                    "code": 400,
                    "message": "request (4010 tokens) exceeds the available context size",
                    "type": "exceed_context_size_error",
                    "n_prompt_tokens": 4010,
                    "n_ctx": 2048,
                }
            }
        )
    },
    400,
)


def said(text: str = "", **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text} | more, "done": False}


def asking(**more: Any) -> bytes:
    return json.dumps({"model": "m", "input": "x", "stream": True} | more).encode()


async def stream_of(connect: Any, **more: Any) -> list[dict[str, Any]]:
    response = await (await connect()).request("POST", PATH, (), asking(**more))
    assert response.status == 200 and response.complete
    assert response.header("content-type") == "text/event-stream; charset=utf-8"
    assert response.header("x-accel-buffering") == "no"
    return valid(response.body)


async def test_a_text_piece_by_piece(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said("High "), said("at six."), DONE))
    events = await stream_of(connect)
    deltas = [event["delta"] for event in events if event["type"].endswith("text.delta")]
    assert deltas == ["High ", "at six."]
    response = events[-1]["response"]
    assert response["status"] == "completed" and response["usage"]["total_tokens"] == 7
    assert backend.exchanges[0].json()["messages"] == [{"role": "user", "content": "x"}]


async def test_a_stream_ends_with_the_object_of_the_whole_reply(
    connect: Any, backend: Backend
) -> None:
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    message = {"thinking": "hm", "content": "Well.", "tool_calls": [call]}
    lines = (said(thinking="h"), said(thinking="m"), said("We"), said("ll."),
             said(tool_calls=[call]), DONE)  # fmt: skip
    tools = [{"type": "function", "name": "f", "parameters": {"type": "object"}}]
    backend.on("/api/chat", NdjsonStream(*lines), json_reply(DONE | {"message": message}))
    streamed = (await stream_of(connect, tools=tools))[-1]["response"]
    response = await (await connect()).request("POST", PATH, (), asking(tools=tools, stream=False))
    whole = response.json()
    assert _without_ids(streamed) == _without_ids(whole)


def _without_ids(response: dict[str, Any]) -> Any:
    text = json.dumps(response).replace(response["id"].removeprefix("resp_"), "")
    return json.loads(text) | {"created_at": 0, "completed_at": 0}


async def test_a_model_that_said_nothing_has_an_empty_message(
    connect: Any, backend: Backend
) -> None:
    backend.on("/api/chat", NdjsonStream(DONE))
    [message] = (await stream_of(connect))[-1]["response"]["output"]
    assert message["content"][0]["text"] == ""


class TestEnds:
    async def test_a_limit_of_the_clients_is_incomplete(
        self, connect: Any, backend: Backend
    ) -> None:
        backend.on("/api/chat", NdjsonStream(said("1 2"), LENGTH))
        events = await stream_of(connect, max_output_tokens=2)
        assert events[-1]["type"] == "response.incomplete"
        assert events[-1]["response"]["output"][0]["status"] == "incomplete"

    @pytest.mark.parametrize(
        "config", [{"models": {"defaults": {"*": {"options": {"num_predict": 2}}}}}]
    )
    async def test_so_is_a_limit_of_the_operators(
        self, connect: Any, backend: Backend, config: Any
    ) -> None:
        backend.on("/api/chat", NdjsonStream(said("1 2"), LENGTH))
        assert (await stream_of(connect))[-1]["type"] == "response.incomplete"

    @pytest.mark.parametrize("tool_choice", ["auto", "required"])
    async def test_a_full_window_without_a_limit_has_failed(
        self, connect: Any, backend: Backend, tool_choice: str
    ) -> None:
        backend.on("/api/chat", NdjsonStream(said("1 2"), LENGTH))
        tools = [{"type": "function", "name": "f"}]
        events = await stream_of(connect, tools=tools, tool_choice=tool_choice)
        response = events[-1]["response"]
        assert response["error"]["code"] == "context_length_exceeded"
        assert response["usage"]["total_tokens"] == 7
        assert response["output"][0]["status"] == "incomplete"

    async def test_unstreamed_it_is_incomplete(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", json_reply(LENGTH | said("1 2") | {"done": True}))
        response = await (await connect()).request("POST", PATH, (), asking(stream=False))
        assert response.status == 200 and response.json()["status"] == "incomplete"

    async def test_a_prompt_that_does_not_fit_is_said_in_the_stream(
        self, connect: Any, backend: Backend
    ) -> None:
        backend.on("/api/chat", TOO_LONG)
        kinds = [event["type"] for event in await stream_of(connect)]
        assert kinds == ["response.created", "response.in_progress", "response.failed"]

    async def test_also_where_ollama_says_so_in_its_first_line(
        self, connect: Any, backend: Backend
    ) -> None:
        problem = {"error": {"type": "exceed_context_size_error", "message": "too long"}}
        backend.on("/api/chat", NdjsonStream({"error": json.dumps(problem)}))
        [*_, last] = await stream_of(connect)
        assert last["response"]["error"]["code"] == "context_length_exceeded"

    async def test_unstreamed_it_is_a_400(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", TOO_LONG)
        response = await (await connect()).request("POST", PATH, (), asking(stream=False))
        error = response.json()["error"]
        assert response.status == 400
        assert (error["code"], error["param"]) == ("context_length_exceeded", "input")

    async def test_ollama_is_asked_not_to_cut_in_silence(
        self, connect: Any, backend: Backend
    ) -> None:
        backend.on("/api/chat", NdjsonStream(DONE))
        await stream_of(connect)
        await stream_of(connect, truncation="auto")
        await stream_of(connect, truncate=True)
        first, auto, own = (exchange.json() for exchange in backend.exchanges)
        assert first["truncate"] is first["shift"] is False
        assert auto["truncate"] is auto["shift"] is True
        assert own["truncate"] is True and own["shift"] is False


class TestFailures:
    @pytest.mark.parametrize(
        "broken",
        [
            CutMidLine(),
            ErrorLine(said("a")),
            NdjsonStream(said("a"), {"nonsense": 1}),
            Stream(json.dumps(said("a")).encode() + b"\n", b"no json\n"),
        ],
        ids=["cut", "error", "no reply", "no json"],
    )
    @pytest.mark.parametrize("tool_choice", ["auto", "required"])
    async def test_ollama_dies_in_its_reply(
        self, connect: Any, backend: Backend, broken: Any, tool_choice: str
    ) -> None:
        backend.on("/api/chat", broken)
        tools = [{"type": "function", "name": "f"}]
        [*_, last] = await stream_of(connect, tools=tools, tool_choice=tool_choice)
        assert last["response"]["error"]["code"] == "server_error"
        assert last["response"]["usage"] is None

    async def test_ollama_dies_before_its_reply(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", Reply(b"", 200), CutMidLine(lines=0))
        for _ in range(2):
            response = await (await connect()).request("POST", PATH, (), asking())
            assert response.status == 502
            assert response.json()["error"]["code"] == "upstream_broken"

    async def test_an_early_refusal_keeps_its_status(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", json_reply({"error": "model 'm' not found"}, 404))
        response = await (await connect()).request("POST", PATH, (), asking())
        assert response.status == 404
        assert response.json()["error"]["code"] == "model_not_found"

    async def test_a_client_that_leaves_stops_ollama(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", StallBeforeHeaders())
        client = await connect()
        await client.send_request("POST", PATH, (), asking())
        await until(lambda: bool(backend.exchanges), "a request to Ollama")
        client.leave()
        await backend.exchanges[0].closed.wait()


@pytest.mark.usefixtures("quick_pings")
class TestKeepingAlive:
    async def test_a_model_that_loads_is_bridged_by_events(
        self, connect: Any, backend: Backend
    ) -> None:
        loaded, pause = asyncio.Event(), asyncio.Event()
        backend.on("/api/chat", NdjsonStream(said("a"), pause, DONE, head_gate=loaded))
        client = await connect()
        await client.send_request("POST", PATH, (), asking())
        response = await client.read_head()
        stream = b""
        while stream.count(b"event: response.in_progress") < 3:
            stream += await client.read_chunk(response)
        loaded.set()
        while b"output_text.delta" not in stream:
            stream += await client.read_chunk(response)
        before = stream.count(b"event: response.in_progress")
        while stream.count(b"event: response.in_progress") < before + 2:
            stream += await client.read_chunk(response)
        pause.set()
        stream += (await client.read_body(response)).body
        assert valid(stream)[-1]["type"] == "response.completed"

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (json_reply({"error": "model 'm' not found"}, 404), "invalid_prompt"),
            (json_reply({"error": "slow down"}, 429), "rate_limit_exceeded"),
            (json_reply({"error": "server busy"}, 503), "server_is_overloaded"),
            (json_reply({"error": "boom"}, 500), "server_error"),
            (TOO_LONG, "context_length_exceeded"),
        ],
        ids=["404", "429", "503", "500", "too long"],
    )
    async def test_a_failure_after_that_is_an_event(
        self, connect: Any, backend: Backend, answer: Any, code: str
    ) -> None:
        gate = asyncio.Event()

        async def late(exchange: Exchange) -> None:
            await exchange.read_body()
            await gate.wait()
            await answer(exchange)

        backend.on("/api/chat", late)
        client = await connect()
        await client.send_request("POST", PATH, (), asking())
        response = await client.read_head()
        stream = await client.read_chunk(response)
        gate.set()
        stream += (await client.read_body(response)).body
        last = valid(stream)[-1]["response"]
        assert last["status"] == "failed" and last["error"]["code"] == code


@pytest.mark.parametrize("stream", [True, False])
async def test_an_effort_is_left_out_where_the_model_cannot_think(
    connect: Any, backend: Backend, stream: bool
) -> None:
    refusal = json_reply({"error": '"m" does not support thinking'}, 400)
    whole = DONE | {"message": {"role": "assistant", "content": "a"}}
    backend.on("/api/chat", refusal, NdjsonStream(said("a"), DONE) if stream else json_reply(whole))
    body = asking(stream=stream, reasoning={"effort": "high", "summary": "auto"})
    response = await (await connect()).request("POST", PATH, (), body)
    assert response.status == 200
    assert response.header("x-ignored-fields") == "reasoning.effort"
    first, second = (exchange.json() for exchange in backend.exchanges)
    assert first.pop("think") == "high" and first == second


async def test_a_server_that_never_stops_to_complain_is_asked_twice(
    connect: Any, backend: Backend
) -> None:
    backend.on("/api/chat", json_reply({"error": '"m" does not support thinking'}, 400))
    body = asking(reasoning={"effort": "high"})
    response = await (await connect()).request("POST", PATH, (), body)
    assert response.status == 400 and len(backend.exchanges) == 2


class TestDoor:
    async def test_a_websocket_is_refused_at_once(self, connect: Any, backend: Backend) -> None:
        headers = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
        response = await (await connect()).request("GET", PATH, headers)
        assert response.status == 426 and response.header("upgrade")
        assert response.json()["error"]["code"] == "upgrade_required"

    async def test_without_a_handshake_the_method_is_wrong(self, connect: Any) -> None:
        response = await (await connect()).request("GET", PATH)
        assert response.status == 405 and response.header("allow") == "POST, OPTIONS"
