"""Bad and heavy input to /v1/messages: a refusal that names the field, or an answer in time; never
a failure of the gateway's own, and never a cut reply that looks whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backend import Backend, Stream
from tests.backend.transcripts import load
from tornado_ollama.errors import BadRequest, UpstreamBroken
from tornado_ollama.wire.anthropic.message_reply import message_reply
from tornado_ollama.wire.anthropic.message_request import MessageRequest, message_request
from tornado_ollama.wire.anthropic.message_stream import message_stream
from tornado_ollama.wire.anthropic.replies import Identity
from tornado_ollama.wire.checks import read_json
from tornado_ollama.wire.policy import Policy

from .exchanges import COUNTS, DONE, HEADERS, MESSAGES, said, whole
from .validator import Checker, checked, checked_failure

WHO = Identity("msg_0123456789abcdef01234567", "m")
ASKED = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "x"}]}


def read(body: Any) -> MessageRequest:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return message_request(read_json(text), Policy())


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


BLOCKS = '[{"role":"user","content":"x"},{"role":"assistant","content":[%s]}]'
DEEP = [
    ("tools", '[{"name":"f","input_schema":%s}]'),
    ("tools", '[{"type":"web_search_20250305","name":"w","filters":%s}]'),
    ("output_config", '{"format":{"type":"json_schema","schema":%s}}'),
    ("metadata", "%s"),
    ("options", "%s"),
    ("context_management", "%s"),
    ("messages", BLOCKS % '{"type":"tool_use","id":"c","name":"f","input":%s}'),
    ("messages", BLOCKS % '{"type":"web_search_tool_result","content":%s}'),
    ("messages", '[{"role":"user","content":[{"type":"tool_result","tool_use_id":"c",'
                 '"content":[{"type":"browser_state","tabs":%s}]}]}]'),
]  # fmt: skip


@pytest.mark.parametrize("depth", [99, 500, 950, 1000, 5000])
@pytest.mark.parametrize(("field", "template"), DEEP)
def test_deep_values_are_taken_or_refused(field: str, template: str, depth: int) -> None:
    fields = {key: json.dumps(value) for key, value in ASKED.items()}
    fields[field] = template.replace("%s", nested(depth))
    text = "{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}"
    try:
        read(text.encode()).plan.body()
    except BadRequest as refused:
        assert "deep" in refused.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KINDS = st.sampled_from(
    "text image document search_result tool_use tool_result tool_reference thinking custom "
    "redacted_thinking server_tool_use tool_search_tool_result tool_addition tool_removal enabled "
    "adaptive base64 url content any tool none json_schema compaction bash_20250124".split()
)
KEYS = st.sampled_from(
    "type role content text source data url title context id name input tool_use_id is_error "
    "tool_name thinking signature tool definition tool_references input_schema effort format "
    "schema defer_loading".split()
)
ROLES = st.sampled_from(["user", "assistant", "system"])
VALUES = st.deferred(lambda: JSON | KINDS | ROLES | ITEMS | st.lists(ITEMS, max_size=3))
ITEMS: Any = st.dictionaries(KEYS, VALUES, max_size=5)
SAID = st.fixed_dictionaries({"role": ROLES, "content": VALUES | st.lists(ITEMS, max_size=3)})


@given(
    st.fixed_dictionaries(
        {"model": st.just("m"), "max_tokens": st.just(9)},
        optional={
            "messages": st.lists(SAID, max_size=4) | VALUES,
            "system": VALUES,
            "tools": VALUES,
            "tool_choice": VALUES,
            "thinking": VALUES,
            "output_config": VALUES,
            "stop_sequences": VALUES,
            "mcp_servers": VALUES,
        },
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_is_a_plan_or_a_refusal(body: dict[str, Any]) -> None:
    try:
        request = message_request(body, Policy())
    except BadRequest as refused:
        assert refused.param
        return
    json.loads(request.plan.body())


def turns(count: int) -> list[Any]:
    return [
        message
        for number in range(count // 4)
        for message in (
            {"role": "user", "content": [{"type": "text", "text": "x" * 100}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "y" * 100, "signature": "to1"},
                    {"type": "tool_use", "id": f"c{number}", "name": "f", "input": {"a": "b" * 50}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": f"c{number}", "content": "z" * 100}
                ],
            },
            {"role": "system", "content": "900 tokens left, and a good deal of work. " * 3},
        )
    ]


def image_of(size: int) -> Any:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgpm" * (size // 12)}
    return {"role": "user", "content": [{"type": "image", "source": source}]}


TOOLS_OF_100_KB = [
    {"name": f"f{number}", "description": "d" * 100_000, "input_schema": {"type": "object"}}
    for number in range(40)
]

HEAVY: dict[str, dict[str, Any]] = {
    "10,000 messages": {"messages": turns(10_000)},
    "40 tools of 100 KB": {"tools": TOOLS_OF_100_KB},
    "10 MB of history": {
        "messages": [{"role": role, "content": "x" * 10_000} for role in ("user", "assistant")]
        * 500
    },
    "an image of 20 MB": {"messages": [image_of(20 * 1024 * 1024)]},
}


@pytest.mark.gen_test
@pytest.mark.parametrize("name", HEAVY)
async def test_what_is_heavy_is_answered(connect: Any, backend: Backend, name: str) -> None:
    backend.on("/api/chat", whole("a"))
    sent = json.dumps(ASKED | HEAVY[name]).encode()
    response = await (await connect()).request("POST", MESSAGES, HEADERS, sent)
    assert response.status == 200, response.body[:300]


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "sent", [b"", b"{", b"[]", b'"x"', b"null", b"\xff", b'{"model":"m"}', b'{"max_tokens":9}']
)
async def test_a_body_that_is_none(connect: Any, backend: Backend, sent: bytes) -> None:
    response = await (await connect()).request("POST", MESSAGES, HEADERS, sent)
    assert (response.status, response.json()["error"]["type"]) == (400, "invalid_request_error")
    assert not backend.exchanges


REPLIES = ["chat-stream", "chat-thinking-stream", "chat-tools-call-stream", "chat-stop"]


def events(request: MessageRequest, data: bytes) -> tuple[bytes, Any]:
    machine = message_stream(request, WHO, 7)
    out = machine.feed(data) + machine.close()
    return out, machine


@pytest.mark.parametrize("name", REPLIES)
@pytest.mark.parametrize("display", ["summarized", "omitted"])
def test_a_stream_that_breaks_off_anywhere_is_valid_up_to_there(name: str, display: str) -> None:
    recorded = b"".join(load(name).chunks)
    request = read(ASKED | {"stream": True, "thinking": {"type": "adaptive", "display": display}})
    complete, machine = events(request, recorded)
    assert machine.finished and checked(complete)["content"]
    for at in range(0, len(recorded), 7):
        machine = message_stream(request, WHO, 7)
        begun = machine.feed(recorded[:at])
        broken = begun + machine.fail(UpstreamBroken("Ollama broke off."))
        if machine.finished:
            checked(broken)
        elif begun:
            assert checked_failure(broken)["type"] == "api_error"
        else:
            assert broken.startswith(b"event: error\n")


@pytest.mark.parametrize("name", REPLIES)
def test_whatever_bytes_ollama_sends_the_events_are_valid(name: str) -> None:
    recorded = b"".join(load(name).chunks)
    request = read(ASKED | {"stream": True, "thinking": {"type": "enabled"}})
    places = [at for at, byte in enumerate(recorded) if byte in b'":{}[],'][::5]
    for at in places:
        for more in (b"\xff", b'"', b"{", b"0", b"\n"):
            out, machine = events(request, recorded[:at] + more + recorded[at:])
            assert machine.finished or machine.error is not None
            if out.startswith(b"event: message_start"):
                Checker().read(out)


@pytest.mark.parametrize("name", ["chat-nostream", "chat-tools-call-nostream"])
def test_a_whole_reply_of_any_bytes_is_a_message_or_broken(name: str) -> None:
    recorded = load(name).body
    request = read(ASKED)
    assert json.loads(message_reply(recorded, request, WHO))["content"]
    for at in range(0, len(recorded), 3):
        for mangled in (recorded[:at], recorded[:at] + b"\xff" + recorded[at:]):
            try:
                json.loads(message_reply(mangled, request, WHO))
            except UpstreamBroken:
                continue


@pytest.mark.gen_test
@pytest.mark.parametrize("lines", range(4))
async def test_an_ollama_that_dies_at_any_point_is_told(
    connect: Any, backend: Backend, lines: int
) -> None:
    spoken = [said(thinking="Hm"), said("a"), said("b"), DONE | COUNTS][:lines]
    pieces = [json.dumps(line).encode() + b"\n" for line in spoken]
    backend.on("/api/chat", Stream(*pieces, b'{"message":{"content":"c'))
    sent = json.dumps(ASKED | {"stream": True}).encode()
    client = await connect()
    response = await client.request("POST", MESSAGES, HEADERS, sent)
    if not lines:
        assert (response.status, response.json()["error"]["type"]) == (502, "api_error")
    else:
        assert checked_failure(response.body)["type"] == "api_error"
        assert await client.at_eof()
