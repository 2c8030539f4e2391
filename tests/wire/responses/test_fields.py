"""Every field of the Responses API has a decision: those that the SDK types, and those that agents
send without a type."""

from __future__ import annotations

import functools
import json
import typing
from pathlib import Path
from typing import Any

import pytest
import typing_extensions

from tests.responses.past import NoPast
from tests.wire.openai.test_fields import OTHER_SERVERS, Spy, request_types
from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.decisions import Fields
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses import fields
from tornado_ollama.wire.responses.request import response_request

TABLES: dict[str, Fields] = {
    "ResponseCreateParamsNonStreaming": fields.REQUEST,
    "ResponseCreateParamsStreaming": fields.REQUEST,
    "StreamOptions": fields.STREAM_OPTIONS,
    "Reasoning": fields.REASONING,
    "ResponseTextConfigParam": fields.TEXT,
    "ResponseFormatText": fields.FORMAT,
    "ResponseFormatJSONObject": fields.FORMAT,
    "ResponseFormatTextJSONSchemaConfigParam": fields.FORMAT,
    "EasyInputMessageParam": fields.MESSAGE,
    "Message": fields.MESSAGE,
    "ResponseOutputMessageParam": fields.MESSAGE,
    "ResponseReasoningItemParam": fields.REASONING_ITEM,
    "ResponseFunctionToolCallParam": fields.CALL,
    "ResponseCustomToolCallParam": fields.CUSTOM_CALL,
    "FunctionCallOutput": fields.OUTPUT,
    "ResponseCustomToolCallOutputParam": fields.OUTPUT,
    "AdditionalTools": fields.TOOLS_ITEM,
    "ResponseToolSearchOutputItemParamParam": fields.TOOLS_ITEM,
    "ItemReference": fields.REFERENCE,
    "ResponseInputTextParam": fields.TEXT_PART,
    "ResponseInputTextContentParam": fields.TEXT_PART,
    "ResponseOutputTextParam": fields.TEXT_PART,
    "ResponseOutputRefusalParam": fields.REFUSAL_PART,
    "ResponseInputImageParam": fields.IMAGE_PART,
    "ResponseInputImageContentParam": fields.IMAGE_PART,
    "FunctionToolParam": fields.FUNCTION,
    "ToolFunction": fields.FUNCTION,
    "CustomToolParam": fields.CUSTOM_TOOL,
    "Grammar": fields.GRAMMAR,
    "NamespaceToolParam": fields.NAMESPACE,
    "ToolSearchOutputNamespaceToolParam": fields.NAMESPACE,
    "ToolChoiceFunctionParam": fields.NAMED_CHOICE,
    "ToolChoiceCustomParam": fields.NAMED_CHOICE,
    "ToolChoiceAllowedParam": fields.ALLOWED_CHOICE,
}

LEFT_OUT = set(
    """web_search web_search_2025_08_26 web_search_preview web_search_preview_2025_03_11 file_search
    computer computer_use computer_use_preview mcp code_interpreter programmatic_tool_calling
    image_generation local_shell shell apply_patch tool_search
    tool_search_call configuration_update compaction compaction_trigger web_search_call
    file_search_call computer_call computer_call_output code_interpreter_call image_generation_call
    local_shell_call local_shell_call_output shell_call shell_call_output apply_patch_call
    apply_patch_call_output mcp_list_tools mcp_approval_request mcp_approval_response mcp_call
    program program_output input_file""".split()
)
"""Kinds of tools, choices, items and parts that are decided about as a whole; a test of each kind
is in `test_tools.py` or `test_input_items.py`."""

