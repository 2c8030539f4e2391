"""Streams of /v1/messages on the wire: events and their order, pings, failures, clients that
leave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.backend import (
    Backend,
    CutMidLine,
    Exchange,
    NdjsonStream,
    Reply,
    Stream,
    json_reply,
)
from tests.conformance.cases import named_events
from tests.gateway.keys import GENERATE, SECURED

from .exchanges import COUNTS, DONE, HEADERS, MESSAGES, body, called, said, whole
from .validator import checked, checked_failure

pytestmark = pytest.mark.gen_test


async def streamed(connect: Any, **more: Any) -> Any:
    client = await connect()
    return await client.request("POST", MESSAGES, HEADERS, body(stream=True, **more))


async def test_text_as_it_comes(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said("High "), said("at six."), DONE | COUNTS))
    response = await streamed(connect)
    assert response.header("content-type") == "text/event-stream; charset=utf-8"
    assert response.header("request-id") == response.header("x-request-id")
    message = checked(response.body)
    assert message["content"] == [{"type": "text", "text": "High at six."}]
    assert (message["stop_reason"], message["stop_sequence"]) == ("end_turn", None)
    assert (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (11, 3)


async def test_all_kinds_of_blocks_in_a_row(connect: Any, backend: Backend) -> None:
    backend.on(
        "/api/chat",
        NdjsonStream(
            said(thinking="Two "),
            said(thinking="and two."),
            said("Four."),
            said("", tool_calls=[called(port="Oban"), called("b", "call_7")]),
            said("More."),
            DONE | COUNTS,
        ),
    )
    message = checked((await streamed(connect, thinking={"type": "enabled"})).body)
    thought, text, first, second, more = message["content"]
    assert (thought["thinking"], thought["signature"]) == ("Two and two.", "to1")
    assert (text["text"], more["text"]) == ("Four.", "More.")
    assert first["id"].startswith("toolu_") and first["input"] == {"port": "Oban"}
    assert (second["id"], second["name"], second["input"]) == ("call_7", "b", {})
    assert message["stop_reason"] == "tool_use"


async def test_a_thought_that_is_not_shown_is_sealed(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said(thinking="Hm"), said("Four."), DONE))
    asked = {"type": "adaptive", "display": "omitted"}
    message = checked((await streamed(connect, thinking=asked)).body)
    assert message["content"][0] == {"type": "thinking", "thinking": "", "signature": "to1.SG0"}


async def test_a_reply_of_nothing_has_no_blocks(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said("", thinking=""), DONE))
    assert checked((await streamed(connect)).body)["content"] == []


async def test_every_token_leaves_when_it_comes(connect: Any, backend: Backend) -> None:
    gates = [asyncio.Event() for _ in range(3)]
    pieces: list[Any] = []
    for number, gate in enumerate(gates):
        pieces += [said(str(number)), gate]
    backend.on("/api/chat", NdjsonStream(*pieces, DONE))
    client = await connect()
    await client.send_request("POST", MESSAGES, HEADERS, body(stream=True))
    response = await client.read_head()
    for number, gate in enumerate(gates):
        events = named_events(await client.read_chunk(response))
        assert events[-1]["data"]["delta"] == {"type": "text_delta", "text": str(number)}
        gate.set()
    assert (await client.read_body(response)).complete


@pytest.mark.usefixtures("quick_pings")
class TestPings:
    async def test_a_model_that_loads_is_bridged_by_pings_after_the_beginning(
        self, connect: Any, backend: Backend
    ) -> None:
        loaded = asyncio.Event()
        backend.on("/api/chat", NdjsonStream(said("a"), DONE, head_gate=loaded))
        client = await connect()
        await client.send_request("POST", MESSAGES, HEADERS, body(stream=True))
        response = await client.read_head()
        first = await client.read_chunk(response)
        assert first.startswith(b"event: message_start\n")
        assert first.endswith(b'event: ping\ndata: {"type":"ping"}\n\n')
        assert await client.read_chunk(response) == b'event: ping\ndata: {"type":"ping"}\n\n'
        loaded.set()
        rest = (await client.read_body(response)).body
        assert checked(first + rest)["content"] == [{"type": "text", "text": "a"}]

    async def test_after_a_ping_a_failure_is_an_event(self, connect: Any, backend: Backend) -> None:
        gate = asyncio.Event()

        async def refuse(exchange: Exchange) -> None:
            await gate.wait()
            await json_reply({"error": "model 'm' not found"}, 404)(exchange)

        backend.on("/api/chat", refuse)
        client = await connect()
        await client.send_request("POST", MESSAGES, HEADERS, body(stream=True))
        response = await client.read_head()
        first = await client.read_chunk(response)
        gate.set()
        rest = (await client.read_body(response)).body
        assert checked_failure(first + rest)["type"] == "not_found_error"
        assert await client.at_eof()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("answer", "status", "kind", "repeats"),
    [
        (json_reply({"error": "model 'm' not found"}, 404), 404, "not_found_error", False),
        (json_reply({"error": "server busy"}, 503), 503, "overloaded_error", True),
        (json_reply({"error": "boom"}, 500), 500, "api_error", False),
        (Reply(b"<html>", 502, "text/html"), 502, "api_error", True),
        (NdjsonStream({"error": "boom"}), 500, "api_error", False),
        (Stream(b"nonsense\n"), 502, "api_error", True),
        (CutMidLine(0), 502, "api_error", True),
    ],
)
async def test_a_failure_before_the_first_event_keeps_its_status(
    connect: Any,
    backend: Backend,
    answer: Any,
    status: int,
    kind: str,
    repeats: bool,
    stream: bool,
) -> None:
    backend.on("/api/chat", answer)
    response = await (await connect()).request("POST", MESSAGES, HEADERS, body(stream=stream))
    told = response.json()
    assert (response.status, told["type"], told["error"]["type"]) == (status, "error", kind)
    assert (response.header("x-should-retry") != "false") is repeats
    assert response.header("request-id")


@pytest.mark.parametrize("lines", [0, 1, 2])
async def test_a_stream_that_is_cut_ends_with_an_error_and_closes(
    connect: Any, backend: Backend, lines: int
) -> None:
    events = [said(thinking="Hm"), said("a")][:lines] or [said("", tool_calls=[called()])]
    backend.on("/api/chat", NdjsonStream(*events, b'{"mess'))
    client = await connect()
    response = await client.request("POST", MESSAGES, HEADERS, body(stream=True))
    assert checked_failure(response.body)["type"] == "api_error"
    assert await client.at_eof()


async def test_a_client_that_leaves_stops_ollama(connect: Any, backend: Backend) -> None:
    never = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(said("a"), never))
    client = await connect()
    await client.send_request("POST", MESSAGES, HEADERS, body(stream=True))
    await client.read_chunk(await client.read_head())
    client.leave()
    [exchange] = backend.requests("/api/chat")
    async with asyncio.timeout(5):
        await exchange.closed.wait()


@pytest.mark.parametrize("stream", [True, False])
async def test_a_model_that_cannot_think_answers_all_the_same(
    connect: Any, backend: Backend, stream: bool
) -> None:
    refusal = json_reply({"error": '"m" does not support thinking'}, 400)
    backend.on("/api/chat", refusal, NdjsonStream(said("a"), DONE) if stream else whole("a"))
    asked = body(stream=stream, thinking={"type": "adaptive"}, output_config={"effort": "xhigh"})
    response = await (await connect()).request("POST", MESSAGES, HEADERS, asked)
    message = checked(response.body) if stream else response.json()
    assert message["content"] == [{"type": "text", "text": "a"}]
    first, second = (exchange.json() for exchange in backend.requests("/api/chat"))
    assert first.pop("think") == "max" and first == second
    assert response.header("x-ignored-fields") == "thinking"


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_refusal_has_the_form_of_the_dialect(connect: Any, backend: Backend) -> None:
    refused = await (await connect()).request("POST", MESSAGES, (), body())
    assert (refused.status, refused.json()["error"]["type"]) == (401, "authentication_error")
    assert refused.header("x-should-retry") == "false"
    assert refused.header("request-id")
    backend.on("/api/chat", whole("a"))
    key = [("x-api-key", GENERATE), ("anthropic-version", "2026-10-21")]
    accepted = await (await connect()).request("POST", f"{MESSAGES}?beta=true", key, body())
    assert accepted.status == 200 and accepted.json()["content"][0]["text"] == "a"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", MESSAGES, 405, "invalid_request_error"),
        ("POST", f"{MESSAGES}/batches", 404, "not_found_error"),
        ("GET", f"{MESSAGES}/batches/x/results", 404, "not_found_error"),
        ("GET", "/v1/nowhere", 404, "not_found_error"),
        ("DELETE", "/v1/models", 405, "invalid_request_error"),
    ],
)
async def test_what_is_not_there(
    connect: Any, method: str, path: str, status: int, kind: str
) -> None:
    response = await (await connect()).request(method, path, HEADERS, None)
    assert (response.status, response.json()["error"]["type"]) == (status, kind)


async def test_the_probe_of_claude_code_is_answered_by_the_gateway_alone(
    connect: Any, backend: Backend
) -> None:
    for method in ("HEAD", "GET"):
        response = await (await connect()).request(method, "/api/hello", (), None)
        assert response.status == 200
    assert not backend.exchanges
