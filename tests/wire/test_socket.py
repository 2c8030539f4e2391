"""`wire.socket`: text frames to commands, Ollama's lines to frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.wire import socket as protocol
from tornado_ollama.wire.policy import Defaults


@pytest.mark.parametrize(
    "text", ["", "Hello", "42", "null", '["a"]', '"text"', '{"text": ', "\ud800"]
)
def test_text_that_is_no_json_object_is_plain(text: str) -> None:
    assert protocol.read_frame(text) == protocol.PlainText(text)


FRAMES: list[tuple[dict[str, Any], protocol.Command]] = [
    ({"text": "Hi"}, protocol.Turn("Hi", None)),
    ({"text": "Hi", "model": "m"}, protocol.Turn("Hi", "m")),
    (
        {"type": "chat", "id": "1", "model": "m", "messages": [], "think": False},
        protocol.Chat("1", {"model": "m", "messages": [], "think": False}),
    ),
    ({"type": "cancel", "id": "1"}, protocol.Cancel("1")),
    ({"type": "cancel"}, protocol.Cancel(None)),
    ({"type": "auth", "token": "t"}, protocol.Auth("t")),
    (
        {"type": "request", "id": "1", "method": "post", "path": "/api/show", "body": {"a": 1}},
        protocol.Request("1", "POST", "/api/show", b'{"a":1}'),
    ),
    (
        {"type": "request", "id": "1", "path": "/api/tags"},
        protocol.Request("1", "GET", "/api/tags", b""),
    ),
]


@pytest.mark.parametrize(("sent", "command"), FRAMES)
def test_a_frame_becomes_its_command(sent: dict[str, Any], command: protocol.Command) -> None:
    assert protocol.read_frame(json.dumps(sent)) == command


def test_ping_is_understood() -> None:
    assert isinstance(protocol.read_frame('{"type":"ping"}'), protocol.Ping)


@pytest.mark.parametrize(
    ("sent", "id", "says"),
    [
        ({}, None, "type"),
        ({"type": "nonsense", "id": "7"}, "7", "type"),
        ({"type": 3}, None, "type"),
        ({"text": ""}, None, "text"),
        ({"text": 5}, None, "text"),
        ({"text": "x", "model": 5}, None, "model"),
        ({"type": "chat", "messages": []}, None, "id"),
        ({"type": "chat", "id": "", "messages": []}, None, "id"),
        ({"type": "chat", "id": 5, "messages": []}, None, "id"),
        ({"type": "chat", "id": "x" * 129, "messages": []}, None, "id"),
        ({"type": "chat", "id": "1"}, "1", "messages"),
        ({"type": "chat", "id": "1", "messages": {}}, "1", "messages"),
        ({"type": "chat", "id": "1", "messages": [], "model": 1}, "1", "model"),
        ({"type": "chat", "id": "1", "messages": [], "temperature": 1}, "1", "temperature"),
        ({"type": "request", "path": "/api/tags"}, None, "id"),
        ({"type": "request", "id": "1"}, "1", "path"),
        ({"type": "request", "id": "1", "path": "/", "headers": {}}, "1", "headers"),
        ({"type": "auth"}, None, "token"),
    ],
)
def test_a_bad_frame_is_named(sent: dict[str, Any], id: str | None, says: str) -> None:
    with pytest.raises(protocol.BadFrame, match=says) as caught:
        protocol.read_frame(json.dumps(sent))
    assert caught.value.id == id


def test_a_frame_nested_without_end_is_refused() -> None:
    with pytest.raises(protocol.BadFrame, match="nested"):
        protocol.read_frame('{"text":' + "[" * 100_000)


@given(st.text())
def test_any_text_is_a_command_or_a_bad_frame(text: str) -> None:
    try:
        protocol.read_frame(text)
    except protocol.BadFrame:
        pass


def test_a_line_that_brings_nothing_makes_no_frame() -> None:
    assert protocol.delta_frame("1", {"role": "assistant", "content": ""}) is None


def test_a_line_makes_one_delta() -> None:
    calls = [{"function": {"name": "f", "arguments": {}}}]
    frame = protocol.delta_frame("1", {"content": "a", "thinking": "b", "tool_calls": calls})
    assert frame is not None
    assert json.loads(frame) == {
        "type": "delta",
        "id": "1",
        "content": "a",
        "thinking": "b",
        "tool_calls": calls,
    }


def test_the_done_frame_counts_in_milliseconds() -> None:
    line = {
        "done_reason": "length",
        "prompt_eval_count": 12,
        "eval_count": 24,
        "total_duration": 1_101_845_039,
        "load_duration": 718_407,
        "eval_duration": 990_940_000,
    }
    assert json.loads(protocol.done_frame("1", line)) == {
        "type": "done",
        "id": "1",
        "reason": "length",
        "usage": {"prompt_tokens": 12, "completion_tokens": 24, "total_tokens": 36},
        "timings": {
            "total_ms": 1101.85,
            "load_ms": 0.72,
            "prompt_ms": 0.0,
            "reply_ms": 990.94,
            "tokens_per_second": 24.22,
        },
    }


def test_counters_that_ollama_left_out_are_zero() -> None:
    done = json.loads(protocol.done_frame(None, {"done": True}))
    assert done["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert done["reason"] == "stop" and "id" not in done


def test_an_error_without_request_has_a_null_id() -> None:
    assert json.loads(protocol.error_frame(None, 400, "no"))["id"] is None


def test_a_chat_takes_the_defaults_where_it_is_silent() -> None:
    defaults = Defaults({"num_ctx": 8192, "seed": 1}, keep_alive="1h", think=False)
    body = {"messages": [], "options": {"seed": 7}, "think": True}
    assert protocol.native_chat(body, "m", defaults) == {
        "model": "m",
        "messages": [],
        "stream": True,
        "options": {"num_ctx": 8192, "seed": 7},
        "think": True,
        "keep_alive": "1h",
    }


def test_a_chat_without_defaults_is_sent_as_it_is() -> None:
    body = {"messages": [], "options": "nonsense"}
    assert protocol.native_chat(body, "m", Defaults()) == {**body, "model": "m", "stream": True}
