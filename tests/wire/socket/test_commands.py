"""`wire.socket.commands`: text frames to commands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.chat.plan import Plan
from tornado_ollama.wire.policy import Defaults
from tornado_ollama.wire.socket import commands as protocol


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
        protocol.Chat("1", Plan(model="m", messages=Raw(b"[]"), think=Raw(b"false"), stream=True)),
    ),
    ({"type": "cancel", "id": "1"}, protocol.Cancel("1")),
    ({"type": "cancel"}, protocol.Cancel(None)),
    ({"type": "auth", "token": "t"}, protocol.Auth("t")),
    (
        {"type": "request", "id": "1", "method": "post", "path": "/api/show", "body": {"a": 1}},
        protocol.Request("1", "POST", "/api/show", b'{"a": 1}'),
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
        ({"type": "chat", "id": "1", "messages": [], "keep_alve": 1}, "1", "keep_alve"),
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


def test_a_chat_takes_the_defaults_where_it_is_silent() -> None:
    defaults = Defaults({"num_ctx": 8192, "seed": 1}, keep_alive="1h", think=False)
    plan = _chat('"options":{"seed":7},"think":true,"keep_alive":null')
    assert json.loads(plan.for_model("m", defaults).body()) == {
        "model": "m",
        "messages": [],
        "stream": True,
        "options": {"num_ctx": 8192, "seed": 7},
        "think": True,
        "keep_alive": "1h",
    }
    sent = json.loads(_chat('"options":null').for_model("m", defaults).body())
    assert sent["options"] == {"num_ctx": 8192, "seed": 1}


def test_options_that_are_no_object_are_ollamas_to_refuse() -> None:
    defaults = Defaults({"num_ctx": 8192})
    for options in ('"nonsense"', "[]", "7"):
        sent = _chat(f'"options":{options}').for_model("m", defaults).body()
        assert f'"options":{options}'.encode() in sent


def test_options_keep_their_numbers_beside_the_defaults() -> None:
    plan = _chat(f'"options":{{"seed":{"9" * 5000},"stop":[1.0]}}')
    sent = plan.for_model("m", Defaults({"num_ctx": 8192})).body()
    assert f'"options":{{"num_ctx":8192,"seed":{"9" * 5000},"stop":[1.0]}}'.encode() in sent


def test_what_goes_to_ollama_is_in_the_clients_own_words() -> None:
    words = '[{"content":"\\u00e9", "x": 1.0, "x": 1e2, "big":%s}]' % ("9" * 40)
    frame = f'{{"type":"chat","id":"1","messages":{words}}}'
    chat = protocol.read_frame(frame)
    assert isinstance(chat, protocol.Chat)
    assert words.encode() in chat.plan.for_model("m", Defaults()).body()
    request = protocol.read_frame(f'{{"type":"request","id":"1","path":"/","body":{words}}}')
    assert isinstance(request, protocol.Request) and request.body == words.encode()


def test_the_model_that_is_meant_replaces_the_one_that_was_named() -> None:
    plan = _chat('"model":"alias","model":"other"')
    assert json.loads(plan.for_model("m", Defaults()).body())["model"] == "m"
    assert _chat('"model":""').model is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"cut \ud83d", "cut \ufffd"),
        (r"\udc00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\ude00 \uDFFF", "\U0001f600 \ufffd"),
        (r"\ud83d\n\\ud83d", "\ufffd\n\\ud83d"),
    ],
)
def test_half_an_emoji_is_read_as_go_reads_it(written: str, meant: str) -> None:
    assert protocol.read_frame(f'{{"text":"{written}"}}') == protocol.Turn(meant, None)


def test_a_frame_of_keys_without_end_is_refused() -> None:
    keys = ",".join(f'"{number}":0' for number in range(2000))
    with pytest.raises(protocol.BadFrame, match="1000 keys"):
        protocol.read_frame(f'{{"type":"chat","id":"1",{keys}}}')


def test_options_without_end_are_refused() -> None:
    keys = '"a":0,' * 2000
    plan = _chat(f'"options":{{{keys}"b":0}}')
    with pytest.raises(BadRequest, match="1000 keys"):
        plan.for_model("m", Defaults({"num_ctx": 8192})).body()


def test_a_frame_that_is_not_closed_is_plain_however_long_it_is() -> None:
    text = '{"type":"x","a":"' + r"\n" * 1_000_000
    assert protocol.read_frame(text) == protocol.PlainText(text)


def test_plain_text_is_not_made_of_control_characters() -> None:
    with pytest.raises(protocol.BadFrame, match="control"):
        protocol.read_frame("\1" * 20_000)
    coloured = "\33[31mx\33[0m " * 20_000 + "\r\n\t" * 20_000
    assert protocol.read_frame(coloured) == protocol.PlainText(coloured)


def test_a_name_that_is_not_known_is_not_repeated_at_length() -> None:
    with pytest.raises(protocol.BadFrame) as caught:
        protocol.read_frame('{"type":"request","id":"1","%s":1}' % ("x" * 100_000))
    assert len(caught.value.message) < 200


def test_what_a_chat_frame_has_beyond_is_ignored_and_named() -> None:
    more = '"temperature":0,"stream":false,"user":null,"a b":1,"temperature":1,"%s":1' % ("x" * 99)
    chat = protocol.read_frame(f'{{"type":"chat","id":"1","messages":[],{more}}}')
    assert isinstance(chat, protocol.Chat)
    assert chat.ignored == ("temperature", "stream", "?")
    assert json.loads(chat.plan.body()) == {"messages": [], "stream": True}


@pytest.mark.parametrize(
    ("slip", "known"),
    [("keep_alve", "keep_alive"), ("messagess", "messages"), ("resumeable", "resumable")],
)
def test_a_key_that_is_a_letter_from_a_known_one_is_refused(slip: str, known: str) -> None:
    with pytest.raises(protocol.BadFrame, match=f"`{slip}`.*Did you mean `{known}`"):
        protocol.read_frame(f'{{"type":"chat","id":"1","messages":[],"{slip}":1}}')


def test_keys_without_end_are_named_twenty_times_at_most() -> None:
    keys = ",".join(f'"option_{number}":0' for number in range(900))
    chat = protocol.read_frame(f'{{"type":"chat","id":"1","messages":[],{keys}}}')
    assert isinstance(chat, protocol.Chat) and len(chat.ignored) == 20


def _chat(fields: str) -> Plan:
    chat = protocol.read_frame(f'{{"type":"chat","id":"1","messages":[],{fields}}}')
    assert isinstance(chat, protocol.Chat)
    return chat.plan
