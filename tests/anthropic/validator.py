"""A stream of `/v1/messages` held against the rules of its order, event by event.

Written from the types of the official SDK and from what its accumulator asserts, not from the
code that makes the streams: `checked` fails on the first event that is out of place, and gives back
the message that the events come to.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.conformance.cases import named_events

STOP_REASONS = {
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "model_context_window_exceeded",
}

EMPTY = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}

DELTAS = {
    "text": {"text_delta": "text"},
    "thinking": {"thinking_delta": "thinking", "signature_delta": "signature"},
    "tool_use": {"input_json_delta": "partial_json"},
}


def checked(stream: bytes) -> dict[str, Any]:
    """The message of a stream that ended well."""
    message = Checker().read(stream)
    assert message["stop_reason"] is not None, "the stream has no end"
    return message


def checked_failure(stream: bytes) -> dict[str, Any]:
    """The error of a stream that ended badly."""
    checker = Checker()
    checker.read(stream)
    assert checker.error is not None
    return checker.error


def checked_message(message: dict[str, Any]) -> dict[str, Any]:
    """A message that came whole."""
    assert message["id"].startswith("msg_")
    assert (message["type"], message["role"]) == ("message", "assistant")
    for block in message["content"]:
        if block["type"] == "thinking":
            assert block.keys() == {"type", "thinking", "signature"} and block["signature"]
        elif block["type"] == "tool_use":
            assert block["id"] and block["name"] and isinstance(block["input"], dict)
        else:
            assert block["type"] == "text" and block["text"]
    check_end(message)
    check_usage(message["usage"])
    return message


class Checker:
    def __init__(self) -> None:
        self.message: dict[str, Any] = {}
        self.open: str | None = None
        self.sealed = False
        self.input = ""
        self.ended = False
        self.error: dict[str, Any] | None = None

    def read(self, stream: bytes) -> dict[str, Any]:
        assert b"[DONE]" not in stream
        for event in named_events(stream):
            assert not self.ended and self.error is None, f"{event} after the end"
            data = event["data"]
            assert data["type"] == event["event"]
            if data["type"] != "error":
                assert bool(self.message) is (data["type"] != "message_start")
            getattr(self, f"on_{data['type']}")(data)
        assert self.ended or self.error is not None
        return self.message

    def on_message_start(self, data: Any) -> None:
        self.message = message = copy.deepcopy(data["message"])
        assert message["id"].startswith("msg_") and message["type"] == "message"
        assert message["role"] == "assistant" and message["model"] and message["content"] == []
        assert (message["stop_reason"], message["stop_sequence"]) == (None, None)
        check_usage(message["usage"])

    def on_content_block_start(self, data: Any) -> None:
        assert self.open is None and data["index"] == len(self.message["content"])
        block = copy.deepcopy(data["content_block"])
        self.open, self.sealed, self.input = block["type"], False, ""
        if self.open == "tool_use":
            assert block["id"] and block["name"] and block["input"] == {}
        else:
            assert block == EMPTY[block["type"]]
        self.message["content"].append(block)

    def on_content_block_delta(self, data: Any) -> None:
        assert self.open is not None and data["index"] == len(self.message["content"]) - 1
        delta, block = data["delta"], self.message["content"][-1]
        key = DELTAS[self.open][delta["type"]]
        assert isinstance(delta[key], str)
        if key == "partial_json":
            self.input += delta[key]
            return
        assert not self.sealed, "nothing follows a signature"
        self.sealed = key == "signature"
        block[key] = delta[key] if self.sealed else block[key] + delta[key]

    def on_content_block_stop(self, data: Any) -> None:
        assert self.open is not None and data["index"] == len(self.message["content"]) - 1
        block = self.message["content"][-1]
        if self.open == "thinking":
            assert self.sealed and block["signature"]
        if self.open == "tool_use":
            block["input"] = json.loads(self.input or "{}")
            assert isinstance(block["input"], dict)
        self.open = None

    def on_message_delta(self, data: Any) -> None:
        assert self.open is None and self.message["stop_reason"] is None
        check_end(data["delta"])
        check_usage(data["usage"])
        self.message |= data["delta"]
        self.message["usage"] |= data["usage"]

    def on_message_stop(self, data: Any) -> None:
        assert self.message["stop_reason"] is not None
        self.ended = True

    def on_error(self, data: Any) -> None:
        assert data["error"]["type"] and data["error"]["message"]
        self.error = data["error"]


def check_end(delta: dict[str, Any]) -> None:
    assert delta["stop_reason"] in STOP_REASONS
    assert (delta["stop_sequence"] is not None) is (delta["stop_reason"] == "stop_sequence")


def check_usage(usage: dict[str, Any]) -> None:
    for key in ("input_tokens", "output_tokens", "cache_read_input_tokens"):
        assert type(usage[key]) is int and usage[key] >= 0
