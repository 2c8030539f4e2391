"""Requests after public bug reports of clients: what real ones send, and what becomes of it.

By kind; each kind has more inputs than the reports have.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.checks import read_json
from tornado_ollama.wire.openai.chat_request import ChatRequest, chat_request
from tornado_ollama.wire.openai.embeddings import embedding_request
from tornado_ollama.wire.policy import Policy

USER = {"role": "user", "content": "hi"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def planned(policy: Policy | None = None, **body: Any) -> ChatRequest:
    text = json.dumps({"model": "m", "messages": [USER]} | body).encode()
    return chat_request(read_json(text), policy or Policy())


def native(**body: Any) -> dict[str, Any]:
    [sent] = planned(**body).bodies()
    read: dict[str, Any] = json.loads(sent)
    return read


def history(*messages: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = native(messages=[USER, *messages])["messages"][1:]
    return sent


# -- thinking, switched in all dialects in use ---------------------------------------------------


@pytest.mark.parametrize(
    ("body", "think"),
    [
        ({"chat_template_kwargs": {"enable_thinking": False}}, False),
        ({"chat_template_kwargs": {"enable_thinking": True}}, True),
        ({"chat_template_kwargs": {"thinking": False}}, False),
        ({"chat_template_kwargs": {"reasoning_effort": "high"}}, "high"),
        ({"enable_thinking": False}, False),
        ({"enable_thinking": 0}, False),
        ({"enable_thinking": 1}, True),
        ({"thinking_budget": 0}, False),
        ({"reasoning_budget": 0}, False),
        ({"reasoning": {"max_tokens": 0}}, False),
        ({"thinking": {"budget_tokens": 0}}, False),
        ({"thinking": {"type": "enabled", "budget_tokens": 0}}, True),
        ({"thinking": {"enabled": False}}, False),
        ({"disable_reasoning": True}, False),
        ({"chat_template_args": {"enable_thinking": False}}, False),
        ({"chat_template_kwargs": '{"enable_thinking": false}'}, False),
        ({"reasoning_effort": {"effort": "low"}}, "low"),
        ({"enable_thinking": True}, True),
        ({"thinking": {"type": "disabled"}}, False),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, True),
        ({"thinking": False}, False),
        ({"reasoning": {"enabled": False, "exclude": True}}, False),
        ({"reasoning": {"effort": "none"}}, False),
        ({"reasoning": "low"}, "low"),
        ({"reasoning": "off"}, False),
        ({"reasoning_effort": "None"}, False),
        ({"reasoning_effort": " HIGH "}, "high"),
        ({"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}}, False),
        ({"extra_body": {"think": "low"}}, "low"),
    ],
)
def test_thinking_is_switched(body: dict[str, Any], think: object) -> None:
    assert native(**body)["think"] == think


@pytest.mark.parametrize(
    "body",
    [
        {"reasoning_effort": ""},
        {"reasoning_effort": "auto"},
        {"reasoning_effort": "default"},
        {"think": ""},
        {"thinking": {"type": "adaptive"}},
        {"thinking": {}},
        {"thinking": []},
        {"chat_template_kwargs": {}},
        {"chat_template_kwargs": []},
        {"chat_template_kwargs": {"enable_thinking": None}},
        {"enable_thinking": None},
        {"disable_reasoning": False},
        {"thinking_budget": 5},
    ],
)
def test_who_leaves_thinking_open_says_nothing_of_it(body: dict[str, Any]) -> None:
    assert "think" not in native(**body)


@pytest.mark.parametrize(
    ("body", "think"),
    [
        ({"think": True, "enable_thinking": False}, True),
        ({"reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": False}}, "low"),
        ({"reasoning_effort": "", "thinking": {"type": "disabled"}}, False),
        ({"enable_thinking": False, "chat_template_kwargs": {"enable_thinking": True}}, False),
        ({"reasoning": {"exclude": True}, "enable_thinking": False}, False),
    ],
)
def test_of_several_switches_the_nearer_to_ollama_wins(body: Any, think: object) -> None:
    assert native(**body)["think"] == think


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ("reasoning", "reasoning_content")),
        ({"include_reasoning": True}, ("reasoning", "reasoning_content")),
        ({"reasoning": {"exclude": False}}, ("reasoning", "reasoning_content")),
        ({"include_reasoning": False}, ()),
        ({"reasoning": {"exclude": True, "effort": "low"}}, ()),
    ],
)
def test_thoughts_are_left_out_of_the_reply_on_request(body: Any, fields: Any) -> None:
    assert planned(**body).reasoning_fields == fields


# -- hints ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "ignored"),
    [
        ({"extra_body": {}}, ()),
        (
            {"return_progress": True, "timings_per_token": True, "cache_prompt": True,
             "reasoning_format": "auto"},
            ("return_progress", "timings_per_token", "cache_prompt", "reasoning_format"),
        ),
        ({"include_reasoning": True}, ()),
        ({"provider": {"order": ["x"]}, "transforms": []}, ("provider", "transforms")),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, ("thinking.budget_tokens",)),
        ({"reasoning": {"max_tokens": 9}}, ("reasoning.max_tokens",)),
        ({"reasoning": {"max_tokens": 0}, "thinking_budget": 0}, ()),
        ({"thinking_budget": -1, "thinking": {"budget_tokens": 5}},
         ("thinking_budget", "thinking.budget_tokens")),
        ({"guided_choice": ["a"], "structured_outputs": {"choice": ["a"]}},
         ("guided_choice", "structured_outputs.choice")),
        ({"skip_special_tokens": False, "min_tokens": 1}, ("skip_special_tokens", "min_tokens")),
        ({"tools": [{"type": "web_search"}]}, ("tools[0]",)),
        ({"user": "x", "store": True, "verbosity": "low"}, ()),
    ],
)  # fmt: skip
def test_hints_are_ignored_and_named(body: dict[str, Any], ignored: tuple[str, ...]) -> None:
    request = planned(**body)
    assert request.ignored == ignored
    assert json.loads(next(request.bodies()))["messages"] == [USER]


@pytest.mark.parametrize("hint", [{"input_type": "passage"}, {"task": "retrieval"}, {"user": "x"}])
def test_hints_of_embeddings_are_ignored(hint: dict[str, Any]) -> None:
    plan = embedding_request({"model": "m", "input": "x"} | hint, Policy())
    assert json.loads(plan.body) == {"model": "m", "input": "x", "truncate": False}
    assert plan.ignored == tuple(hint.keys() - {"user"})


# -- one setting, another spelling ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({"repetition_penalty": 1.1}, {"repeat_penalty": 1.1}),
        ({"repetition_penalty": 1.1, "repeat_penalty": 1.2}, {"repeat_penalty": 1.2}),
        ({"n_predict": 5}, {"num_predict": 5}),
        ({"max_new_tokens": 5}, {"num_predict": 5}),
        ({"max_new_tokens": 5, "max_tokens": 6}, {"num_predict": 6}),
        ({"random_seed": 7}, {"seed": 7}),
        ({"stop_sequences": ["x"]}, {"stop": ["x"]}),
        ({"extra_body": {"top_k": 40}}, {"top_k": 40}),
        ({"extra_body": {"repetition_penalty": 1.1}}, {"repeat_penalty": 1.1}),
        ({"options": {"repeat_penalty": 2}, "repetition_penalty": 1.1}, {"repeat_penalty": 1.1}),
    ],
)
def test_settings_have_other_servers_names_too(body: Any, options: dict[str, Any]) -> None:
    assert native(**body)["options"] == options
    assert planned(**body).ignored == ()


@pytest.mark.parametrize(
    ("body", "format"),
    [
        ({"response_format": {"type": "json_object", "schema": SCHEMA}}, SCHEMA),
        ({"response_format": {"type": "json_object", "schema": {}}}, "json"),
        ({"response_format": {"type": "json_schema", "schema": SCHEMA}}, SCHEMA),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}}, SCHEMA),
        ({"json_schema": SCHEMA}, SCHEMA),
        ({"guided_json": SCHEMA}, SCHEMA),
        ({"structured_outputs": {"json": SCHEMA}}, SCHEMA),
        ({"extra_body": {"guided_json": SCHEMA}}, SCHEMA),
    ],
)
def test_schemas_of_replies_stand_in_many_places(body: Any, format: object) -> None:
    assert native(**body)["format"] == format


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {}},
        {"response_format": []},
        {"guided_json": None},
        {"structured_outputs": {}},
        {"structured_outputs": {"choice": ["a"]}},
    ],
)
def test_no_schema_is_no_format(body: dict[str, Any]) -> None:
    assert "format" not in native(**body)


# -- what frameworks keep in histories and tools -------------------------------------------------

SAID = {"role": "assistant", "content": "yo"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    "message",
    [
        SAID | {"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        SAID | {"provider_specific_fields": {"reasoning": "hm"}},
        SAID | {"reasoning": {"summary": ["hm"]}, "colour": [1, {"a": None}]},
        SAID | {"tool_calls": None, "function_call": None, "refusal": None},
        SAID | {"tool_calls": {}, "function_call": []},
        SAID | {"content": [{"type": "text", "text": "yo", "citations": None, "index": 0}]},
    ],
)
def test_unknown_fields_of_an_assistant_are_ignored(message: dict[str, Any]) -> None:
    assert history(message) == [SAID]


@pytest.mark.parametrize("role", ["system", "user", "tool"])
def test_unknown_fields_of_others_are_ignored(role: str) -> None:
    message = {"role": role, "content": "s", "tool_call_id": "c1"}
    bare = message if role == "tool" else {"role": role, "content": "s"}
    if role == "system":  # within the conversation
        bare = {"role": "user", "content": "<system-reminder>\ns\n</system-reminder>"}
    assert history(message | {"id": 7, "opts": {"visible": False}}) == [bare]


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content", "thinking", "reasoning_text"])
def test_a_thought_comes_back_under_many_names(field: str) -> None:
    assert history(SAID | {field: "hm"}) == [SAID | {"thinking": "hm"}]


def test_unknown_fields_of_tools_and_calls_are_ignored() -> None:
    function = {"name": "f", "parameters": SCHEMA}
    tool = {"type": "function", "function": function}
    named = tool | {"copilot_mcp_server_name": "files", "function": function | {"x": 1}}
    assert native(tools=[named])["tools"] == native(tools=[tool])["tools"]
    call = CALL | {"extra_content": {"a": 1}, "function": CALL["function"] | {"x": 1}}  # type: ignore[operator]
    assert history(SAID | {"tool_calls": [call]}) == history(SAID | {"tool_calls": [CALL]})


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(refuse_unknown=True)], ids=["ignore", "refuse"]
)
def test_histories_and_tools_are_never_refused_for_a_field(policy: Policy) -> None:
    tool = {"type": "function", "function": {"name": "f", "x": 1}, "y": 2}
    messages = [USER, SAID | {"z": 3, "tool_calls": [CALL | {"q": 1}]}, USER]
    assert planned(policy, messages=messages, tools=[tool]).ignored == ()


# -- calls that a model broke --------------------------------------------------------------------


def called(arguments: Any = "{}", **call: Any) -> Any:
    function = {"name": "f", "arguments": arguments}
    [message] = history(SAID | {"tool_calls": [CALL | {"function": function} | call]})
    return message["tool_calls"][0]["function"]["arguments"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("null", {}),
        (" \n", {}),
        ("[]", {}),
        ("[ ]", {}),
        ([], {}),
        (False, {}),
        ('{"cmd": "ls', {"arguments": '{"cmd": "ls'}),
        ("ls -l", {"arguments": "ls -l"}),
        ('"ls -l"', {"arguments": "ls -l"}),
        ('{"a": 1}}', {"arguments": '{"a": 1}}'}),
        ("{'a': 1}", {"arguments": "{'a': 1}"}),
        ("[1]", {"arguments": [1]}),
        ([1], {"arguments": [1]}),
        ("3", {"arguments": 3}),
        (3, {"arguments": 3}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        (json.dumps(json.dumps(json.dumps({"a": 1}))), {"a": 1}),
        ('{"half": "\\ud83d"}', {"half": "\ufffd"}),
        ('"{\\"half\\": \\"\\\\ud83d\\"}"', {"half": "\ufffd"}),
        ("[" * 5000, {"arguments": "[" * 5000}),
    ],
)
def test_arguments_are_always_an_object(arguments: Any, expected: object) -> None:
    assert called(arguments) == expected


@pytest.mark.parametrize("kind", ["", None, "function", "tool_call"])
def test_a_call_with_a_function_is_one_whatever_its_type(kind: object) -> None:
    assert called('{"a": 1}', type=kind) == {"a": 1}


@pytest.mark.parametrize("name", ["", None])
def test_a_call_may_have_lost_its_name(name: object) -> None:
    function = {"name": name, "arguments": "{"}
    [message] = history(SAID | {"tool_calls": [CALL | {"function": function}]})
    assert message["tool_calls"][0]["function"]["name"] == ""


def test_a_call_of_a_kind_that_is_not_known_is_left_out() -> None:
    calls = [{"id": "w1", "type": "web_search_call"}, CALL]
    [message] = history(SAID | {"tool_calls": calls})
    assert [call["id"] for call in message["tool_calls"]] == ["c1"]
    assert message["tool_calls"][0]["function"]["index"] == 0


def test_a_custom_call_comes_back_as_the_function_that_it_was() -> None:
    call = {"id": "c2", "type": "custom", "custom": {"name": "patch", "input": "*** x"}}
    result = {"role": "tool", "tool_call_id": "c2", "content": "ok"}
    said, answered = history(SAID | {"tool_calls": [call]}, result)
    assert said["tool_calls"][0]["function"]["arguments"] == {"input": "*** x"}
    assert answered["tool_name"] == "patch"


def test_a_tool_may_have_nothing_to_say() -> None:
    assert history({"role": "tool", "tool_call_id": "c1", "content": None})[0]["content"] == ""


# -- halves of an emoji --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (rb'"half an emoji \ud83d end"', "half an emoji \ufffd end"),
        (rb'"\ude00 first"', "\ufffd first"),
        (rb'[{"type":"text","text":"cut \uD83D"}]', "cut \ufffd"),
        (rb'"whole \ud83d\ude00 \\ud83d"', "whole \U0001f600 \\ud83d"),
        (b'"raw \xed\xa0\xbd"', "raw \ufffd\ufffd\ufffd"),
    ],
)
def test_half_an_emoji_is_replaced(content: bytes, expected: str) -> None:
    text = b'{"model":"m","messages":[{"role":"user","content":%b}]}' % content
    [sent] = chat_request(read_json(text), Policy()).bodies()
    assert json.loads(sent)["messages"][0]["content"] == expected


# -- content parts of other dialects -------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yo"}],
            {"content": "yo", "thinking": "hm"},
        ),
        ([{"type": "output_text", "text": "yo", "annotations": []}], {"content": "yo"}),
        (
            [{"type": "reasoning", "text": "hm"}, {"type": "output_text", "text": "yo"}],
            {"content": "yo", "thinking": "hm"},
        ),
        ([{"type": "reasoning", "reasoning": "hm"}], {"content": "", "thinking": "hm"}),
        (
            [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}, 3]}],
            {"content": "", "thinking": "hm"},
        ),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, "yo"],
            {"content": "yo", "thinking": "hm"},
        ),
        ([{"type": "redacted_thinking", "data": "x"}, {"text": "yo"}], {"content": "yo"}),
        ([{"type": "tool_use", "id": "c", "name": "f", "input": {}}, "yo"], {"content": "yo"}),
        ([{"type": "text", "text": None}, {}, {"type": ["x"]}, "yo"], {"content": "yo"}),
    ],
)
def test_parts_of_an_assistant(parts: Any, expected: dict[str, Any]) -> None:
    assert history({"role": "assistant", "content": parts}) == [{"role": "assistant"} | expected]


PNG = "iVBORw0KGgpmYWtlLW93bA=="


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "input_text", "text": "hi"}, {"content": "hi"}),
        ({"text": "hi"}, {"content": "hi"}),
        ("hi", {"content": "hi"}),
        (
            {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"},
            {"content": "", "images": [PNG]},
        ),
        (
            {"type": "image",
             "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
            {"content": "", "images": [PNG]},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("role", ["user", "assistant"])
def test_parts_of_anybody(role: str, part: Any, expected: dict[str, Any]) -> None:
    assert history({"role": role, "content": [part]}) == [{"role": role} | expected]


@pytest.mark.parametrize("kind", ["document", "file", "video_url", "tool_result", "thinking"])
@pytest.mark.parametrize("role", ["system", "user", "tool"])
def test_what_would_be_lost_is_refused_by_its_kind(role: str, kind: str) -> None:
    message = {"role": role, "tool_call_id": "c", "content": ["x", {"type": kind, kind: "x"}]}
    with pytest.raises(BadRequest) as refusal:
        planned(messages=[message])
    assert refusal.value.param == "messages[0].content[1].type"


def test_an_image_that_an_assistant_made_elsewhere_is_left_out() -> None:
    parts = ["look", {"type": "image_url", "image_url": {"url": "https://img.example/x.png"}}]
    assert history({"role": "assistant", "content": parts}) == [SAID | {"content": "look"}]


# -- PHP's empty array ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (
            {"type": "object", "properties": [], "required": []},
            {"type": "object", "properties": {}, "required": []},
        ),
        ([], {"type": "object", "properties": {}}),
        (
            {"type": "object", "properties": {"a": [], "b": {"properties": [], "type": "object"}}},
            {"type": "object", "properties": {"a": {}, "b": {"properties": {}, "type": "object"}}},
        ),
        (
            {"type": "object", "$defs": [], "anyOf": [{"properties": []}], "items": []},
            {"type": "object", "$defs": {}, "anyOf": [{"properties": {}}], "items": {}},
        ),
        (
            {"type": "object", "enum": [], "default": {"properties": []}, "required": []},
            {"type": "object", "enum": [], "default": {"properties": []}, "required": []},
        ),
    ],
)
def test_empty_lists_of_schemas_are_objects(parameters: Any, expected: Any) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    assert native(tools=[tool])["tools"][0]["function"]["parameters"] == expected


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"properties": []}}}},
        {"response_format": {"type": "json_object", "schema": {"properties": []}}},
        {"format": {"properties": []}},
        {"guided_json": {"properties": []}},
    ],
)
def test_empty_lists_of_formats_are_objects(body: dict[str, Any]) -> None:
    assert native(**body)["format"] == {"properties": {}}


@pytest.mark.parametrize("field", ["options", "stream_options", "logit_bias", "metadata",
                                   "reasoning", "thinking", "extra_body", "tools"])  # fmt: skip
def test_an_empty_list_of_settings_says_nothing(field: str) -> None:
    assert native(**{field: []}) == native()
