"""`wire.socket.frames`: the gateway's own frames, and replies of any route as frames."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest, GatewayError, QueueFull, UpstreamBroken
from tornado_ollama.wire.socket import frames as protocol


def test_an_error_without_request_has_a_null_id() -> None:
    frame = json.loads(protocol.error_frame(None, BadRequest("no")))
    assert frame == {"type": "error", "id": None, "status": 400, "message": "no"}


def test_an_error_that_has_a_code_and_a_time_to_come_back_says_them() -> None:
    frame = json.loads(protocol.error_frame("1", QueueFull(3)))
    assert (frame["status"], frame["code"], frame["retry_after"]) == (503, "queue_full", 5)


UNREADABLE = [b"", b"nonsense", b"[]", b"5", b'{"a":1', b'{"a":"\xff"}', b'{"a":NaN}', b"[" * 9999]


@pytest.mark.parametrize("line", UNREADABLE, ids=str)
def test_a_line_that_is_no_object_is_no_data(line: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        protocol.line_data(line)


def test_an_error_line_is_raised() -> None:
    with pytest.raises(GatewayError, match="out of memory"):
        protocol.line_data(b'{"error":"out of memory"}')
    for none in (b'{"error":null}', b'{"error":""}'):
        protocol.line_data(none)


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
