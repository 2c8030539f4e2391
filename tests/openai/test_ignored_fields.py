"""Fields that nothing comes of, and thoughts under the names of one's choice, over HTTP."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from tests.backend import Backend, NdjsonStream, json_reply
from tests.conformance.cases import sse_data
from tests.waiting import until
from tornado_ollama.dispatch.access_log import Lines

pytestmark = pytest.mark.gen_test

HEADER = "X-Ignored-Fields"
CHAT = "/v1/chat/completions"
BODIES: dict[str, dict[str, Any]] = {
    CHAT: {"model": "m", "messages": [{"role": "user", "content": "x"}]},
    "/v1/completions": {"model": "m", "prompt": "x"},
    "/v1/embeddings": {"model": "m", "input": "x"},
}
THOUGHT = {"role": "assistant", "content": "a", "thinking": "Hm"}
DONE = {"message": {"content": ""}, "done": True, "done_reason": "stop"}

REFUSING = pytest.mark.parametrize(
    "config", [{"openai": {"unknown_fields": "refuse"}}], ids=["refuse"]
)


def body(path: str = CHAT, /, **more: Any) -> bytes:
    return json.dumps(BODIES[path] | more).encode()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """The access log so far: message and fields of each line."""
    caplog.set_level(logging.INFO)
    return lambda: [
        (text, fields)
        for record in caplog.records
        if isinstance(record, Lines)
        for (_, text), (_, fields) in zip(record.texts(), record.fields(), strict=True)
    ]


@pytest.mark.parametrize("path", BODIES)
async def test_the_reply_and_the_log_name_what_was_ignored(
    connect: Any, backend: Backend, lines: Any, path: str
) -> None:
    sent = body(path, cache_prompt=True, provider={"order": []})
    response = await (await connect()).request("POST", path, (), sent)
    assert response.status == 200
    assert response.header(HEADER) == "cache_prompt, provider"
    await until(lambda: len(lines()) == 1, "the line is written")
    [(line, fields)] = lines()
    assert " ignored=cache_prompt,provider " in line
    assert fields["ignored"] == ["cache_prompt", "provider"]


async def test_where_nothing_is_ignored_nothing_is_said(
    connect: Any, backend: Backend, lines: Any
) -> None:
    response = await (await connect()).request("POST", CHAT, (), body(user="u", top_k=1))
    assert response.header(HEADER) is None
    await until(lambda: len(lines()) == 1, "the line is written")
    [(line, fields)] = lines()
    assert "ignored" not in line
    assert "ignored" not in fields


async def test_a_stream_names_them_too(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream({"message": THOUGHT}, DONE))
    sent = body(stream=True, return_progress=True)
    response = await (await connect()).request("POST", CHAT, (), sent)
    assert response.header(HEADER) == "return_progress"


async def test_an_error_of_ollamas_names_them_too(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", json_reply({"error": "model 'm' not found"}, 404))
    response = await (await connect()).request("POST", CHAT, (), body(route="fallback"))
    assert (response.status, response.header(HEADER)) == (404, "route")


async def test_a_page_may_read_them(connect: Any, backend: Backend) -> None:
    origin = [("Origin", "http://localhost:3000")]
    response = await (await connect()).request("POST", CHAT, origin, body(route="x"))
    assert HEADER in str(response.header("access-control-expose-headers"))


async def test_the_next_request_on_the_connection_has_its_own(
    connect: Any, backend: Backend
) -> None:
    client = await connect()
    assert (await client.request("POST", CHAT, (), body(route="x"))).header(HEADER) == "route"
    assert (await client.request("POST", CHAT, (), body())).header(HEADER) is None


async def test_a_hundred_thousand_fields_are_a_short_header_and_a_short_line(
    connect: Any, backend: Backend, lines: Any
) -> None:
    many = {f"unknown_field_of_a_client_{number:06}": "x" * 40 for number in range(10**5)}
    response = await (await connect()).request("POST", CHAT, (), body(**many))
    assert response.status == 200
    assert len(str(response.header(HEADER)).split(", ")) == 20
    assert len(str(response.header(HEADER))) <= 1024
    await until(lambda: len(lines()) == 1, "the line is written")
    assert len(lines()[0][0]) < 2048


async def test_names_that_are_none_reach_neither_header_nor_log(
    connect: Any, backend: Backend, lines: Any
) -> None:
    hostile = {"a\r\nSet-Cookie: x=1": 1, "tell me a canary secret": 1, "größe": 1, "x" * 5000: 1}
    response = await (await connect()).request("POST", CHAT, (), body(**hostile))
    assert response.status == 200
    assert response.header(HEADER) == "?"
    assert response.header("set-cookie") is None
    await until(lambda: len(lines()) == 1, "the line is written")
    assert "canary" not in str(lines())


@REFUSING
async def test_unknown_fields_are_refused_where_the_operator_wants_it(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    refused = await client.request("POST", CHAT, (), body(cache_prompt=True))
    assert refused.status == 400
    assert refused.json()["error"]["param"] == "cache_prompt"
    assert not backend.exchanges
    known = await client.request("POST", CHAT, (), body(enable_thinking=False, user="x"))
    assert known.status == 200


async def test_a_slip_is_a_bad_request_with_a_hint(connect: Any, backend: Backend) -> None:
    response = await (await connect()).request("POST", CHAT, (), body(temprature=1))
    assert response.status == 400
    assert response.json()["error"]["message"].endswith("Did you mean 'temperature'?")


NAMES = [
    (None, {"reasoning", "reasoning_content"}),
    ("both", {"reasoning", "reasoning_content"}),
    ("reasoning", {"reasoning"}),
    ("reasoning_content", {"reasoning_content"}),
]


@pytest.mark.parametrize(
    ("config", "names"),
    [({"openai": {"reasoning_field": field}} if field else {}, names) for field, names in NAMES],
    ids=[str(field) for field, _ in NAMES],
)
@pytest.mark.parametrize("hidden", [False, True], ids=["shown", "hidden"])
async def test_thoughts_stand_where_the_operator_and_the_client_want_them(
    connect: Any, backend: Backend, config: Any, names: set[str], hidden: bool
) -> None:
    more = {"reasoning": {"exclude": True}} if hidden else {}
    expected = {} if hidden else dict.fromkeys(names, "Hm")
    client = await connect()
    backend.on("/api/chat", json_reply({"message": THOUGHT, "done": True, "done_reason": "stop"}))
    whole = await client.request("POST", CHAT, (), body(**more))
    [choice] = whole.json()["choices"]
    assert {key: choice["message"][key] for key in choice["message"].keys() & NAMED} == expected
    backend.on("/api/chat", NdjsonStream({"message": THOUGHT}, DONE))
    streamed = await client.request("POST", CHAT, (), body(stream=True, **more))
    chunks = [data for data in sse_data(streamed.body) if data != "[DONE]"]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    thoughts = [delta for delta in deltas if delta.keys() & NAMED]
    assert thoughts == ([expected] if expected else [])
    assert [delta["content"] for delta in deltas if delta.get("content")] == ["a"]


NAMED = {"reasoning", "reasoning_content"}
