"""Every field of the Messages API has a decision: those that the SDK types, stable and beta, and
those that agents send without a type."""

from __future__ import annotations

import functools
import json
import typing
from pathlib import Path
from typing import Any

import pytest
import typing_extensions

from tests.wire.openai.test_fields import OTHER_SERVERS, request_types
from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.anthropic import fields
from tornado_ollama.wire.decisions import Fields
from tornado_ollama.wire.policy import Policy

TABLES: dict[str, Fields] = {
    "MessageCreateParamsNonStreaming": fields.MESSAGE,
    "MessageCreateParamsStreaming": fields.MESSAGE,
    "MessageCountTokensParams": fields.MESSAGE,
    "UserMessageParam": fields.MESSAGE_PARAM,
    "AssistantMessageParam": fields.MESSAGE_PARAM,
    "SystemMessageParam": fields.SYSTEM_MESSAGE,
    "TextBlockParam": fields.TEXT_BLOCK,
    "ImageBlockParam": fields.IMAGE_BLOCK,
    "Base64ImageSourceParam": fields.SOURCE,
    "URLImageSourceParam": fields.SOURCE,
    "DocumentBlockParam": fields.DOCUMENT_BLOCK,
    "RequestDocumentBlockParam": fields.DOCUMENT_BLOCK,
    "PlainTextSourceParam": fields.SOURCE,
    "ContentBlockSourceParam": fields.SOURCE,
    "SearchResultBlockParam": fields.SEARCH_RESULT_BLOCK,
    "ThinkingBlockParam": fields.THINKING_BLOCK,
    "RedactedThinkingBlockParam": fields.REDACTED_THINKING_BLOCK,
    "ToolUseBlockParam": fields.TOOL_USE_BLOCK,
    "ToolResultBlockParam": fields.TOOL_RESULT_BLOCK,
    "ToolReferenceBlockParam": fields.TOOL_REFERENCE_BLOCK,
    "CompactionBlockParam": fields.COMPACTION_BLOCK,
    "RequestToolAdditionBlockParam": fields.TOOL_CHANGE_BLOCK,
    "RequestToolRemovalBlockParam": fields.TOOL_CHANGE_BLOCK,
    "ToolChangeToolReferenceParam": fields.TOOL_REFERENCE,
    "ToolChangeMCPToolReferenceParam": fields.TOOL_REFERENCE,
    "ToolChangeToolDefinitionParam": fields.TOOL_DEFINITION,
    "OutputConfigParam": fields.OUTPUT_CONFIG,
    "JSONOutputFormatParam": fields.OUTPUT_FORMAT,
    "ThinkingConfigEnabledParam": fields.THINKING,
    "ThinkingConfigDisabledParam": fields.THINKING,
    "ThinkingConfigBetweenToolsParam": fields.THINKING,
    "ThinkingConfigAdaptiveParam": fields.THINKING,
    "ToolChoiceAutoParam": fields.TOOL_CHOICE,
    "ToolChoiceAnyParam": fields.TOOL_CHOICE,
    "ToolChoiceToolParam": fields.TOOL_CHOICE,
    "ToolChoiceNoneParam": fields.TOOL_CHOICE,
    "ToolParam": fields.TOOL,
    "ToolBash20241022Param": fields.FIXED_TOOL,
    "ToolBash20250124Param": fields.FIXED_TOOL,
    "ToolTextEditor20241022Param": fields.FIXED_TOOL,
    "ToolTextEditor20250124Param": fields.FIXED_TOOL,
    "ToolTextEditor20250429Param": fields.FIXED_TOOL,
    "ToolTextEditor20250728Param": fields.FIXED_TOOL,
    "MemoryTool20250818Param": fields.FIXED_TOOL,
}
"""By the name of the stable type; that of the beta has `Beta` before it."""

LEFT_OUT_TOOLS = ("web_search_ web_fetch_ code_execution_ tool_search_tool_ browser_toolset_ "
                  "computer_ advisor_ mcp_toolset").split()  # fmt: skip
LEFT_OUT_BLOCKS = set(
    """browser_state server_tool_use web_search_tool_result web_fetch_tool_result
    advisor_tool_result code_execution_tool_result bash_code_execution_tool_result
    text_editor_code_execution_tool_result tool_search_tool_result mcp_tool_use mcp_tool_result
    mcp_tool_listing container_upload fallback file""".split()
)
"""Kinds of tools and of blocks that are decided about as a whole; `test_message_request.py` has a
test of each kind of decision."""

