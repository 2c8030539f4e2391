"""A conversation means the same whether its list is decoded into structs or into dicts, and the
structs have a field for every key that is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.responses.past import NoPast
from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.anthropic import fields as anthropic
from tornado_ollama.wire.anthropic.message_request import message_request
from tornado_ollama.wire.anthropic.messages import MESSAGES, Block
from tornado_ollama.wire.anthropic.messages import GivenMessage as AnthropicMessage
from tornado_ollama.wire.chat.given import GivenPart
from tornado_ollama.wire.checks import Json, read_json
from tornado_ollama.wire.decisions import Fields
from tornado_ollama.wire.json_weight import OBJECT_BYTES
from tornado_ollama.wire.openai import fields as openai
from tornado_ollama.wire.openai import messages as chat
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses import fields as responses
from tornado_ollama.wire.responses.input_items import INPUT, Item
from tornado_ollama.wire.responses.request import response_request
from tornado_ollama.wire.typed_list import Typed, TypedList

POLICY = Policy(fetch_images=True)
PNG = "iVBORw0KGgpmYWtlLW93bA=="

# -- both ways of reading ----------------------------------------------------------------------

JUNK = st.recursive(
    st.sampled_from([None, True, 0, 10**30, 1.5, "", "x", "text", "user", "c1", "\u4e2d"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "text", "content", "name", "x"]), inner)
    ),
    max_leaves=4,
)


def sometimes_junk(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 19).flatmap(lambda dice: JUNK if dice == 7 else values)


def objects(required: Json, optional: Json | None = None) -> st.SearchStrategy[Any]:
    """Objects of these keys, any of which may be missing or hold anything."""
    keys = {key: sometimes_junk(values) for key, values in required.items()}
    more = {key: sometimes_junk(values) for key, values in (optional or {}).items()}
    more["unknown"] = JUNK
    whole = st.fixed_dictionaries(keys, optional=more)
    return sometimes_junk(whole | st.fixed_dictionaries({}, optional={**keys, **more}))


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


TEXTS = one_of("hi", "", "Error: no", "a\nb", "\u00e9")
IDS = one_of("c1", "c2", 5, "")
NAMES = one_of("f", "g", "")
ARGUMENTS = one_of('{"a":1}', "", "null", '{"a":', '"{}"', {"a": "b"}, {"a": 1}, None, [1])
URLS = one_of(f"data:image/png;base64,{PNG}", "https://h.example/i.png")
TEXT_PARTS = objects({"type": one_of("text", "input_text", "output_text"), "text": TEXTS})
PARTS = TEXT_PARTS | objects(
    {"type": one_of("image_url", "input_image", "image", "input_audio", "refusal", "thinking")},
    {
        "image_url": URLS | objects({"url": URLS}),
        "input_audio": objects({"data": st.just(PNG), "format": st.just("wav")}),
        "source": objects({"type": one_of("base64", "url"), "data": st.just(PNG), "url": URLS}),
        "refusal": TEXTS,
        "thinking": TEXTS | st.lists(objects({"text": TEXTS}), max_size=2),
        "summary": TEXTS,
    },
)
CONTENTS = TEXTS | st.lists(TEXT_PARTS, max_size=1) | st.lists(PARTS, max_size=3)

CHAT_CALLS = objects(
    {
        "id": IDS,
        "type": one_of("function", "custom", None),
        "function": objects({"name": NAMES, "arguments": ARGUMENTS}),
    },
    {"custom": objects({"name": NAMES, "input": TEXTS})},
)
CHAT_MESSAGES = objects(
    {"role": one_of("user", "assistant", "tool", "system", "function"), "content": CONTENTS},
    {
        "tool_calls": st.lists(CHAT_CALLS, max_size=2),
        "tool_call_id": IDS,
        "name": NAMES,
        "tool_name": NAMES,
        "function_call": objects({"name": NAMES, "arguments": ARGUMENTS}),
        "reasoning_content": TEXTS,
        "thinking": TEXTS,
    },
)
BLOCKS = objects(
    {
        "type": one_of(
            *("text", "tool_use", "tool_result", "thinking", "image", "document", "search_result"),
            *("tool_reference", "tool_addition", "redacted_thinking", "other"),
        )
    },
    {
        "text": TEXTS,
        "id": IDS,
        "name": NAMES,
        "input": ARGUMENTS,
        "tool_use_id": IDS,
        "content": TEXTS | st.lists(objects({"type": one_of("text", "x"), "text": TEXTS})),
        "is_error": st.booleans(),
        "thinking": TEXTS,
        "signature": TEXTS,
        "source": objects({"type": one_of("text", "base64"), "data": one_of(PNG, "hi")}),
        "title": TEXTS,
        "tool_name": NAMES,
        "tool": objects({"name": NAMES}),
    },
)
MESSAGE_PARAMS = objects(
    {
        "role": one_of("user", "assistant", "system"),
        "content": TEXTS | st.lists(BLOCKS, min_size=1, max_size=3),
    }
)
ITEMS = objects(
    {"role": one_of("user", "assistant", "system"), "content": CONTENTS},
    {"type": st.just("message")},
) | objects(
    {"type": one_of("function_call", "function_call_output", "custom_tool_call", "reasoning")},
    {
        "call_id": IDS,
        "name": NAMES,
        "namespace": NAMES,
        "arguments": ARGUMENTS,
        "input": TEXTS,
        "output": CONTENTS,
        "summary": st.lists(TEXT_PARTS, max_size=2),
        "content": st.lists(TEXT_PARTS, max_size=2),
        "encrypted_content": TEXTS,
    },
)


def chat_outcome(body: Json) -> Any:
    request = chat_request(body, POLICY)
    return list(request.bodies()), request.remote_images


def message_outcome(body: Json) -> Any:
    request = message_request({"max_tokens": 9, **body}, POLICY)
    return request.plan.body(), request.remote_images, request.ignored


def response_outcome(body: Json) -> Any:
    request = response_request(body, POLICY, NoPast(), may_store=True)
    assert request.input is not None
    return request.plan.body(), request.remote_images, json.loads(request.input)


def outcome(make: Callable[[Json], Any], body: Json) -> Any:
    """What becomes of a request, or the error that refuses it."""
    try:
        return make(body)
    except BadRequest as error:
        return str(error), error.param, error.code


LISTS: list[tuple[TypedList[Any], Callable[[Json], Any], st.SearchStrategy[Any]]] = [
    (chat.MESSAGES, chat_outcome, CHAT_MESSAGES),
    (MESSAGES, message_outcome, MESSAGE_PARAMS),
    (INPUT, response_outcome, ITEMS),
]


@pytest.mark.parametrize(
    ("typed", "make", "elements"), LISTS, ids=["chat", "messages", "responses"]
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_both_ways_of_reading_come_to_the_same(
    typed: TypedList[Any],
    make: Callable[[Json], Any],
    elements: st.SearchStrategy[Any],
    data: st.DataObject,
) -> None:
    body = {"model": "m", typed.field: data.draw(st.lists(elements, max_size=6))}
    text = json.dumps(body).encode()
    assert outcome(make, typed.split(text)) == outcome(make, read_json(text))


# -- the structs -------------------------------------------------------------------------------

READ: dict[type[msgspec.Struct], list[Fields]] = {
    GivenPart: [
        *(openai.TEXT_PART, openai.REFUSAL_PART, openai.IMAGE_PART, openai.AUDIO_PART),
        *(responses.TEXT_PART, responses.REFUSAL_PART, responses.IMAGE_PART),
    ],
    chat.GivenMessage: [
        *(openai.SYSTEM_MESSAGE, openai.USER_MESSAGE, openai.ASSISTANT_MESSAGE),
        *(openai.TOOL_MESSAGE, openai.FUNCTION_MESSAGE),
    ],
    chat.GivenCall: [openai.TOOL_CALL],
    chat.GivenFunction: [openai.CALLED_FUNCTION],
    AnthropicMessage: [anthropic.MESSAGE_PARAM],
    Block: [
        *(anthropic.TOOL_CHANGE_BLOCK, anthropic.COMPACTION_BLOCK, anthropic.TEXT_BLOCK),
        *(anthropic.IMAGE_BLOCK, anthropic.DOCUMENT_BLOCK, anthropic.SEARCH_RESULT_BLOCK),
        *(anthropic.TOOL_USE_BLOCK, anthropic.TOOL_RESULT_BLOCK, anthropic.TOOL_REFERENCE_BLOCK),
        *(anthropic.THINKING_BLOCK, anthropic.REDACTED_THINKING_BLOCK),
    ],
    Item: [
        *(responses.MESSAGE, responses.REASONING_ITEM, responses.CALL, responses.CUSTOM_CALL),
        *(responses.OUTPUT, responses.TOOLS_ITEM, responses.REFERENCE),
    ],
}


@pytest.mark.parametrize("struct", READ, ids=lambda struct: struct.__module__ + struct.__name__)
def test_a_struct_has_a_field_for_every_key_that_is_read(struct: type[msgspec.Struct]) -> None:
    read = {name for fields in READ[struct] for name in fields.honoured}
    assert read <= set(struct.__struct_fields__)


@pytest.mark.parametrize("struct", READ, ids=lambda struct: struct.__module__ + struct.__name__)
def test_a_struct_is_no_larger_than_an_object_is_taken_for(struct: type[msgspec.Struct]) -> None:
    assert sys.getsizeof(struct()) <= OBJECT_BYTES


@pytest.mark.parametrize("kind", ["thinking", "reasoning", "reasoning_text", "reasoning_content",
                                  "summary_text"])  # fmt: skip
@pytest.mark.parametrize("key", ["", "text", "summary", "content"])
def test_a_thought_is_found_under_any_of_its_keys(kind: str, key: str) -> None:
    part = {"type": kind, key or kind: "hm"}
    body = {"model": "m", "messages": [{"role": "assistant", "content": [part, "a"]}]}
    [sent] = chat_request(read(json.dumps(body).encode()), POLICY).bodies()
    assert json.loads(sent)["messages"][0]["thinking"] == "hm"


# -- the request around them -------------------------------------------------------------------


def read(text: bytes) -> Json:
    return chat.MESSAGES.split(text)


def test_only_the_list_is_typed() -> None:
    body = read(b'{"model":"m","messages":[{"role":"user"},5],"tools":[{"type":"function"}]}')
    assert isinstance(body["messages"], Typed)
    assert body["messages"].elements == [chat.GivenMessage(role="user"), 5]
    assert body["tools"] == [{"type": "function"}]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"messages":[}',
        b'{"messages":[{"role":"\\q"}]}',
        b'{"messages":[],"seed":1e999}',
        b'{"messages":' + b"[" * 20_000,
    ],
    ids=lambda text: text[:40].decode(),
)
def test_a_body_is_refused_in_the_same_words(text: bytes) -> None:
    with pytest.raises(BadRequest) as expected:
        read_json(text)
    with pytest.raises(BadRequest) as refused:
        read(text)
    assert str(refused.value) == str(expected.value)


@pytest.mark.parametrize(
    "text",
    [
        b'{"messages":"hi"}',
        b'{"messages":null}',
        b'{"messages":[{"content":"\xff"}]}',
        b"{" + b",".join(b'"k%d":0' % number for number in range(1100)) + b"}",
    ],
    ids=lambda text: text[:40].decode("latin-1"),
)
def test_what_is_no_list_or_must_be_mended_is_read_as_elsewhere(text: bytes) -> None:
    assert read(text) == read_json(text)


def test_of_two_lists_the_last_one_counts() -> None:
    body = read(b'{"messages":[],"messages":[{"role":"user","content":"a"}]}')
    assert body["messages"].elements == [chat.GivenMessage(role="user", content="a")]


def test_a_number_out_of_range_is_no_error_where_nobody_reads_it() -> None:
    text = b'{"model":"m","input":[{"role":"user","content":"a","x":1e999}]}'
    request = response_request(INPUT.split(text), POLICY, NoPast(), may_store=True)
    assert request.input == b'[{"role":"user","content":"a","x":1e999}]'


@pytest.mark.parametrize(("messages", "typed"), [(9, False), (10, True), (1000, True)])
@pytest.mark.parametrize("length", [10, 2000])
def test_structs_are_for_many_short_messages(messages: int, length: int, typed: bool) -> None:
    given = [{"role": "user", "content": "x" * length}] * (messages - 1)
    body = chat.MESSAGES.read_json(json.dumps({"messages": given}).encode())
    assert isinstance(body["messages"], Typed) is (typed and length < 1000)
    assert len(chat.MESSAGES.elements(body["messages"])) == len(given)
