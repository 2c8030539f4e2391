"""Every writer with the same replies, in every split: what the model said arrives whole and in
order, and a reply ends as the form of its writer wants it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from tests.backend.transcripts import VERSIONS, load
from tests.conformance.cases import sse_data
from tests.responses.past import NoPast
from tests.responses.validator import valid
from tests.wire.feeding import feed_every_way
from tornado_ollama.wire.chat.reader import Reader
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.openai.chat_stream import chat_stream
from tornado_ollama.wire.openai.completion_reply import completion_stream
from tornado_ollama.wire.openai.completion_request import completion_request
from tornado_ollama.wire.openai.replies import Identity
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses.head import Head
from tornado_ollama.wire.responses.request import response_request
from tornado_ollama.wire.responses.response_stream import response_stream
from tornado_ollama.wire.socket.chat_writers import SOURCE, FrameWriter, PlainTextWriter

WHO = Identity("x-0123456789abcdef", 1767323045, "m")
TOOLS = [{"type": "function", "function": {"name": "f"}}]
Said = dict[str, Any]
"""`text`, `thinking` and the number of `calls`, as far as a form has them, and whether it `ended`
well."""


def chunks(data: Sequence[bytes]) -> Said:
    messages = [{"role": "user", "content": "x"}]
    body = {"model": "m", "messages": messages, "stream": True, "logprobs": True, "tools": TOOLS}
    machine = chat_stream(chat_request(body, Policy()), WHO)
    events = sse_data(b"".join(map(machine.feed, data)) + machine.close())
    deltas = [choice["delta"] for event in events if "choices" in event
              for choice in event["choices"]]  # fmt: skip
    return {
        "text": "".join(delta.get("content") or "" for delta in deltas),
        "thinking": "".join(delta.get("reasoning", "") for delta in deltas),
        "calls": sum(len(delta.get("tool_calls", ())) for delta in deltas),
        "ended": events[-1] == "[DONE]",
    }


def completions(data: Sequence[bytes]) -> Said:
    plan = completion_request({"model": "m", "prompt": "x", "stream": True}, Policy())
    machine = completion_stream(plan, WHO)
    events = sse_data(b"".join(map(machine.feed, data)) + machine.close())
    choices = [event["choices"][0] for event in events if "choices" in event]
    return {
        "text": "".join(choice["text"] for choice in choices),
        "thinking": "".join(choice.get("reasoning", "") for choice in choices),
        "ended": events[-1] == "[DONE]",
    }


def responses(data: Sequence[bytes]) -> Said:
    tools = [{"type": "function", "name": "f"}]
    body = {"model": "m", "input": "x", "stream": True, "tools": tools, "max_output_tokens": 99}
    request = response_request(body, Policy(), NoPast(), may_store=False)
    head = Head("resp_0123456789abcdef", 1767323045, "m", request.echo)
    machine = response_stream(request, head, lambda: 1767323046, lambda response: None)
    stream = b"".join(map(machine.feed, data)) + machine.close()
    if not machine.started:
        return {"text": "", "thinking": "", "calls": 0, "ended": False}
    response = valid(stream)[-1]["response"]
    texts = {"message": "", "reasoning": ""}
    for item in response["output"]:
        if item["type"] in texts:
            texts[item["type"]] += item["content"][0]["text"]
    return {
        "text": texts["message"],
        "thinking": texts["reasoning"],
        "calls": sum(item["type"] == "function_call" for item in response["output"]),
        "ended": response["status"] in ("completed", "incomplete"),
    }


def read(data: Iterable[bytes], reader: Reader[Any]) -> list[bytes]:
    """What a socket sends of a reply."""
    said: list[bytes] = []
    for piece in data:
        said += reader.feed(piece)
        if reader.error is not None:
            return said
    return said + reader.close()


def frames(data: Sequence[bytes]) -> Said:
    reader = Reader(SOURCE, FrameWriter("1"))
    sent = [json.loads(frame) for frame in read(data, reader) if frame]
    return {
        "text": "".join(frame.get("content", "") for frame in sent),
        "thinking": "".join(frame.get("thinking", "") for frame in sent),
        "calls": sum(len(frame.get("tool_calls", ())) for frame in sent),
        "ended": sent[-1:] != [] and sent[-1]["type"] == "done",
    }


def plain(data: Sequence[bytes]) -> Said:
    reader = Reader(SOURCE, PlainTextWriter())
    return {"text": b"".join(read(data, reader)).decode(), "ended": reader.error is None}


WRITERS: dict[str, Callable[[Sequence[bytes]], Said]] = {
    "chunks": chunks,
    "completions": completions,
    "responses": responses,
    "frames": frames,
    "plain text": plain,
}


def lines(*messages: dict[str, Any], done: bool = True) -> bytes:
    records: list[dict[str, Any]] = [{"message": message, "done": False} for message in messages]
    if done:
        records.append({"message": {"content": ""}, "done": True, "done_reason": "stop"})
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def generated(chat: bytes) -> bytes:
    """The same reply as one of `/api/generate`."""
    return b"".join(map(_generated_line, chat.splitlines(keepends=True)))


def _generated_line(line: bytes) -> bytes:
    try:
        record = json.loads(line)
        said = {"response": record["message"]["content"], **record.pop("message")}
    except (ValueError, KeyError, TypeError):
        return line  # it is none
    end = b"\n" if line.endswith(b"\n") else b""
    return json.dumps(record | said).encode() + end


THOUGHT = {"content": "", "thinking": "h"}
CALL = {"function": {"name": "f", "arguments": {"x": 1}}}
TEXTS = [{"content": text} for text in ("a", '"\\\n', "猫🐈", "\u2028", "", " b")]
REPLIES: dict[str, tuple[bytes, Said]] = {
    "texts": (lines(*TEXTS), {"text": 'a"\\\n猫🐈\u2028 b', "thinking": "", "calls": 0}),
    "thoughts": (
        lines(THOUGHT, {"thinking": "m", "content": "a"}, {"content": "b"}),
        {"text": "ab", "thinking": "hm", "calls": 0},
    ),
    "calls": (
        lines({"content": "a"}, {"content": "b", "tool_calls": [CALL, CALL]}, {"content": "c"}),
        {"text": "abc", "thinking": "", "calls": 2},
    ),
    "without its last line end": (
        lines({"content": "a"}, {"content": "b"})[:-1],
        {"text": "ab", "thinking": "", "calls": 0},
    ),
}


def run(form: str, reply: bytes) -> Said:
    """What comes of it, the same however it is cut."""
    sent = generated(reply) if form == "completions" else reply
    once = WRITERS[form]
    return dict(json.loads(feed_every_way(lambda data: json.dumps(once(data)).encode(), sent)))


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("name", REPLIES)
def test_what_is_said_arrives(form: str, name: str) -> None:
    reply, expected = REPLIES[name]
    found = run(form, reply)
    assert found == {key: expected[key] for key in found if key != "ended"} | {"ended": True}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    "bad", [b'{"error":"boom"}\n', b"nonsense\n", b'{"message":3,"response":3}\n']
)
def test_what_was_said_before_a_failure_arrives(form: str, bad: bytes) -> None:
    found = run(form, lines({"content": "a"}, {"content": "b"}, done=False) + bad + lines())
    assert found["text"] == "ab" and not found["ended"]


@pytest.mark.parametrize("form", WRITERS)
def test_a_reply_without_its_done_line_is_one(form: str) -> None:
    """Ollama ends so after 30 equal tokens."""
    found = run(form, lines({"content": "a"}, done=False))
    assert found["text"] == "a" and found["ended"]


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["chat-stream", "chat-thinking-stream", "chat-tools-call-stream"])
def test_recorded_replies_arrive_whole(form: str, version: str, name: str) -> None:
    reply = load(name, version).body
    messages = [json.loads(line)["message"] for line in reply.splitlines()]
    found = run(form, reply)
    assert found["text"] == "".join(message["content"] for message in messages)
    assert found["ended"]
    if "thinking" in found:
        assert found["thinking"] == "".join(message.get("thinking", "") for message in messages)
