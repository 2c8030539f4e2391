from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backend.transcripts import VERSIONS, load
from tests.conformance.cases import sse_data
from tests.wire.feeding import feed_every_way
from tornado_ollama.errors import UpstreamTimeout
from tornado_ollama.wire.chat.reply_stream import ReplyStream
from tornado_ollama.wire.native import ChatRecord
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.openai.chat_stream import chat_stream
from tornado_ollama.wire.openai.replies import Identity
from tornado_ollama.wire.policy import Policy

WHO = Identity("chatcmpl-0123456789abcdef", 1767323045, "m")
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]


def machine(**body: Any) -> ReplyStream[ChatRecord]:
    messages = [{"role": "user", "content": "x"}]
    request = {"model": "m", "messages": messages, "stream": True} | body
    return chat_stream(chat_request(request, Policy()), WHO)


def line(content: str = "", done: bool = False, **more: Any) -> bytes:
    message = {"role": "assistant", "content": content}
    message |= {key: more.pop(key) for key in ("thinking", "tool_calls") if key in more}
    record = {"model": "x", "message": message, "done": done} | more
    return json.dumps(record).encode() + b"\n"


def done(reason: str = "stop", content: str = "", **more: Any) -> bytes:
    return line(content, True, done_reason=reason, prompt_eval_count=7, eval_count=3, **more)


def run(data: bytes, **body: Any) -> list[Any]:
    """All events for `data`, the same however it is cut."""

    def once(pieces: Sequence[bytes]) -> bytes:
        stream = machine(**body)
        return b"".join(stream.feed(piece) for piece in pieces) + stream.close()

    return sse_data(feed_every_way(once, data))


def deltas(events: list[Any]) -> list[Any]:
    return [choice["delta"] for event in events[:-1] for choice in event["choices"]]


def call(name: str = "f", id: str | None = None, **arguments: Any) -> dict[str, Any]:
    return {"id": id, "function": {"index": 0, "name": name, "arguments": arguments}}


def test_every_chunk_has_the_same_identity() -> None:
    events = run(line("a") + line("b") + done())
    heads = {json.dumps({k: e[k] for k in ("id", "created", "model", "object")})
             for e in events[:-1]}  # fmt: skip
    assert len(heads) == 1
    assert events[0]["object"] == "chat.completion.chunk"


def test_texts_arrive_as_they_are() -> None:
    texts = ['a"\\\n', "\u2028", "猫🐈", "\x85\x1f", "</script>", " "]
    events = run(b"".join(map(line, texts)) + done())
    assert [delta.get("content") for delta in deltas(events)][1:-1] == texts


def test_every_kind_of_line_in_one_reply() -> None:
    data = (
        line(thinking="hm")
        + line("a", thinking="so")
        + line()
        + line("", tool_calls=[call("f", "c1", x=1)])
        + line("b")
        + done(content="c", tool_calls=[call("g")])
    )
    assert deltas(run(data, tools=TOOLS)) == [
        {"role": "assistant", "content": ""},
        {"reasoning": "hm", "reasoning_content": "hm"},
        {"reasoning": "so", "reasoning_content": "so"},
        {"content": "a"},
        {"tool_calls": [{"index": 0, "id": "c1", "type": "function",
                         "function": {"name": "f", "arguments": '{"x":1}'}}]},
        {"content": "b"},
        {"content": "c"},
        {"tool_calls": [{"index": 1, "id": "call_0123456789abcdef0_1", "type": "function",
                         "function": {"name": "g", "arguments": "{}"}}]},
        {},
    ]  # fmt: skip


def test_an_id_that_comes_twice_is_made_new() -> None:
    events = run(line("", tool_calls=[call("f", "c1"), call("g", "c1")]) + done(), tools=TOOLS)
    ids = [item["id"] for item in deltas(events)[1]["tool_calls"]]
    assert ids[0] == "c1" and len(set(ids)) == 2


def test_one_call_at_most_where_parallel_calls_are_off() -> None:
    data = line("", tool_calls=[call("f", "c1"), call("g", "c2")]) + done(tool_calls=[call("g")])
    events = run(data, tools=TOOLS, parallel_tool_calls=False)
    assert [len(delta.get("tool_calls", [])) for delta in deltas(events)] == [0, 1, 0]


def test_legacy_functions_are_answered_in_legacy_form() -> None:
    functions = [{"name": "f"}]
    events = run(line("", tool_calls=[call(x=1)]) + done(), functions=functions)
    assert deltas(events)[1] == {"function_call": {"name": "f", "arguments": '{"x":1}'}}
    assert events[-2]["choices"][0]["finish_reason"] == "function_call"