DECIDED_AS_A_WHOLE = {
    "CacheControlEphemeralParam": "cache_control",
    "ImageTransformationsParam": "transformations",
    "CitationsConfigParam": "citations",
    "CitationsConfigParamParam": "citations",
    "CitationCharLocationParam": "citations",
    "CitationPageLocationParam": "citations",
    "CitationContentBlockLocationParam": "citations",
    "CitationSearchResultLocationParam": "citations",
    "DirectCallerParam": "caller",
    "InputSchemaTyped": "input_schema",
    "Base64PDFSourceParam": "source of a document that is no text",
    "URLPDFSourceParam": "source of a document that is no text",
    "ContainerParams": "container",
    "SkillParams": "container",
    "DiagnosticsParam": "diagnostics",
    "MetadataParam": "metadata",
    "SystemMessageOutputConfigParam": "output_config of a system message",
    "BillingPolicyParam": "billing_policy",
    "CompactionConfigParam": "compaction",
    "ContextManagementConfigParam": "context_management",
    "ClearToolUses20250919EditParam": "context_management",
    "InputTokensClearAtLeastParam": "context_management",
    "ToolUsesKeepParam": "context_management",
    "InputTokensTriggerParam": "context_management",
    "ToolUsesTriggerParam": "context_management",
    "ClearThinking20251015EditParam": "context_management",
    "ThinkingTurnsParam": "context_management",
    "AllThinkingTurnsParam": "context_management",
    "Compact20260112EditParam": "context_management",
    "FallbackCreditTokenParam": "fallback_credit_token",
    "FallbackParam": "fallbacks",
    "TokenTaskBudgetParam": "output_config.task_budget",
    "ThinkingBlockBindingParam": "thinking.block_binding",
    "RequestMCPServerURLDefinitionParam": "mcp_servers",
    "RequestMCPServerToolConfigurationParam": "mcp_servers",
    "ThreadCreateParams": "thread",
    "ThreadContinueParams": "thread",
}

UNTYPED = ("temperature", "top_p", "top_k", "output_format")
"""What the types no longer have, and clients send all the same."""

LINES = (Path(__file__).parents[2] / "anthropic/requests.jsonl").read_text("utf-8").splitlines()
AGENTS = [json.loads(line)["body"] for line in LINES[1:]]


def is_left_out(kind: Any) -> bool:
    """Whether all values of a type's key `type` are of kinds that are left out."""
    hint = typing_extensions.get_type_hints(kind).get("type")
    values = set(typing.get_args(hint)) | {
        value for argument in typing.get_args(hint) for value in typing.get_args(argument)
    }
    kinds = {value for value in values if isinstance(value, str)}
    tools = {value for value in kinds if value.startswith(tuple(LEFT_OUT_TOOLS))}
    return bool(kinds) and kinds <= LEFT_OUT_BLOCKS | tools


@functools.cache
def types() -> dict[str, set[str]]:
    from anthropic.types import message_count_tokens_params, message_create_params
    from anthropic.types.beta import message_count_tokens_params as beta_count_params
    from anthropic.types.beta import message_create_params as beta_create_params

    return request_types(
        message_create_params.MessageCreateParamsNonStreaming,
        message_create_params.MessageCreateParamsStreaming,
        message_count_tokens_params.MessageCountTokensParams,
        beta_create_params.MessageCreateParamsNonStreaming,
        beta_create_params.MessageCreateParamsStreaming,
        beta_count_params.MessageCountTokensParams,
        skip=is_left_out,
    )


def test_every_field_of_the_sdk_is_decided() -> None:
    undecided = {
        name: keys - TABLES[stable].decided
        for name, keys in types().items()
        if (stable := name.removeprefix("Beta")) not in DECIDED_AS_A_WHOLE
    }
    assert not any(undecided.values()), undecided


def test_the_walk_finds_the_types() -> None:
    found = {name.removeprefix("Beta") for name in types()}
    assert not TABLES.keys() - found and not DECIDED_AS_A_WHOLE.keys() - found
    assert "context_management" in types()["MessageCreateParamsStreaming"]


def test_what_the_types_no_longer_have_is_decided() -> None:
    assert set(UNTYPED) <= fields.MESSAGE.honoured
    assert not any(set(UNTYPED) & keys for name, keys in types().items() if "CreateParams" in name)


def test_no_field_has_two_decisions() -> None:
    for table in vars(fields).values():
        if isinstance(table, Fields):
            total = len(table.honoured) + len(table.harmless) + len(table.refused)
            assert len(table.decided) == total


def test_nothing_that_agents_send_is_unknown() -> None:
    assert len(AGENTS) > 70
    for body in AGENTS:
        assert fields.MESSAGE.check(body, Policy(refuse_unknown=True)) == []


def test_unknown_fields_are_ignored_and_named_or_refused() -> None:
    given = {"model": "m", "frobnicate": 1, "output_config": {"effort": "low", "x": 1}}
    assert fields.MESSAGE.check(given, Policy()) == ["frobnicate", "output_config.x"]
    with pytest.raises(BadRequest) as refused:
        fields.MESSAGE.check(given, Policy(refuse_unknown=True))
    assert refused.value.param == "frobnicate"


def test_no_other_servers_field_is_a_slip() -> None:
    undecided = [name for name in OTHER_SERVERS if name not in fields.MESSAGE.decided]
    for part in (undecided[:90], undecided[90:]):
        assert fields.MESSAGE.check(dict.fromkeys(part, 1), Policy()) == part
