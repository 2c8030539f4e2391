"""`wire.socket.frames`: the gateway's frames, and Ollama's lines as frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest, GatewayError, QueueFull, UpstreamBroken
from tornado_ollama.wire.socket import frames as protocol


def chat_line(message: dict[str, Any], **more: Any) -> protocol.ChatLine:
    return protocol.read_chat_line(json.dumps({"message": message, **more}).encode())


def test_a_line_that_brings_nothing_makes_no_frame() -> None:
    assert protocol.delta_frame("1", chat_line({"role": "assistant", "content": ""})) is None
    empty = chat_line({"content": None, "thinking": "", "tool_calls": []}, logprobs=None)
    assert protocol.delta_frame("1", empty) is None


def test_a_line_makes_one_delta() -> None:
    calls = [{"function": {"name": "f", "arguments": {}}}]
    line = chat_line({"content": "a", "thinking": "b", "tool_calls": calls}, logprobs=[{"x": 1}])
    frame = protocol.delta_frame("1", line)
    assert frame is not None
    assert json.loads(frame) == {
        "type": "delta",
        "id": "1",
        "content": "a",
        "thinking": "b",
        "tool_calls": calls,
        "logprobs": [{"x": 1}],
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
    frame = json.loads(protocol.error_frame(None, BadRequest("no")))
    assert frame == {"type": "error", "id": None, "status": 400, "message": "no"}


def test_an_error_that_has_a_code_and_a_time_to_come_back_says_them() -> None:
    frame = json.loads(protocol.error_frame("1", QueueFull(3)))
    assert (frame["status"], frame["code"], frame["retry_after"]) == (503, "queue_full", 5)


@pytest.mark.parametrize(
    "odd", ["x", None, -1, 1.5, True, [], 2**63, 10**400], ids=lambda x: str(x)[:9]
)
def test_counters_that_are_none_are_zero(odd: Any) -> None:
    names = ("eval_count", "prompt_eval_count", "eval_duration", "total_duration", "load_duration")
    done = json.loads(protocol.done_frame("1", dict.fromkeys(names, odd) | {"done_reason": odd}))
    assert done["usage"]["total_tokens"] in (0, 2)  # True is 1
    assert done["reason"] == ("x" if odd == "x" else "stop")


UNREADABLE = [b"", b"nonsense", b"[]", b"5", b'{"a":1', b'{"a":"\xff"}', b'{"a":NaN}', b"[" * 9999]


@pytest.mark.parametrize("line", UNREADABLE, ids=str)
def test_a_line_that_is_no_object_is_no_data(line: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        protocol.line_data(line)


@pytest.mark.parametrize(
    "line",
    [b"", b"5", b'{"message":5}', b'{"message":{"content":5}}', b'{"message":{"content":"\xff"}}']
    + [b'{"message":{"content":"\\ud800"}}', b'{"done":"yes"}'],
    ids=str,
)
def test_a_line_that_is_no_line_of_a_chat_is_refused(line: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        protocol.read_chat_line(line)


@pytest.mark.parametrize("read", [protocol.read_chat_line, protocol.line_data])
def test_an_error_line_is_raised(read: Any) -> None:
    with pytest.raises(GatewayError, match="out of memory"):
        read(b'{"error":"out of memory"}')
    for none in (b'{"error":null}', b'{"error":""}'):
        read(none)


def test_a_line_is_passed_on_as_it_is() -> None:
    line = '{"n": 1.0, "n": 1e2, "s":"é\\ud800"}'.encode().replace(b"\\ud800", b"")
    assert protocol.line_data(line) is line


@pytest.mark.parametrize("body", [b'{ "a" : 1.0 }\n', b"[1]", b'"x"', b"null"])
def test_a_whole_reply_of_json_is_passed_on_as_it_is(body: bytes) -> None:
    assert protocol.body_data(body) == body


@given(st.binary())
def test_any_reply_makes_a_whole_frame(body: bytes) -> None:
    frame = json.loads(protocol.open_frame("chunk", "1", "data") + protocol.body_data(body) + b"}")
    try:
        assert frame["data"] == json.loads(body.decode())
    except ValueError:
        assert frame["data"] == body.decode("utf-8", "replace")


@given(st.one_of(st.none(), st.text(min_size=1)), st.text())
def test_a_frame_can_be_put_together(id: str | None, text: str) -> None:
    pasted = protocol.open_frame("delta", id, "content") + protocol.encode(text) + b"}"
    assert pasted == protocol.frame("delta", id, content=text)
