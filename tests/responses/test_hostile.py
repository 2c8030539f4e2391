"""Bad and heavy input to /v1/responses: a refusal that names the field, or an answer in time; never
a failure of the gateway's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backend import Backend, json_reply
from tornado_ollama.errors import BadRequest
from tornado_ollama.handlers.stored_responses import StoredResponse
from tornado_ollama.wire.checks import read_json
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses.request import ResponseRequest, response_request

from .past import NoPast

PATH = "/v1/responses"
DONE = {"message": {"role": "assistant", "content": "six"}, "done": True, "done_reason": "stop"}


def nested(depth: int, leaf: str = "1") -> str:
    return '{"a":' * depth + leaf + "}" * depth


def read(body: Any) -> ResponseRequest:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response_request(read_json(text), Policy(), NoPast(), may_store=True)


FIELDS: dict[str, Any] = {
    "model": 5,
    "input": 5,
    "instructions": [1],
    "stream": "yes",
    "store": "yes",
    "previous_response_id": 5,
    "max_output_tokens": 0,
    "temperature": 3,
    "top_p": -1,
    "top_logprobs": 21,
    "truncation": "zzz",
    "text": "json",
    "text.format": 5,
    "text.format.type": "yaml",
    "text.format.schema": [1],
    "reasoning": "high",
    "reasoning.effort": "enormous",
    "reasoning.summary": "haiku",
    "include": "all",
    "include[0]": 5,
    "metadata": "x",
    "tools": "all",
    "tool_choice": 5,
    "parallel_tool_calls": 1,
    "keep_alive": [],
    "options": 5,
    "truncate": 1,
    "shift": 1,
    "background": True,
    "conversation": {"id": "c"},
    "prompt": {"id": "p"},
}


def misusing(param: str, value: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"model": "m", "input": "x"}
    if param == "include[0]":
        return body | {"include": [value]}
    if param == "text.format.schema":
        return body | {"text": {"format": {"type": "json_schema", "schema": value}}}
    *path, last = param.split(".")
    inner = body
    for key in path:
        inner[key] = {}
        inner = inner[key]
    inner[last] = value
    return body


@pytest.mark.parametrize("param", FIELDS)
def test_a_field_of_the_wrong_kind_is_named(param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read(misusing(param, FIELDS[param]))
    assert refused.value.param == param


DEEP = [
    ("tools", '[{"type":"function","name":"f","parameters":%s}]'),
    ("tools", '[{"type":"web_search","filters":%s}]'),
    ("text", '{"format":{"type":"json_schema","schema":%s}}'),
    ("metadata", "%s"),
    ("options", "%s"),
    ("tool_choice", '{"type":"mcp","x":%s}'),
    ("input", '[{"role":"user","content":"x"},{"type":"web_search_call","action":%s}]'),
    ("input", '[{"role":"user","content":"x"},{"type":"function_call","name":"f","arguments":%s}]'),
    ("reasoning", '{"effort":"low","context":%s}'),
    ("client_metadata", "%s"),
]


@pytest.mark.parametrize("depth", [99, 500, 950, 990, 996, 1000, 1100, 5000])
@pytest.mark.parametrize(("field", "template"), DEEP)
def test_deep_values_are_taken_or_refused(field: str, template: str, depth: int) -> None:
    fields = {"model": '"m"', "input": '"x"', field: template % nested(depth)}
    text = "{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}"
    try:
        read(text.encode()).plan.body()
    except BadRequest as refused:
        assert "deep" in refused.message


def at_depth(frames: int, ask: Callable[[], Any]) -> Any:
    """What a call answers that has so many frames below it."""
    return at_depth(frames - 1, ask) if frames else ask()


def test_what_was_kept_and_is_too_deep_to_be_read_again_is_a_refusal() -> None:
    """The frames below a decoder count as levels, so that the same text may be read in one place
    and not in another."""
    item = f'{{"type":"x","deep":{nested(850)}}}'
    request = read(f'{{"model":"m","input":[{{"role":"user","content":"x"}},{item}]}}'.encode())
    assert request.input is not None
    stored = StoredResponse("resp_1", b'{"output":[]}', request.input, None)
    assert len(stored.conversation()) == 2
    with pytest.raises(BadRequest):
        at_depth(200, stored.conversation)


def test_a_stored_number_out_of_range_is_in_the_way_of_the_list_alone() -> None:
    """Nobody looked at it when the request was read, nor does the model get to see it."""
    given = b'[{"role":"user","content":"a","x":1e999}]'
    stored = StoredResponse("resp_1", b'{"output":[]}', given, None)
    assert [item.content for item in stored.conversation()] == ["a"]
    with pytest.raises(BadRequest, match="out of range"):
        stored.all_input()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KINDS = st.sampled_from(
    "message reasoning function_call function_call_output custom_tool_call item_reference "
    "custom_tool_call_output additional_tools tool_search_output agent_message input_text "
    "output_text input_image function custom namespace allowed_tools".split()
)
KEYS = st.sampled_from(
    "type role content call_id name namespace arguments input output summary encrypted_content "
    "tools id text image_url parameters format mode".split()
)
ROLES = st.sampled_from(["user", "assistant", "system", "developer"])
VALUES = st.deferred(lambda: JSON | KINDS | ROLES | ITEMS | st.lists(ITEMS, max_size=3))
ITEMS: Any = st.dictionaries(KEYS, VALUES, max_size=5)


@given(
    st.fixed_dictionaries(
        {"model": st.just("m")},
        optional={
            "input": VALUES,
            "tools": VALUES,
            "tool_choice": VALUES,
            "text": VALUES,
            "reasoning": VALUES,
            "include": VALUES,
            "instructions": VALUES,
            "metadata": VALUES,
            "store": VALUES,
            "truncation": VALUES,
            "stream_options": VALUES,
            "top_logprobs": VALUES,
        },
    )
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_is_a_plan_or_a_refusal(body: dict[str, Any]) -> None:
    try:
        request = response_request(body, Policy(), NoPast(), may_store=True)
    except BadRequest:
        return
    json.loads(request.plan.body())
    json.loads(b"{" + request.echo + b"}")


def heavy_items(count: int) -> list[Any]:
    return [
        item
        for number in range(count // 4)
        for item in (
            {"role": "user", "content": [{"type": "input_text", "text": "x" * 100}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "y" * 100}]},
            {"type": "function_call", "call_id": f"c{number}", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": f"c{number}", "output": "z" * 100},
        )
    ]


TOOLS_OF_100_KB = [
    {"type": "function", "name": f"f{number}", "description": "d" * 100_000, "parameters": {}}
    for number in range(40)
]
IMAGE = "data:image/png;base64," + "iVBORw0KGgpm" * (20 * 1024 * 1024 // 12)

HEAVY: dict[str, dict[str, Any]] = {
    "10,000 items": {"input": heavy_items(10_000)},
    "40 tools of 100 KB": {"input": "x", "tools": TOOLS_OF_100_KB},
    "10 MB of history": {
        "input": [{"role": role, "content": "x" * 10_000} for role in ("user", "assistant")] * 500
    },
    "an image of 20 MB": {
        "input": [{"role": "user", "content": [{"type": "input_image", "image_url": IMAGE}]}]
    },
    "30,000 names that collide": {
        "input": "x",
        "tools": [
            {"type": "namespace", "name": "a" + "__a" * n, "tools": [{"name": "a" + "__a" * m}]}
            for n in range(100)
            for m in range(100)
        ],
    },
    "25,000 thoughts": {
        "input": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "x" * 1000}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "x" * 1000}]},
        ]
        * 12_500
    },
    "10,000 references": {"input": [{"type": "item_reference", "id": "x"}] * 10_000},
}


@pytest.mark.gen_test
@pytest.mark.parametrize("name", HEAVY)
@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_heavy_is_answered(
    connect: Any, backend: Backend, name: str, stream: bool
) -> None:
    backend.on("/api/chat", json_reply(DONE))
    body = json.dumps({"model": "m", "stream": stream} | HEAVY[name]).encode()
    response = await (await connect()).request("POST", PATH, (), body)
    assert response.status == (400 if "references" in name else 200), response.body[:300]
    if response.status == 400:
        assert response.json()["error"]["param"] == "input[0].id"
