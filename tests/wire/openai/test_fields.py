"""No field of the official SDK's request types is without a decision."""

from __future__ import annotations

import typing
from typing import Any

import pytest
import typing_extensions
from openai.types import completion_create_params, embedding_create_params
from openai.types.chat import completion_create_params as chat_params

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.openai import fields
from tornado_ollama.wire.openai.fields import Fields

TABLES: dict[str, Fields] = {
    "CompletionCreateParamsBase": fields.CHAT,
    "CompletionCreateParamsNonStreaming": fields.CHAT,
    "CompletionCreateParamsStreaming": fields.CHAT,
    "ChatCompletionDeveloperMessageParam": fields.SYSTEM_MESSAGE,
    "ChatCompletionSystemMessageParam": fields.SYSTEM_MESSAGE,
    "ChatCompletionUserMessageParam": fields.USER_MESSAGE,
    "ChatCompletionAssistantMessageParam": fields.ASSISTANT_MESSAGE,
    "ChatCompletionToolMessageParam": fields.TOOL_MESSAGE,
    "ChatCompletionFunctionMessageParam": fields.FUNCTION_MESSAGE,
    "ChatCompletionContentPartTextParam": fields.TEXT_PART,
    "ChatCompletionContentPartRefusalParam": fields.REFUSAL_PART,
    "ChatCompletionContentPartImageParam": fields.IMAGE_PART,
    "ImageURL": fields.IMAGE_URL,
    "ChatCompletionContentPartInputAudioParam": fields.AUDIO_PART,
    "InputAudio": fields.INPUT_AUDIO,
    "ChatCompletionMessageFunctionToolCallParam": fields.TOOL_CALL,
    "chat_completion_message_function_tool_call_param.Function": fields.CALLED_FUNCTION,
    "completion_create_params.Function": fields.FUNCTION,
    "FunctionCall": fields.CALLED_FUNCTION,
    "ChatCompletionFunctionToolParam": fields.TOOL,
    "FunctionDefinition": fields.FUNCTION,
    "ChatCompletionNamedToolChoiceParam": fields.NAMED_CHOICE,
    "ChatCompletionAllowedToolChoiceParam": fields.ALLOWED_CHOICE,
    "ChatCompletionAllowedToolsParam": fields.ALLOWED_TOOLS,
    "ResponseFormatText": fields.RESPONSE_FORMAT,
    "ResponseFormatJSONObject": fields.RESPONSE_FORMAT,
    "ResponseFormatJSONSchema": fields.RESPONSE_FORMAT,
    "JSONSchema": fields.JSON_SCHEMA,
    "ChatCompletionStreamOptionsParam": fields.STREAM_OPTIONS,
    "EmbeddingCreateParams": fields.EMBEDDING,
}

DECIDED_AS_A_WHOLE = {
    # below a harmless field
    "PromptCacheBreakpoint": "prompt_cache_breakpoint",
    "FilePromptCacheBreakpoint": "prompt_cache_breakpoint",
    "Audio": "audio of an assistant message",
    "Moderation": "moderation",
    "ModerationPolicy": "moderation",
    "ModerationPolicyInput": "moderation",
    "ModerationPolicyOutput": "moderation",
    "ChatCompletionPredictionContentParam": "prediction",
    "PromptCacheOptions": "prompt_cache_options",
    # below a refused field or value
    "ChatCompletionAudioParam": "audio",
    "VoiceID": "audio",
    "WebSearchOptions": "web_search_options",
    "WebSearchOptionsUserLocation": "web_search_options",
    "WebSearchOptionsUserLocationApproximate": "web_search_options",
    "File": "part type file",
    "FileFile": "part type file",
    "ChatCompletionMessageCustomToolCallParam": "tool call type custom",
    "Custom": "custom tools",
    "CustomFormatGrammar": "custom tools",
    "CustomFormatGrammarGrammar": "custom tools",
    "CustomFormatText": "custom tools",
    "ChatCompletionCustomToolParam": "custom tools",
    "ChatCompletionNamedToolChoiceCustomParam": "custom tools",
    # read whole: only its name is allowed
    "chat_completion_named_tool_choice_param.Function": "tool_choice",
    "ChatCompletionFunctionCallOptionParam": "function_call",
}


def request_types(*roots: Any) -> dict[str, set[str]]:
    """Every TypedDict reachable from `roots`: its name and its keys."""
    found: dict[str, set[str]] = {}

    def walk(kind: Any) -> None:
        if typing_extensions.is_typeddict(kind):
            hints = typing_extensions.get_type_hints(kind)
            name = kind.__name__
            if name == "Function":  # two types of one name
                name = f"{kind.__module__.rpartition('.')[2]}.{name}"
            known = found.get(name, set())
            if known >= set(hints):
                return
            found[name] = known | set(hints)
            for hint in hints.values():
                walk(hint)
        for argument in typing.get_args(kind):
            walk(argument)

    for root in roots:
        walk(root)
    return found


CHAT_TYPES = request_types(
    chat_params.CompletionCreateParamsNonStreaming, chat_params.CompletionCreateParamsStreaming
)
TEXT_TYPES = request_types(
    completion_create_params.CompletionCreateParamsNonStreaming,
    completion_create_params.CompletionCreateParamsStreaming,
)
EMBEDDING_TYPES = request_types(embedding_create_params.EmbeddingCreateParams)


@pytest.mark.parametrize("name", sorted(CHAT_TYPES | EMBEDDING_TYPES))
def test_every_field_of_the_sdk_is_decided(name: str) -> None:
    if name in DECIDED_AS_A_WHOLE:
        return
    keys = (CHAT_TYPES | EMBEDDING_TYPES)[name]
    assert not keys - TABLES[name].decided


def test_every_field_of_a_text_completion_is_decided() -> None:
    undecided = {
        name: keys - (fields.COMPLETION if "Create" in name else TABLES[name]).decided
        for name, keys in TEXT_TYPES.items()
    }
    assert not any(undecided.values()), undecided


def test_the_walk_finds_the_types() -> None:
    assert len(CHAT_TYPES) > 40
    assert {"model", "messages", "stream"} <= CHAT_TYPES["CompletionCreateParamsStreaming"]


def test_no_field_has_two_decisions() -> None:
    for table in vars(fields).values():
        if isinstance(table, Fields):
            total = len(table.honoured) + len(table.harmless) + len(table.refused)
            assert len(table.decided) == total


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(BadRequest, match="'a.frobnicate'") as refusal:
        fields.USER_MESSAGE.check({"role": "user", "frobnicate": 1}, "a")
    assert refusal.value.param == "a.frobnicate"


def test_a_very_long_unknown_name_is_shown_in_part() -> None:
    with pytest.raises(BadRequest) as refusal:
        fields.CHAT.check({"x" * 100_000: 1})
    assert len(refusal.value.message) < 300 and len(refusal.value.param or "") <= 200


@pytest.mark.parametrize("nothing", [None, False, {}, [], ""])
def test_a_refused_field_that_asks_for_nothing_passes(nothing: object) -> None:
    fields.CHAT.check({"logit_bias": nothing})


def test_a_refused_field_says_what_to_do() -> None:
    with pytest.raises(BadRequest, match="leave 'logit_bias' out") as refusal:
        fields.CHAT.check({"logit_bias": {"50256": -100}})
    assert refusal.value.param == "logit_bias"


def test_null_is_the_same_as_absent_even_for_unknown_fields() -> None:
    fields.CHAT.check({"frobnicate": None})
