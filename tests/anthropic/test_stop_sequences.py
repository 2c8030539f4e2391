"""Stop sequences over /v1/messages: the reply ends at once, and Ollama stops computing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.backend import Backend, NdjsonStream, json_reply
from tests.waiting import until
from tornado_ollama.dispatch.journal import Record

from .exchanges import DONE, HEADERS, MESSAGES, body, said, whole
from .validator import checked, checked_failure

pytestmark = pytest.mark.gen_test

BOTH = pytest.mark.parametrize("stream", [True, False])
STOPS = {"stop_sequences": ["\n\nHuman:", "END"]}


@pytest.fixture
def records(app: Any) -> list[Record]:
    records: list[Record] = []
    app.deps.process.journal._sinks += (records.append,)
    return records


async def message(connect: Any, stream: bool, **more: Any) -> tuple[Any, dict[str, Any]]:
    client = await connect()
    asked = body(stream=stream, **STOPS | more)
    response = await client.request("POST", MESSAGES, HEADERS, asked)
    assert response.status == 200 and response.complete
    return client, checked(response.body) if stream else json.loads(response.body)


@BOTH
async def test_the_reply_ends_there_and_ollama_is_left(
    connect: Any, backend: Backend, records: list[Record], stream: bool
) -> None:
    never = asyncio.Event()
    tokens = [said(text) for text in ("Once", " upon", " E", "N", "D a")]
    backend.on("/api/chat", NdjsonStream(*tokens, never, DONE), whole("a"))
    client, found = await message(connect, stream)
    assert found["content"] == [{"type": "text", "text": "Once upon "}]
    assert (found["stop_reason"], found["stop_sequence"]) == ("stop_sequence", "END")
    assert found["usage"]["output_tokens"] == 5 and found["usage"]["input_tokens"] > 1
    [exchange] = backend.requests("/api/chat")
    async with asyncio.timeout(5):
        await exchange.closed.wait()
    assert exchange.json()["stream"] is True and "stop" not in exchange.json()["options"]
    await until(lambda: len(records) == 1, "the request has ended")
    assert (records[0].outcome, records[0].status) == ("ok", 200)
    assert records[0].usage.completion_tokens == 5
    # The client's connection is as good as before.
    again = await client.request("POST", MESSAGES, HEADERS, body())
    assert again.status == 200


@BOTH
async def test_a_reply_without_one_is_as_ever(connect: Any, backend: Backend, stream: bool) -> None:
    call = {"function": {"name": "f", "arguments": {"x": "END"}}}
    reply = [said(thinking="END"), said("aE"), said(" b\n\nHuman"), said(tool_calls=[call])]
    backend.on("/api/chat", NdjsonStream(*reply, DONE | {"eval_count": 9}))
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    _, found = await message(connect, stream, tools=tools, thinking={"type": "enabled"})
    thought, text, use = found["content"]
    assert (thought["thinking"], text["text"], use["input"]) == (
        "END",
        "aE b\n\nHuman",
        {"x": "END"},
    )
    assert (found["stop_reason"], found["stop_sequence"]) == ("tool_use", None)
    assert found["usage"]["output_tokens"] == 9


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (json_reply({"error": "model 'm' not found"}, 404), 404),
        (NdjsonStream(said("a"), {"error": "boom"}), 500),
        (NdjsonStream(said("a"), b'{"mess'), 502),
        (NdjsonStream(), 502),
    ],
)
async def test_failures_of_a_collected_reply_keep_their_status(
    connect: Any, backend: Backend, reply: Any, status: int
) -> None:
    backend.on("/api/chat", reply)
    response = await (await connect()).request("POST", MESSAGES, HEADERS, body(**STOPS))
    assert response.status == status and response.json()["type"] == "error"


async def test_a_failure_after_a_beginning_is_an_event(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said("aEN"), {"error": "boom"}))
    asked = body(stream=True, **STOPS)
    response = await (await connect()).request("POST", MESSAGES, HEADERS, asked)
    assert checked_failure(response.body)["message"] == "boom"


async def test_what_cannot_be_a_beginning_leaves_at_once(connect: Any, backend: Backend) -> None:
    gates = [asyncio.Event() for _ in range(2)]
    backend.on(
        "/api/chat", NdjsonStream(said("a E"), gates[0], said("N"), said("x"), gates[1], DONE)
    )
    client = await connect()
    await client.send_request("POST", MESSAGES, HEADERS, body(stream=True, **STOPS))
    response = await client.read_head()
    assert b'"text":"a "' in await client.read_chunk(response)
    gates[0].set()
    assert b'"text":"ENx"' in await client.read_chunk(response)
    gates[1].set()
    assert (await client.read_body(response)).complete


async def test_a_client_that_leaves_a_collected_reply_stops_ollama(
    connect: Any, backend: Backend
) -> None:
    never = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(said("a"), never))
    client = await connect()
    await client.send_request("POST", MESSAGES, HEADERS, body(**STOPS))
    await until(lambda: len(backend.requests("/api/chat")) == 1, "Ollama has the request")
    client.leave()
    [exchange] = backend.requests("/api/chat")
    async with asyncio.timeout(5):
        await exchange.closed.wait()


@BOTH
async def test_a_model_that_cannot_think_answers_all_the_same(
    connect: Any, backend: Backend, stream: bool
) -> None:
    refusal = json_reply({"error": '"m" does not support thinking'}, 400)
    backend.on("/api/chat", refusal, NdjsonStream(said("aEND"), DONE))
    _, found = await message(connect, stream, thinking={"type": "adaptive"})
    assert found["stop_sequence"] == "END"
    assert len(backend.requests("/api/chat")) == 2


async def test_too_many_of_them_are_refused_by_name(connect: Any) -> None:
    asked = body(stop_sequences=["x" * 17_000])
    response = await (await connect()).request("POST", MESSAGES, HEADERS, asked)
    assert response.status == 400 and "'stop_sequences'" in response.json()["error"]["message"]
