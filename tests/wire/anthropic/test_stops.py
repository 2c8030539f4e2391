"""Messages that a stop sequence ends: streamed and collected, in every split."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.anthropic.validator import checked
from tests.wire.feeding import feed_every_way
from tornado_ollama.wire.anthropic.message_reply import CollectedMessage
from tornado_ollama.wire.anthropic.message_request import MessageRequest, message_request
from tornado_ollama.wire.anthropic.message_stream import message_stream
from tornado_ollama.wire.anthropic.replies import Identity
from tornado_ollama.wire.chat.stop_sequences import StopMatcher
from tornado_ollama.wire.policy import Policy

WHO = Identity("msg_0123456789abcdef01234567", "m")
CALL = {"function": {"name": "f", "arguments": {"x": "END"}}}
TOOLS = [{"name": "f", "input_schema": {"type": "object"}}]
DONE = {"message": {"content": ""}, "done": True, "done_reason": "stop"}
COUNTS = {"prompt_eval_count": 7, "eval_count": 40}


def asked(**more: Any) -> MessageRequest:
    body = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "x"}]}
    return message_request(body | {"stop_sequences": ["END", "\n\n"]} | more, Policy())


def lines(*messages: dict[str, Any], end: dict[str, Any] | None = None) -> bytes:
    records: list[dict[str, Any]] = [{"message": message, "done": False} for message in messages]
    return b"".join(json.dumps(one).encode() + b"\n" for one in [*records, end or DONE | COUNTS])


def texts(*said: str) -> list[dict[str, Any]]:
    return [{"content": text} for text in said]


def message(data: bytes, request: MessageRequest) -> dict[str, Any]:
    """The message of a reply, the same streamed and collected, however it is cut."""

    def streamed(pieces: Sequence[bytes]) -> bytes:
        machine = message_stream(request, WHO, 99)
        stream = b"".join(machine.feed(piece) for piece in pieces) + machine.close()
        assert machine.finished
        found = checked(stream) | {"stopped": machine.stopped}
        return json.dumps(found).encode()

    def collected(pieces: Sequence[bytes]) -> bytes:
        assert request.stops is not None
        whole = CollectedMessage(request, request.stops, WHO, 99)
        for piece in pieces:
            assert whole.machine.feed(piece) == b""
        assert whole.machine.close() == b"" and whole.machine.finished
        found = json.loads(whole.reply()) | {"stopped": whole.machine.stopped}
        return json.dumps(found).encode()

    first: dict[str, Any] = json.loads(feed_every_way(streamed, data))
    second: dict[str, Any] = json.loads(feed_every_way(collected, data))
    for found in (first, second):
        found["said"] = "".join(block.get("text", "") for block in found["content"])
    # In a whole message, as in Ollama's whole reply, the text stands before the calls.
    assert first | {"content": 0} == second | {"content": 0}
    return first


def test_the_sequence_is_left_out_and_said() -> None:
    found = message(lines(*texts("Once", " upon E", "N", "D a time")), asked())
    assert found["content"] == [{"type": "text", "text": "Once upon "}]
    assert (found["stop_reason"], found["stop_sequence"]) == ("stop_sequence", "END")
    assert found["stopped"]


def test_what_came_so_far_is_counted_where_ollama_has_not_counted_yet() -> None:
    usage = message(lines(*texts("a", "b", "END")), asked())["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (99, 3)


def test_ollamas_counts_stand_where_its_last_line_ends_the_sequence() -> None:
    last = DONE | COUNTS | {"message": {"content": "D"}, "done_reason": "length"}
    found = message(lines(*texts("a", "EN"), end=last), asked())
    assert (found["stop_reason"], found["content"][0]["text"]) == ("stop_sequence", "a")
    assert (found["usage"]["input_tokens"], found["usage"]["output_tokens"]) == (7, 40)


@pytest.mark.parametrize("said", ["EN", "a\n", "END"[:1]])
def test_a_mere_beginning_is_text_in_the_end(said: str) -> None:
    found = message(lines(*texts("x", said)), asked())
    assert found["content"] == [{"type": "text", "text": "x" + said}]
    assert (found["stop_reason"], found["stop_sequence"]) == ("end_turn", None)


def test_a_reply_that_begins_with_the_sequence_is_empty() -> None:
    found = message(lines(*texts("\n", "\nx")), asked())
    assert (found["content"], found["stop_sequence"]) == ([], "\n\n")


def test_thoughts_and_calls_are_not_searched() -> None:
    said: list[dict[str, Any]] = [
        {"content": "", "thinking": "END"},
        {"content": "aE"},
        {"content": "", "tool_calls": [CALL]},
        {"content": "ND"},
    ]
    found = message(lines(*said), asked(tools=TOOLS, thinking={"type": "enabled"}))
    assert [block["type"] for block in found["content"]] == ["thinking", "text", "tool_use", "text"]
    assert (found["content"][0]["thinking"], found["said"]) == ("END", "aEND")
    assert (found["stop_reason"], found["stop_sequence"]) == ("tool_use", None)


def test_a_line_that_brings_more_is_searched_for_its_text() -> None:
    said = [{"content": "", "thinking": "h"}, {"thinking": "m", "content": "aENDb"}]
    found = message(lines(*said), asked(thinking={"type": "enabled"}))
    assert [block.get("thinking") or block["text"] for block in found["content"]] == ["hm", "a"]
    assert found["stop_sequence"] == "END"


@given(st.lists(st.sampled_from(["a", "E", "EN", "ND", "D", "\n", "猫"]), max_size=8))
@settings(deadline=None)
def test_any_tokens_make_the_message_of_their_text(tokens: list[str]) -> None:
    request = asked()
    assert request.stops is not None
    matcher = StopMatcher(request.stops)
    said = matcher.feed("x" + "".join(tokens))
    found = message(lines(*texts("x", *tokens)), request)
    assert found["content"] == [{"type": "text", "text": said + matcher.release()}]
    assert (found["stop_sequence"], found["stopped"]) == (matcher.found, matcher.found is not None)


def test_ollama_is_not_told_of_them() -> None:
    request = asked(stop=["x"], options={"stop": "y", "top_k": 3})
    assert json.loads(request.plan.body())["options"] == {"num_predict": 64, "top_k": 3}
    assert request.plan.stream and not request.stream


def test_the_operators_are_ollamas_where_the_client_has_none() -> None:
    class Default:
        num_ctx = keep_alive = think = overflow = None
        options = {"stop": ["x"]}  # noqa: RUF012

    policy = Policy(defaults={"*": Default()})
    body = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
    silent = message_request(body, policy)
    assert json.loads(silent.plan.body())["options"]["stop"] == ["x"] and silent.stops is None
    told = message_request(body | {"stop_sequences": ["END"]}, policy)
    assert "stop" not in json.loads(told.plan.body())["options"]


def test_a_forced_call_is_not_searched() -> None:
    request = asked(tools=TOOLS, tool_choice={"type": "any"}, stream=True)
    assert request.stops is None
    assert "stop" not in json.loads(request.plan.body())["options"]
    machine = message_stream(request, WHO, 99)
    reply = lines(*texts('{"name":"f","arguments":{"x":"END"}}'))
    found = checked(machine.feed(reply) + machine.close())
    assert found["content"][0]["input"] == {"x": "END"}