def test_logprobs_go_with_the_text_they_describe() -> None:
    tokens = [{"token": "a", "logprob": -0.5}]
    events = run(line("a", logprobs=tokens) + line(logprobs=tokens) + done(), logprobs=True)
    filled: Any = {"content": [{"token": "a", "logprob": -0.5, "bytes": None, "top_logprobs": []}],
              "refusal": None}  # fmt: skip
    assert [e["choices"][0]["logprobs"] for e in events[:-1]] == [None, filled, filled, None]


def test_logprobs_that_nobody_asked_for_are_left_out() -> None:
    events = run(line("a", logprobs=[{"token": "a", "logprob": -0.5}]) + line("b") + done())
    assert deltas(events)[1:3] == [{"content": "a"}, {"content": "b"}]
    assert all(event["choices"][0]["logprobs"] is None for event in events[:-1])


@pytest.mark.parametrize(
    ("native", "expected"),
    [("stop", "stop"), ("length", "length"), ("load", "stop"), ("unload", "stop"), ("", "stop")],
)
def test_the_reason_of_the_end(native: str, expected: str) -> None:
    assert run(line("a") + done(native))[-2]["choices"][0]["finish_reason"] == expected


def test_the_usage_chunk_comes_last_and_only_when_asked_for() -> None:
    events = run(line("a") + done(prompt_eval_cached_count=2),
                 stream_options={"include_usage": True})  # fmt: skip
    assert [event["usage"] for event in events[:-2]] == [None] * 3
    assert events[-2]["choices"] == []
    assert events[-2]["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "total_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 2},
    }
    assert all("usage" not in event for event in run(line("a") + done())[:-1])


def test_nothing_follows_the_end() -> None:
    stream = machine()
    assert stream.feed(line("a") + done() + line("b") + b"garbage\n").endswith(b"data: [DONE]\n\n")
    assert stream.finished
    assert stream.feed(line("c")) == stream.close() == b""
    assert stream.fail(UpstreamTimeout("late")) == b""


def test_a_single_object_without_a_line_end_is_a_reply() -> None:
    events = run(done("load").rstrip(b"\n"))
    assert deltas(events) == [{"role": "assistant", "content": ""}, {}]


class TestForcedCalls:
    BODY = {"tools": TOOLS, "tool_choice": "required"}
    TEXT = '{"name": "g", "arguments": {"a": "ü"}}'

    def pieces(self, text: str) -> bytes:
        return b"".join(line(text[at : at + 5]) for at in range(0, len(text), 5))

    def test_the_text_becomes_one_call_at_the_end(self) -> None:
        events = run(line(thinking="hm") + self.pieces(self.TEXT) + done(), **self.BODY)
        role, thought, called, end = deltas(events)
        assert thought["reasoning"] == "hm"
        [item] = called["tool_calls"]
        assert item["function"] == {"name": "g", "arguments": '{"a":"ü"}'}
        assert end == {} and events[-2]["choices"][0]["finish_reason"] == "tool_calls"

    def test_a_call_that_the_limit_cut_is_text_and_says_length(self) -> None:
        events = run(self.pieces(self.TEXT[:-4]) + done("length"), **self.BODY)
        assert deltas(events)[1:] == [{"content": self.TEXT[:-4]}, {}]
        assert events[-2]["choices"][0]["finish_reason"] == "length"

    def test_a_call_that_ollama_parsed_itself_is_taken(self) -> None:
        data = line("", tool_calls=[call("g", "c1")]) + done(content="by the way")
        events = run(data, **self.BODY)
        assert "tool_calls" in deltas(events)[1]
        assert deltas(events)[2] == {"content": "by the way"}

    def test_logprobs_come_with_the_call(self) -> None:
        tokens = [{"token": "x", "logprob": -1.0}]
        data = line(self.TEXT, logprobs=tokens) + done()
        events = run(data, logprobs=True, **self.BODY)
        assert len(events[1]["choices"][0]["logprobs"]["content"]) == 1


