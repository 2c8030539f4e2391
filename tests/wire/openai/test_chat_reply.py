from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend.transcripts import VERSIONS, load
from tornado_ollama.errors import GatewayError, UpstreamBroken
from tornado_ollama.wire.openai.chat_reply import chat_reply
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.openai.replies import Identity
from tornado_ollama.wire.policy import Policy

WHO = Identity("chatcmpl-0123456789abcdef", 1767323045, "m")
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]


def reply(*bodies: bytes, **body: Any) -> Any:
    request = {"model": "m", "messages": [{"role": "user", "content": "x"}]} | body
    return json.loads(chat_reply(bodies, chat_request(request, Policy()), WHO))


def record(content: str = "a", **more: Any) -> bytes:
    message = {"role": "assistant", "content": content}
    message |= {key: more.pop(key) for key in ("thinking", "tool_calls") if key in more}
    return json.dumps({"message": message, "done": True, "done_reason": "stop"} | more).encode()


def test_arguments_keep_order_and_numbers_to_the_letter() -> None:
    body = (
        b'{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":'
        b'{"z": 1.10, "a": 12345678901234567890123, "m": {"k": [1, 2]}}}}]},"done":true}'
    )
    [choice] = reply(body, tools=TOOLS)["choices"]
    [call] = choice["message"]["tool_calls"]
    expected = '{"z":1.10,"a":12345678901234567890123,"m":{"k":[1,2]}}'
    assert call["function"]["arguments"] == expected


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('"{\\"a\\":1}"', '{"a":1}'),
        ('"\\"{\\\\\\"a\\\\\\":1}\\""', '{"a":1}'),
        ('""', "{}"),
        ("null", "{}"),
        ("{}", "{}"),
        ("[]", "{}"),
        ("[1, 2]", '{"arguments":[1, 2]}'),
        ("3", '{"arguments":3}'),
        ('"{\\"a"', '{"arguments":"{\\"a"}'),
    ],
)
def test_odd_arguments_are_the_text_of_an_object(arguments: str, text: str) -> None:
    call = '{"function":{"name":"f","arguments":' + arguments + "}}"
    body = '{"message":{"tool_calls":[' + call + ']},"done":true}'
    [choice] = reply(body.encode(), tools=TOOLS)["choices"]
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == text


def test_a_call_of_a_custom_tool_is_answered_as_one() -> None:
    tools = [*TOOLS, {"type": "custom", "custom": {"name": "patch"}}]
    calls = [
        {"id": "c1", "function": {"name": "patch", "arguments": {"input": "*** x"}}},
        {"id": "c2", "function": {"name": "f", "arguments": {"input": "y"}}},
        {"id": "c3", "function": {"name": "patch", "arguments": {"text": "z"}}},
    ]
    body = json.dumps({"message": {"tool_calls": calls}, "done": True}).encode()
    [choice] = reply(body, tools=tools)["choices"]
    assert choice["message"]["tool_calls"] == [
        {"id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** x"}},
        {"id": "c2", "type": "function", "function": {"name": "f", "arguments": '{"input":"y"}'}},
        {"id": "c3", "type": "custom", "custom": {"name": "patch", "input": '{"text":"z"}'}},
    ]


def test_a_forced_call_is_read_out_of_the_text() -> None:
    text = '{"name":"g","arguments":{"x":1}}'
    [choice] = reply(record(text), tools=TOOLS, tool_choice="required")["choices"]
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "g"
    assert choice["finish_reason"] == "tool_calls"


def test_a_forced_call_that_the_limit_cut_is_text_and_says_length() -> None:
    [choice] = reply(
        record('{"name":"g","argu', done_reason="length"), tools=TOOLS, tool_choice="required"
    )["choices"]
    assert choice["message"]["content"] == '{"name":"g","argu'
    assert "tool_calls" not in choice["message"] and choice["finish_reason"] == "length"


def test_reasoning_has_both_names() -> None:
    [choice] = reply(record("a", thinking="hm"))["choices"]
    message = choice["message"]
    assert message["reasoning"] == message["reasoning_content"] == "hm"


def test_n_replies_are_numbered_and_the_prompt_counted_once() -> None:
    bodies = [record(str(i), prompt_eval_count=5 - i, eval_count=2) for i in range(3)]
    found = reply(*bodies, n=3)
    assert [(c["index"], c["message"]["content"]) for c in found["choices"]] == [
        (0, "0"), (1, "1"), (2, "2"),
    ]  # fmt: skip
    assert found["usage"] == {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11}


def test_a_reply_without_done_is_taken_when_something_was_said() -> None:
    [choice] = reply(record("x", done=False, done_reason=None))["choices"]
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"nonsense", b'{"message":3,"done":true}', b"\xff", b"[" * 5000,
     b'{"message":{"content":""},"done":false}', b'{"message":{"content":"a"},"done":true'],
)  # fmt: skip
def test_what_is_no_reply_is_a_bad_gateway(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        reply(body)


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(GatewayError, match="boom") as error:
        reply(b'{"error":"boom"}')
    assert error.value.status == 500


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "name", ["chat-nostream", "chat-thinking-nostream", "chat-tools-call-nostream", "chat-logprobs"]
)
def test_recorded_replies_lose_nothing(version: str, name: str) -> None:
    body = load(name, version).body
    native = json.loads(body)
    found = reply(body, tools=TOOLS, logprobs=True)
    [choice] = found["choices"]
    said, message = native["message"], choice["message"]
    assert (message["content"] or "") == said["content"]
    assert message.get("reasoning") == said.get("thinking")
    calls = [json.loads(c["function"]["arguments"]) for c in message.get("tool_calls", [])]
    assert calls == [c["function"]["arguments"] for c in said.get("tool_calls", [])]
    tokens = choice["logprobs"]["content"] if choice["logprobs"] else []
    assert [t["token"] for t in tokens] == [t["token"] for t in native.get("logprobs", [])]
    assert found["usage"]["prompt_tokens"] == native["prompt_eval_count"]