DECIDED_AS_A_WHOLE = {
    "AccessPrograms": "access_programs",
    "BackgroundOptions": "background_options",
    "ContextManagement": "context_management",
    "Image": "image",
    "Moderation": "moderation",
    "ModerationPolicy": "moderation",
    "ModerationPolicyInput": "moderation",
    "ModerationPolicyOutput": "moderation",
    "PromptCacheOptions": "prompt_cache_options",
    "ResponseConversationParamParam": "conversation",
    "ResponsePromptParam": "prompt",
    # of items: read whole, or ignored whole
    "Content": "content of a thought",
    "Summary": "summary of a thought",
    "CallerDirect": "caller",
    "CallerProgram": "caller",
    "FunctionCallOutputCallerDirect": "caller",
    "FunctionCallOutputCallerProgram": "caller",
    "PromptCacheBreakpoint": "prompt_cache_breakpoint",
    "AnnotationContainerFileCitation": "annotations",
    "AnnotationFileCitation": "annotations",
    "AnnotationFilePath": "annotations",
    "AnnotationURLCitation": "annotations",
    "Logprob": "logprobs",
    "LogprobTopLogprob": "logprobs",
    "Text": "format of a custom tool that is plain text",
}

AGENTS = [
    json.loads(line)["body"]
    for line in (Path(__file__).parents[2] / "responses/requests.jsonl").read_text().splitlines()
]


def is_left_out(kind: Any) -> bool:
    """Whether all values of a type's key `type` are of kinds that are left out."""
    hint = typing_extensions.get_type_hints(kind).get("type")
    values = set(typing.get_args(hint)) | {
        value for argument in typing.get_args(hint) for value in typing.get_args(argument)
    }
    kinds = {value for value in values if isinstance(value, str)}
    return bool(kinds) and kinds <= LEFT_OUT


@functools.cache
def types() -> dict[str, set[str]]:
    from openai.types.responses import response_create_params as params

    return request_types(
        params.ResponseCreateParamsNonStreaming,
        params.ResponseCreateParamsStreaming,
        skip=is_left_out,
    )


def test_every_field_of_the_sdk_is_decided() -> None:
    undecided = {
        name: keys - TABLES[name].decided
        for name, keys in types().items()
        if name not in DECIDED_AS_A_WHOLE
    }
    assert not any(undecided.values()), undecided


def test_the_walk_finds_the_types() -> None:
    assert set(TABLES) - types().keys() <= {"ToolFunction"}
    assert {"input", "previous_response_id"} <= types()["ResponseCreateParamsStreaming"]


def test_no_field_has_two_decisions() -> None:
    for table in vars(fields).values():
        if isinstance(table, Fields):
            total = len(table.honoured) + len(table.harmless) + len(table.refused)
            assert len(table.decided) == total


def test_nothing_that_agents_send_is_unknown() -> None:
    assert len(AGENTS) > 20
    for body in AGENTS:
        assert fields.REQUEST.check(body, Policy(refuse_unknown=True)) == []


def test_unknown_fields_are_ignored_and_named() -> None:
    given = {
        "model": "m", "frobnicate": 1, "reasoning": {"effort": "low", "budget": 1},
        "text": {"tone": "dry", "format": {"type": "json_schema", "schema": {}, "x": 1}},
    }  # fmt: skip
    named = ["frobnicate", "reasoning.budget", "text.tone", "text.format.x"]
    assert fields.REQUEST.check(given, Policy()) == named
    with pytest.raises(BadRequest) as refused:
        fields.REQUEST.check(given, Policy(refuse_unknown=True))
    assert refused.value.param == "frobnicate"


def test_no_other_servers_field_is_a_slip() -> None:
    undecided = [name for name in OTHER_SERVERS if name not in fields.REQUEST.decided]
    for part in (undecided[:90], undecided[90:]):
        assert fields.REQUEST.check(dict.fromkeys(part, 1), Policy()) == part


@pytest.mark.parametrize("name", ["max_tokens", "messages", "max_completion_tokens", "functions"])
def test_fields_of_chat_completions_are_no_slips(name: str) -> None:
    assert fields.REQUEST.check({name: 1}, Policy()) == [name]


def test_what_is_read_has_a_decision() -> None:
    spy = Spy({"model": "m", "input": "x"})
    spy.asked = set()
    response_request(spy, Policy(), NoPast(), may_store=True)
    assert spy.asked - {"extra_body"} <= fields.REQUEST.honoured | fields.REQUEST.harmless.keys()
