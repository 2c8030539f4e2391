"""Streams of responses: whatever Ollama sends and wherever it stops, the events are valid."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.responses.past import NoPast
from tests.responses.validator import valid
from tornado_ollama.errors import GatewayError, QueueFull, ShuttingDown, UpstreamBroken
from tornado_ollama.wire.chat.reply_stream import ReplyStream
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses.head import Head
from tornado_ollama.wire.responses.request import response_request
from tornado_ollama.wire.responses.response_stream import response_stream

CALL = {"function": {"name": "f", "arguments": {"a": 1}}}
CUSTOM = {"id": "c7", "function": {"name": "patch", "arguments": {"input": "x"}}}
DONE = {"message": {"content": ""}, "done": True, "done_reason": "stop", "eval_count": 3}
MESSAGES = [
    {"thinking": "h"},
    {"thinking": "m", "content": "a"},
    {"content": "\u2028\u0085猫"},
    {"tool_calls": [CALL, CUSTOM]},
    {"thinking": "so"},
    {"content": "b", "tool_calls": [CUSTOM]},
]
LINES = [{"message": message, "done": False} for message in MESSAGES] + [DONE]
DATA = b"".join(json.dumps(line).encode() + b"\n" for line in LINES)
TOOLS = [{"type": "function", "name": "f"}, {"type": "custom", "name": "patch"}]
WHOLE = ["reasoning", "message", "function_call", "custom_tool_call", "reasoning", "message",
         "custom_tool_call"]  # fmt: skip


def machine(kept: list[bytes] | None = None, **more: Any) -> ReplyStream[Any]:
    body = {"model": "m", "input": "x", "stream": True, "tools": TOOLS} | more
    request = response_request(body, Policy(), NoPast(), may_store=False)
    head = Head("resp_0123456789abcdef", 1767323045, "m", request.echo)
    unseen: list[bytes] = []
    keep = unseen if kept is None else kept
    return response_stream(request, head, lambda: 1767323046.7, keep.append)


FORMS: list[dict[str, Any]] = [
    {},
    {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]},
    {"tool_choice": "required"},
]


@pytest.mark.parametrize("form", FORMS, ids=["raw", "summary", "forced"])
def test_a_reply_of_everything(form: dict[str, Any]) -> None:
    kept: list[bytes] = []
    stream = machine(kept, **form)
    last = valid(stream.feed(DATA) + stream.close())[-1]["response"]
    assert kept == [json.dumps(last, ensure_ascii=False, separators=(",", ":")).encode()]
    kinds = [item["type"] for item in last["output"]]
    if "tool_choice" not in form:
        assert kinds == WHOLE
    ids = [item["call_id"] for item in last["output"] if "call_id" in item]
    assert ids[1] == "c7" and len(set(ids)) == 3


@pytest.mark.parametrize("form", FORMS, ids=["raw", "summary", "forced"])
@pytest.mark.parametrize("alive", [False, True], ids=["", "kept alive"])
def test_wherever_ollama_stops_the_stream_fails_validly(form: dict[str, Any], alive: bool) -> None:
    end = DATA.index(b'"done": true')
    for at in range(0, end, 3):
        kept: list[bytes] = []
        stream = machine(kept, **form)
        events = stream.keep_alive() if alive else b""
        events += stream.feed(DATA[:at])
        if alive and stream.started:
            events += stream.keep_alive()
        events += stream.fail(UpstreamBroken("Ollama broke off."))
        assert valid(events)[-1]["type"] == "response.failed" and not kept
        assert stream.fail(ShuttingDown()) == stream.feed(DATA) == stream.close() == b""


def test_it_may_be_kept_alive_between_any_two_lines() -> None:
    stream = machine()
    events = b""
    for line in DATA.splitlines(keepends=True):
        events += stream.keep_alive() + stream.feed(line)
    found = valid(events)
    assert found[-1]["type"] == "response.completed"
    count = sum(event["type"] == "response.in_progress" for event in found)
    assert count == len(LINES)  # the first time is the beginning


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamBroken("x"), "server_error"),
        (ShuttingDown(), "server_error"),
        (QueueFull(3), "server_is_overloaded"),
        (GatewayError("x"), "server_error"),
        (GatewayError("x", code="context_length_exceeded"), "context_length_exceeded"),
    ],
)
def test_codes_are_those_that_clients_know(error: GatewayError, code: str) -> None:
    stream = machine()
    stream.keep_alive()
    failed = json.loads(stream.fail(error).split(b"data: ")[1])["response"]
    assert failed["error"] == {"code": code, "message": error.message}


def test_calls_over_the_limit_are_left_out() -> None:
    stream = machine(parallel_tool_calls=False)
    output = valid(stream.feed(DATA))[-1]["response"]["output"]
    assert sum("call_id" in item for item in output) == 1


def test_arguments_that_a_model_broke_are_an_object() -> None:
    call = {"function": {"name": "f", "arguments": [1]}}
    line = {"message": {"tool_calls": [call]}, "done": True, "done_reason": "stop"}
    [item] = valid(machine().feed(json.dumps(line).encode() + b"\n"))[-1]["response"]["output"]
    assert json.loads(item["arguments"]) == {"arguments": [1]}
