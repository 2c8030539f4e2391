"""`wire.socket.chat_writers`: Ollama's lines as frames, and as plain text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tornado_ollama.errors import GatewayError, UpstreamBroken
from tornado_ollama.wire.chat.reader import Reader
from tornado_ollama.wire.socket.chat_writers import (
    SOURCE,
    ChatLine,
    FrameWriter,
    PlainTextWriter,
    delta_frame,
    done_frame,
)

DONE = b'{"done":true,"done_reason":"stop","eval_count":3}\n'


def chat_line(message: dict[str, Any], **more: Any) -> ChatLine:
    return SOURCE.decode(json.dumps({"message": message, **more}).encode())


def test_a_line_that_brings_nothing_makes_no_frame() -> None:
    assert delta_frame("1", chat_line({"role": "assistant", "content": ""})) is None
    empty = chat_line({"content": None, "thinking": "", "tool_calls": []}, logprobs=None)
    assert delta_frame("1", empty) is None


def test_a_line_makes_one_delta() -> None:
    calls = [{"function": {"name": "f", "arguments": {}}}]
    line = chat_line({"content": "a", "thinking": "b", "tool_calls": calls}, logprobs=[{"x": 1}])
    frame = delta_frame("1", line)
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
    line = ChatLine(
        done_reason="length",
        prompt_eval_count=12,
        eval_count=24,
        total_duration=1_101_845_039,
        load_duration=718_407,
        eval_duration=990_940_000,
    )
    assert json.loads(done_frame("1", line)) == {
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
    done = json.loads(done_frame(None, ChatLine(done=True)))
    assert done["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert done["reason"] == "stop" and "id" not in done


@pytest.mark.parametrize(
    "odd", ["x", None, -1, 1.5, True, [], 2**63, 10**400], ids=lambda x: str(x)[:9]
)
def test_counters_that_are_none_are_zero(odd: Any) -> None:
    names = ("eval_count", "prompt_eval_count", "eval_duration", "total_duration", "load_duration")
    done = json.loads(done_frame("1", ChatLine(**dict.fromkeys(names, odd), done_reason=odd)))
    assert done["usage"]["total_tokens"] in (0, 2)  # True is 1
    assert done["reason"] == ("x" if odd == "x" else "stop")


@pytest.mark.parametrize(
    "line",
    [b"", b"5", b'{"message":5}', b'{"message":{"content":5}}', b'{"message":{"content":"\xff"}}']
    + [b'{"message":{"content":"\\ud800"}}', b'{"done":"yes"}'],
    ids=str,
)
def test_a_line_that_is_no_line_of_a_chat_is_refused(line: bytes) -> None:
    reader = Reader(SOURCE, FrameWriter("1"))
    assert reader.feed_line(line) == [] and isinstance(reader.error, UpstreamBroken)


def said(*reads: bytes, writer: Any = None) -> tuple[list[bytes], GatewayError | None]:
    """The frames for a whole stream, read in these pieces, and the error that ended it."""
    reader = Reader(SOURCE, writer or FrameWriter("1"))
    frames: list[bytes] = []
    for data in reads:
        frames += reader.feed(data)
        if reader.error is not None:
            break
    else:
        frames += reader.close()
    return [frame for frame in frames if frame], reader.error


def line(content: str = "", **more: Any) -> bytes:
    thinking = {"thinking": more.pop("thinking")} if "thinking" in more else {}
    return json.dumps({"message": {"content": content} | thinking, **more}).encode() + b"\n"


def kinds(frames: Sequence[bytes]) -> list[Any]:
    """Of deltas what they bring, of other frames their type."""
    found = []
    for frame in map(json.loads, frames):
        kind = frame.pop("type")
        assert frame.pop("id") == "1"
        found.append(frame if kind == "delta" else kind)
    return found


def test_the_text_of_one_read_is_one_frame() -> None:
    frames, error = said(line("a") + line("b"), line("c") + line("d", done=True))
    assert kinds(frames) == [{"content": "ab"}, {"content": "cd"}, "done"] and error is None


def test_what_brings_more_than_text_has_a_frame_of_its_own() -> None:
    data = line("a") + line("b", thinking="t") + line("c") + line("d", logprobs=[]) + DONE
    frames, _ = said(data)
    assert kinds(frames) == [
        {"content": "a"}, {"content": "b", "thinking": "t"}, {"content": "c"}, {"content": "d"},
        "done",
    ]  # fmt: skip


def test_what_was_said_before_an_error_is_sent() -> None:
    frames, error = said(line("a") + line("b") + b'{"error":"boom"}\n' + line("c"))
    assert kinds(frames) == [{"content": "ab"}]
    assert error is not None and (error.status, error.message) == (500, "boom")


def test_the_reply_ends_with_the_stream_not_with_its_done_line() -> None:
    frames, error = said(line("a") + DONE + line("b"), b'{"done":true,"eval_count":5}\n')
    assert kinds(frames) == [{"content": "ab"}, "done"] and error is None
    assert json.loads(frames[-1])["usage"]["completion_tokens"] == 5


@pytest.mark.parametrize("data", [line("a"), line("a", thinking="t")])
def test_an_end_without_a_done_line_has_an_unknown_reason(data: bytes) -> None:
    frames, error = said(data)
    assert kinds(frames)[-1] == "done" and error is None
    assert json.loads(frames[-1])["reason"] == "unknown"


@pytest.mark.parametrize("data", [b"", line("")])
def test_an_end_before_anything_was_said_is_an_error(data: bytes) -> None:
    frames, error = said(data)
    assert "done" not in kinds(frames)
    assert isinstance(error, UpstreamBroken)


def test_a_done_line_must_be_readable_to_its_last_field() -> None:
    frames, error = said(line("a"), b'{"done":true,"model":"\xff"}\n')
    assert kinds(frames) == [{"content": "a"}] and isinstance(error, UpstreamBroken)


def test_bytes_that_are_passed_on_must_be_utf_8() -> None:
    bad = b'{"message":{"tool_calls":[{"x":"\xff"}]}}\n'
    frames, error = said(line("a") + bad)
    assert kinds(frames) == [{"content": "a"}] and isinstance(error, UpstreamBroken)


def test_lines_that_are_no_part_of_a_chat_are_skipped() -> None:
    frames, error = said(line("a") + b'{"status":"x"}\n{}\n' + line("b") + DONE)
    assert kinds(frames) == [{"content": "ab"}, "done"] and error is None


def test_the_text_of_the_reply_is_kept_where_it_is_wanted() -> None:
    kept: list[str] = []
    said(line("a") + line("b"), line("c", thinking="t") + DONE, writer=FrameWriter("1", kept))
    assert "".join(kept) == "abc"


def test_plain_text_is_the_text_and_nothing_else() -> None:
    calls = b'{"message":{"content":"c","tool_calls":[{}]}}\n'
    data = line("\u00e9") + line("b", thinking="t") + line(thinking="t") + calls + DONE
    frames, error = said(data, writer=PlainTextWriter())
    assert frames == ["\u00e9".encode(), b"b", b"c"] and error is None
    assert PlainTextWriter().fail(UpstreamBroken("no")) == b"Error: no"


@pytest.mark.parametrize(("told", "cached"), [(0, 0), (4, 4), (99, 7), ("x", 0), (-1, 0)])
def test_what_was_remembered_of_the_prompt_is_told(told: Any, cached: int) -> None:
    line = ChatLine(done=True, prompt_eval_count=7, prompt_eval_cached_count=told)
    assert json.loads(done_frame(None, line))["usage"]["cached_tokens"] == cached
    assert "cached_tokens" not in json.loads(done_frame(None, ChatLine(done=True)))["usage"]