class TestFailures:
    BAD_LINES = [
        b"nonsense\n",
        b"[]\n",
        b"{}\n",
        b'{"message":3}\n',
        b'{"message":{"content":"x"},"done":"no"}\n',
        b'{"message":{"content":"\xff"}}\n',
        b'{"message":{"content":"a"\n',
        b'{"message":{"tool_calls":[{}]}}\n',
        b"[" * 5000 + b"\n",
        b'{"error":"boom"}\n',
        b'{"error":{"message":"boom"}}\n',
    ]

    @pytest.mark.parametrize("bad", BAD_LINES, ids=lambda bad: bad[:20].decode("latin-1"))
    @pytest.mark.parametrize("first", [b"", line("a")], ids=["at once", "later"])
    def test_a_bad_line_ends_the_stream_with_an_error(self, first: bytes, bad: bytes) -> None:
        events = run(first + bad + done())
        assert "error" in events[-1]
        assert "[DONE]" not in events
        ends = [c["finish_reason"] for e in events[:-1] for c in e["choices"]]
        assert not any(ends)

    @pytest.mark.parametrize("bad", BAD_LINES[:2])
    def test_a_failure_before_anything_else_can_keep_its_status(self, bad: bytes) -> None:
        stream = machine()
        stream.feed(bad)
        assert stream.error is not None and stream.error.status == 502 and not stream.started

    def test_a_failure_after_something_cannot(self) -> None:
        stream = machine()
        stream.feed(line("a"))
        assert stream.started
        event = stream.fail(UpstreamTimeout("Ollama was silent."))
        [said] = sse_data(event)
        assert said["error"] == {
            "message": "Ollama was silent.",
            "type": "server_error",
            "param": None,
            "code": "upstream_timeout",
        }
        assert stream.error is not None
        assert stream.feed(line("b")) == stream.close() == stream.fail(UpstreamTimeout("x")) == b""

    @pytest.mark.parametrize("data", [b"", b"\n\n", line(), line() + line()[:20], line("a")[:-9]])
    def test_an_end_before_anything_was_said_is_a_failure(self, data: bytes) -> None:
        events = run(data)
        assert "error" in events[-1]

    def test_an_end_within_a_line_is_a_failure(self) -> None:
        events = run(line("a") + line("b")[:-8])
        assert "error" in events[-1] and len(events) == 3

    def test_a_line_without_end_is_a_failure_before_memory_runs_out(self) -> None:
        stream = machine()
        for _ in range(40):
            stream.feed(b"x" * 2**20)
        assert stream.error is not None

    @given(st.integers(0, 400), st.binary(max_size=4))
    def test_a_damaged_stream_never_ends_as_a_success_that_it_is_not(
        self, at: int, noise: bytes
    ) -> None:
        data = line("a") + line("b", thinking="c") + done()
        stream = machine()
        out = stream.feed(data[:at] + noise) + stream.close()
        ended = out.endswith(b"[DONE]\n\n")
        assert ended == stream.finished == (stream.error is None)
        assert ended or sse_data(out)[-1]["error"]["message"]


class TestSeveralChoices:
    def test_choices_interleave_and_end_together(self) -> None:
        stream = machine(n=2, stream_options={"include_usage": True})
        out = [
            stream.feed(line("a"), 0),
            stream.feed(line("b"), 1),
            stream.feed(line("c") + done(), 1),
            stream.close(1),
            stream.feed(done("length"), 0),
            stream.close(0),
        ]
        events = sse_data(b"".join(out))
        said = [
            (choice["index"], choice["delta"].get("content"), choice["finish_reason"])
            for event in events[:-1]
            for choice in event["choices"]
        ]
        assert said == [
            (0, "", None), (0, "a", None), (1, "", None), (1, "b", None), (1, "c", None),
            (1, None, "stop"), (0, None, "length"),
        ]  # fmt: skip
        assert events[-2]["usage"] == {
            "prompt_tokens": 7, "completion_tokens": 6, "total_tokens": 13,
        }  # fmt: skip
        assert events.count("[DONE]") == 1 and stream.finished

    def test_one_that_fails_ends_all(self) -> None:
        stream = machine(n=2)
        stream.feed(line("a"), 0)
        out = stream.feed(b'{"error":"boom"}\n', 1)
        assert "error" in sse_data(out)[-1]
        assert stream.feed(line("b") + done(), 0) == b"" and not stream.finished


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "name",
    ["chat-stream", "chat-unicode", "chat-thinking-stream", "chat-tools-call-stream",
     "chat-length", "chat-stop", "chat-format-schema", "chat-load"],
)  # fmt: skip
def test_recorded_streams_end_well_and_lose_nothing(version: str, name: str) -> None:
    recorded = load(name, version)
    records = [json.loads(item) for item in recorded.body.splitlines()]
    events = run(recorded.body, tools=TOOLS, stream_options={"include_usage": True})
    said = deltas(events[:-1] + ["[DONE]"])
    for native_key, key in (("content", "content"), ("thinking", "reasoning")):
        expected = "".join(record["message"].get(native_key, "") for record in records)
        assert "".join(delta.get(key, "") for delta in said) == expected
    calls = [c for record in records for c in record["message"].get("tool_calls", [])]
    given_out = [c for delta in said for c in delta.get("tool_calls", [])]
    assert [json.loads(c["function"]["arguments"]) for c in given_out] == [
        c["function"]["arguments"] for c in calls
    ]
    assert events[-2]["usage"]["completion_tokens"] == records[-1].get("eval_count", 0)
    assert events[-1] == "[DONE]"
