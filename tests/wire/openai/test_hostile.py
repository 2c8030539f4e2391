"""Whatever a client sends is either translated or refused as a bad request, never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.checks import Json, read_json
from tornado_ollama.wire.openai import fields
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.openai.completion_request import completion_request
from tornado_ollama.wire.openai.embeddings import embedding_request
from tornado_ollama.wire.policy import Policy

POLICY = Policy(aliases={"a": "b"}, fetch_images=True)


def translate_chat(body: Json) -> list[bytes]:
    return list(chat_request(body, POLICY).bodies())


def translate_text(body: Json) -> list[bytes]:
    return list(completion_request(body, POLICY).bodies())


def translate_embedding(body: Json) -> list[bytes]:
    return [embedding_request(body, POLICY).body]


DOORS = [translate_chat, translate_text, translate_embedding]
doors = pytest.mark.parametrize("translate", DOORS)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["user", "tool", "assistant", "function", "text", "auto", "required", "m"])
)
NAMES = sorted(
    {"role", "content", "type", "text", "image_url", "url", "function", "name", "arguments",
     "tool_calls", "tool_call_id", "json_schema", "schema", "allowed_tools", "mode", "tools",
     "effort", "include_usage", "$ref"}
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
ALL_FIELDS = sorted(fields.CHAT.decided | fields.COMPLETION.decided | fields.EMBEDDING.decided)
bodies = st.dictionaries(st.sampled_from(ALL_FIELDS), values, max_size=5)
TEXT = {"type": "text", "text": "x"}
SOUND: Json = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


def answer(translate: Callable[[Json], list[bytes]], body: bytes) -> list[bytes] | None:
    try:
        return translate(read_json(body))
    except BadRequest as error:
        assert error.message and len(error.message) < 1000
        return None


@doors
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(body=bodies)
def test_any_values_in_any_fields(translate: Any, body: Json) -> None:
    for native in answer(translate, json.dumps(body).encode()) or ():
        assert isinstance(json.loads(native), dict)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(body=bodies)
def test_any_values_beside_a_sound_request(body: Json) -> None:
    whole = {key: value for key, value in body.items() if key not in SOUND} | SOUND
    for native in answer(translate_chat, json.dumps(whole).encode()) or ():
        assert json.loads(native)["messages"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(messages=st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=4), max_size=3))
def test_any_messages(messages: list[Json]) -> None:
    answer(translate_chat, json.dumps({"model": "m", "messages": messages}).encode())


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(tools=values, choice=values)
def test_any_tools(tools: Any, choice: Any) -> None:
    body = SOUND | {"tools": tools, "tool_choice": choice}
    answer(translate_chat, json.dumps(body).encode())


@doors
@given(body=st.binary(max_size=60))
def test_any_bytes(translate: Any, body: bytes) -> None:
    answer(translate, body)


NESTED = [
    b"[" * 2_000_000,
    b'{"a":' * 500_000,
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function",'
    b'"function":{"name":"f","parameters":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}]}",
    b'{"model":"m","messages":[{"role":"user","content":' + b"[" * 900 + b"]" * 900 + b"}]}",
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"metadata":'
    + b"[" * 90000 + b"]" * 90000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", NESTED, ids=range(len(NESTED)))
def test_deep_nesting_is_refused(body: bytes) -> None:
    assert answer(translate_chat, body) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"3", b'"x"', b"{", b'{"model":"\\ud8"}',
     b"\xef\xbb\xbf{}", b'{"seed":NaN}', b'{"seed":1e999}', b'{"seed":-Infinity}',
     b'{"seed":' + b"9" * 100_000 + b"}", b"{} {}", b"{'a':1}"],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_json(body)


def test_of_two_equal_keys_the_last_is_read() -> None:
    assert read_json(b'{"model":"a","model":"b"}') == {"model": "b"}


def test_bytes_that_are_no_utf_8_are_read_as_go_reads_them() -> None:
    assert read_json(b'{"model":"a\xff","x":"\xed\xa0\xbd"}') == {
        "model": "a\ufffd", "x": "\ufffd" * 3,
    }  # fmt: skip


def test_half_an_emoji_is_read_as_go_reads_it() -> None:
    assert read_json(rb'{"model":"\ud83d\ude00\ud83d\\ud83d"}') == {
        "model": "\U0001f600\ufffd\\ud83d"
    }


def test_twenty_thousand_messages_are_no_problem() -> None:
    result = [TEXT | {"text": "Line 7: no error here. " * 10}]
    messages = [
        {"role": "assistant", "tool_calls": [{"id": f"c{i}", "function": {"name": "f"}}]}
        if i % 2
        else {"role": "tool", "tool_call_id": f"c{i - 1}", "content": result}
        for i in range(20_000)
    ]
    [native] = answer(translate_chat, json.dumps(SOUND | {"messages": messages}).encode()) or []
    sent = json.loads(native)["messages"]
    assert len(sent) == 20_000
    assert sent[2]["tool_name"] == "f"


def test_ten_thousand_parts_are_one_message() -> None:
    parts = [TEXT] * 10_000
    body = SOUND | {"messages": [{"role": "user", "content": parts}]}
    [native] = answer(translate_chat, json.dumps(body).encode()) or []
    assert json.loads(native)["messages"][0]["content"].count("x") == 10_000


USER = {"role": "user", "content": "x"}
ASKED = {"model": "m", "messages": [USER]}


@pytest.mark.parametrize(
    ("translate", "body", "field"),
    [
        (translate_chat, {"messages": [USER]}, "model"),
        (translate_chat, {"model": "m"}, "messages"),
        (translate_chat, {"model": "m", "messages": None}, "messages"),
        (translate_chat, {"model": "m", "messages": [{}]}, "messages[0].role"),
        (translate_chat, {"model": "m", "messages": [{"role": "user"}]}, "messages[0].content"),
        (translate_chat, {"model": "m", "messages": [{"role": "user", "content": [
            {"type": "text"}]}]}, "messages[0].content[0].text"),
        (translate_chat, {"model": "m", "messages": [{"role": "user", "content": [
            {"type": "image_url"}]}]}, "messages[0].content[0].image_url"),
        (translate_chat, ASKED | {"tools": [{"type": "function"}]}, "tools[0].function"),
        (translate_chat, ASKED | {"tools": [{"function": {}}]}, "tools[0].function.name"),
        (translate_chat, ASKED | {"response_format": {"type": "json_schema"}},
         "response_format.json_schema"),
        (translate_chat, ASKED | {"response_format": {"type": "json_schema", "json_schema": {}}},
         "response_format.json_schema.schema"),
        (translate_text, {"prompt": "x"}, "model"),
        (translate_text, {"model": "m"}, "prompt"),
        (translate_embedding, {"input": "x"}, "model"),
        (translate_embedding, {"model": "m"}, "input"),
    ],
)  # fmt: skip
def test_what_must_be_there_is_said_to_be_required(translate: Any, body: Json, field: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        translate(body)
    assert refusal.value.message == f"'{field}' is required."


def test_a_member_of_an_array_has_a_type_and_is_not_required() -> None:
    with pytest.raises(BadRequest, match="must be an object"):
        translate_chat({"model": "m", "messages": [None]})
