"""No field of the official SDK's request types is without a decision."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from typing import Any

import pytest
import typing_extensions

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.decisions import Fields, unwrapped
from tornado_ollama.wire.openai import fields
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.openai.completion_request import completion_request
from tornado_ollama.wire.openai.embeddings import embedding_request
from tornado_ollama.wire.policy import Policy

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
    "ChatCompletionMessageCustomToolCallParam": fields.TOOL_CALL,
    "chat_completion_message_custom_tool_call_param.Custom": fields.CALLED_CUSTOM,
    "chat_completion_custom_tool_param.Custom": fields.CUSTOM_TOOL,
    "ChatCompletionCustomToolParam": fields.TOOL,
    "CustomFormatText": fields.CUSTOM_FORMAT,
    "CustomFormatGrammar": fields.CUSTOM_FORMAT,
    "CustomFormatGrammarGrammar": fields.GRAMMAR,
    "ChatCompletionNamedToolChoiceCustomParam": fields.NAMED_CHOICE,
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
    # read whole: only its name is allowed
    "chat_completion_named_tool_choice_param.Function": "tool_choice",
    "chat_completion_named_tool_choice_custom_param.Custom": "tool_choice",
    "ChatCompletionFunctionCallOptionParam": "function_call",
}


def request_types(
    *roots: Any, skip: Callable[[Any], bool] = lambda kind: False
) -> dict[str, set[str]]:
    """Every TypedDict reachable from `roots`: its name and its keys; those to `skip`, and what is
    only in them, are left out."""
    found: dict[str, set[str]] = {}

    def walk(kind: Any) -> None:
        if typing_extensions.is_typeddict(kind):
            if skip(kind):
                return
            hints = typing_extensions.get_type_hints(kind)
            name = kind.__name__
            if name in ("Function", "Custom"):  # several types of one name
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


@functools.cache
def chat_types() -> dict[str, set[str]]:
    from openai.types.chat import completion_create_params as params

    return request_types(
        params.CompletionCreateParamsNonStreaming, params.CompletionCreateParamsStreaming
    )


def text_types() -> dict[str, set[str]]:
    from openai.types import completion_create_params as params

    return request_types(
        params.CompletionCreateParamsNonStreaming, params.CompletionCreateParamsStreaming
    )


def embedding_types() -> dict[str, set[str]]:
    from openai.types import embedding_create_params as params

    return request_types(params.EmbeddingCreateParams)


def test_every_field_of_the_sdk_is_decided() -> None:
    undecided = {
        name: keys - TABLES[name].decided
        for name, keys in (chat_types() | embedding_types()).items()
        if name not in DECIDED_AS_A_WHOLE
    }
    assert not any(undecided.values()), undecided


def test_every_field_of_a_text_completion_is_decided() -> None:
    undecided = {
        name: keys - (fields.COMPLETION if "Create" in name else TABLES[name]).decided
        for name, keys in text_types().items()
    }
    assert not any(undecided.values()), undecided


def test_the_walk_finds_the_types() -> None:
    assert len(chat_types()) > 40
    assert {"model", "messages", "stream"} <= chat_types()["CompletionCreateParamsStreaming"]


def test_no_field_has_two_decisions() -> None:
    for table in vars(fields).values():
        if isinstance(table, Fields):
            total = len(table.honoured) + len(table.harmless) + len(table.refused)
            assert len(table.decided) == total


IGNORE, REFUSE = Policy(), Policy(refuse_unknown=True)
ALL = (fields.CHAT, fields.COMPLETION, fields.EMBEDDING)


def refusal(given: dict[str, Any], policy: Policy = IGNORE, table: Fields = fields.CHAT) -> Any:
    with pytest.raises(BadRequest) as refused:
        table.check(given, policy)
    return refused.value


@pytest.mark.parametrize("table", ALL, ids=["chat", "text", "embedding"])
def test_unknown_fields_are_ignored_and_named(table: Fields) -> None:
    given = {"model": "m", "frobnicate": 1, "user": "x", "cache_prompt": True, "nothing": None}
    assert table.check(given, IGNORE) == ["frobnicate", "cache_prompt"]


def test_unknown_members_of_settings_are_named_with_their_path() -> None:
    given = {
        "reasoning": {"effort": "low", "budget": 9, "summary": "auto"},
        "response_format": {"type": "json_schema", "json_schema": {"schema": {}, "x": 1}, "y": 2},
        "chat_template_kwargs": {"enable_thinking": True, "tone": "dry"},
        "stream_options": {"chatty": True, "include_obfuscation": False},
    }
    assert fields.CHAT.check(given, IGNORE) == [
        "reasoning.budget", "response_format.json_schema.x", "response_format.y",
        "chat_template_kwargs.tone", "stream_options.chatty",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"frobnicate": 1}, "frobnicate"),
        ({"reasoning": {"effort": "low", "budget": 1}}, "reasoning.budget"),
        ({"return_progress": True}, "return_progress"),
    ],
)
def test_unknown_fields_are_refused_where_the_operator_wants_it(given: Any, param: str) -> None:
    assert refusal(given, REFUSE).param == param
    assert fields.CHAT.check(given, IGNORE) == [param]


def test_known_ones_pass_where_unknown_ones_are_refused() -> None:
    body = unwrapped({"extra_body": {"min_p": 0.1}, "user": "x", "top_k": 1})
    assert fields.CHAT.check(body, REFUSE) == []


@pytest.mark.parametrize("table", ALL, ids=["chat", "text", "embedding"])
def test_a_name_that_is_one_letter_from_a_known_one_is_a_slip(table: Fields) -> None:
    for known in table.decided:
        slips = {known[:3] + known[4:], f"{known}s", f"x{known}", f"{known[:4]}~{known[5:]}"}
        for slip in slips - table.decided:
            if len(slip) >= 8:
                refused = refusal({slip: 1}, table=table)
                assert refused.param == slip
                assert "Did you mean '" in refused.message
            else:
                assert table.check({slip: 1}, IGNORE) == [slip]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("temprature", "temperature"),
        ("max_completion_token", "max_completion_tokens"),
        ("frequency_penality", "frequency_penalty"),
        ("stream_options.include_usages", "stream_options.include_usage"),
        ("response_format.json_schemas", "response_format.json_schema"),
    ],
)
def test_a_slip_is_told_what_was_meant(slip: str, meant: str) -> None:
    outer, _, inner = slip.partition(".")
    refused = refusal({outer: {inner: 1} if inner else 1})
    assert refused.param == slip
    assert refused.message.endswith(f"Did you mean '{meant}'?")


@pytest.mark.parametrize(
    "name", ["tempreature", "message", "max_tokns_", "min_tokens", "x" * 100_000, "", "seeds"]
)
def test_what_is_further_away_or_shorter_is_no_slip(name: str) -> None:
    assert fields.CHAT.check({name: 1}, IGNORE) == [name]


OTHER_SERVERS = """
    use_beam_search length_penalty stop_token_ids include_stop_str_in_output ignore_eos min_tokens
    skip_special_tokens spaces_between_special_tokens truncate_prompt_tokens prompt_logprobs
    allowed_token_ids bad_words echo add_generation_prompt continue_final_message documents
    add_special_tokens chat_template mm_processor_kwargs guided_regex guided_choice guided_grammar
    structural_tag guided_decoding_backend guided_whitespace_pattern priority request_id
    logits_processors return_tokens_as_token_ids return_token_ids cache_salt kv_transfer_params
    vllm_xargs thinking_token_budget n_discard n_cmpl t_max_predict_ms n_indent id_slot
    cache_prompt return_tokens samplers timings_per_token return_progress post_sampling_probs
    response_fields lora dry_multiplier dry_base dry_allowed_length dry_penalty_last_n
    dry_sequence_breakers xtc_probability xtc_threshold top_n_sigma dynatemp_range
    dynatemp_exponent grammar grammar_lazy n_probs min_keep reasoning_format reasoning_in_content
    thinking_forced_open thinking_budget_tokens reasoning_budget parse_tool_calls chat_format
    penalize_nl transforms models route provider plugins usage top_a debug image_config session_id
    thinking_budget enable_search search_options vl_high_resolution_images incremental_output
    result_format preserve_thinking do_sample sensitive_word_check tool_stream safe_prompt
    prompt_mode citation_options exclude_domains include_domains search_settings ttl draft_model
    context_length details decoder_input_details return_full_text watermark adapter_id regex ebnf
    separate_reasoning stream_reasoning return_hidden_states no_stop_trim lora_path
    custom_logit_processor input_type task late_chunking normalized embedding_type prompt_name
    truncation_direction normalize rid repetition_context_size output_dimension output_dtype
    min_length max_length tfs guidance_scale negative_prompt smoothing_factor temperature_last
    dynamic_temperature dynatemp_low dynatemp_high ban_eos_token custom_token_bans mode character
    instruction_template sampler_priority encoder_repetition_penalty no_repeat_ngram_size
    repetition_penalty_range
""".split()
"""Of vLLM, llama.cpp, SGLang, TGI, LM Studio, OpenRouter, Qwen, GLM, Mistral, Jina and others."""


@pytest.mark.parametrize("table", ALL, ids=["chat", "text", "embedding"])
def test_no_other_servers_field_is_a_slip(table: Fields) -> None:
    undecided = [name for name in OTHER_SERVERS if name not in table.decided]
    assert table.check(dict.fromkeys(undecided[:90], 1), IGNORE) == undecided[:90]
    assert table.check(dict.fromkeys(undecided[90:], 1), IGNORE) == undecided[90:]


def test_a_very_long_unknown_name_is_shown_in_part() -> None:
    refused = refusal({"x" * 100_000: 1}, REFUSE)
    assert len(refused.message) < 300 and len(refused.param or "") <= 200


@pytest.mark.parametrize("nothing", [None, False, {}, [], ""])
def test_a_refused_field_that_asks_for_nothing_passes(nothing: object) -> None:
    assert fields.CHAT.check({"logit_bias": nothing}, IGNORE) == []


@pytest.mark.parametrize("policy", [IGNORE, REFUSE], ids=["ignore", "refuse"])
def test_a_refused_field_says_what_to_do(policy: Policy) -> None:
    refused = refusal({"frobnicate": 1, "logit_bias": {"50256": -100}}, policy)
    assert refused.param == "logit_bias"
    assert "leave 'logit_bias' out" in refused.message


def test_null_is_the_same_as_absent_even_for_unknown_fields() -> None:
    assert fields.CHAT.check({"frobnicate": None}, REFUSE) == []


class TestExtraBody:
    def test_its_fields_stand_beside_the_others_which_win(self) -> None:
        body = {"model": "m", "top_p": None, "extra_body": {"model": "n", "top_p": 1, "x": {}}}
        assert unwrapped(body) == {"model": "m", "top_p": 1, "x": {}}

    @pytest.mark.parametrize("nothing", [None, {}, []])
    def test_an_empty_one_changes_nothing(self, nothing: object) -> None:
        assert unwrapped({"model": "m", "extra_body": nothing}).get("model") == "m"

    def test_what_is_refused_is_refused_there_too(self) -> None:
        body = unwrapped({"extra_body": {"logit_bias": {"1": 1}}})
        assert refusal(body).param == "logit_bias"


class Spy(dict[str, Any]):
    """A request that remembers which of its fields were asked for."""

    asked: set[str]

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


@pytest.mark.parametrize(
    ("read", "table", "given"),
    [
        (chat_request, fields.CHAT, {"messages": [{"role": "user", "content": "x"}]}),
        (completion_request, fields.COMPLETION, {"prompt": "x"}),
        (embedding_request, fields.EMBEDDING, {"input": "x"}),
    ],
)
def test_what_is_read_is_honoured(read: Any, table: Fields, given: dict[str, Any]) -> None:
    spy = Spy({"model": "m"} | given)
    spy.asked = set()
    read(spy, IGNORE)
    assert spy.asked - {"extra_body"} <= table.honoured


def test_settings_of_chats_are_ignored_in_embeddings() -> None:
    plan = embedding_request({"model": "m", "input": "x", "temperature": "hot", "top_k": 1}, IGNORE)
    assert plan.ignored == ("temperature",)
    assert b"temperature" not in plan.body
