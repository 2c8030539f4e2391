from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.openai.chat_request import ChatRequest, chat_request
from tornado_ollama.wire.policy import Policy

USER = {"role": "user", "content": "hi"}


def planned(policy: Policy | None = None, **body: Any) -> ChatRequest:
    return chat_request({"model": "m", "messages": [USER]} | body, policy or Policy())


def native(policy: Policy | None = None, **body: Any) -> dict[str, Any]:
    [sent] = planned(policy, **body).bodies()
    read: dict[str, Any] = json.loads(sent)
    return read


def refused(**body: Any) -> str | None:
    with pytest.raises(BadRequest) as refusal:
        planned(**body)
    assert refusal.value.message
    return refusal.value.param


def test_a_plain_request_says_nothing_more_than_it_was_told() -> None:
    assert native() == {"model": "m", "messages": [USER], "stream": False}


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({"temperature": 0}, {"temperature": 0}),
        ({"max_tokens": 5}, {"num_predict": 5}),
        ({"max_tokens": 5.0}, {"num_predict": 5}),
        ({"max_tokens": -1}, {"num_predict": -1}),
        ({"max_tokens": 5, "max_completion_tokens": 7}, {"num_predict": 7}),
        ({"options": {"num_predict": 3}, "max_tokens": 5}, {"num_predict": 5}),
        ({"options": {"top_k": 3}, "top_k": 4}, {"top_k": 4}),
        ({"options": {"num_ctx": None, "future_option": [1]}}, {"future_option": [1]}),
        ({"stop": "a"}, {"stop": ["a"]}),
        ({"stop": ["a", ""]}, {"stop": ["a"]}),
        ({"seed": -3}, {"seed": -3}),
        ({"min_p": 0.1, "use_mmap": False}, {"min_p": 0.1, "use_mmap": False}),
    ],
)
def test_settings_become_options(body: dict[str, Any], options: dict[str, Any]) -> None:
    assert native(**body)["options"] == options


@pytest.mark.parametrize("stop", [None, [], "", [""], [None]])
def test_no_stop_string_leaves_the_modelfiles_in_force(stop: object) -> None:
    assert "options" not in native(stop=stop)


@pytest.mark.parametrize(
    ("body", "think"),
    [
        ({"think": True, "reasoning_effort": "low"}, True),
        ({"think": "xhigh"}, "max"),
        ({"think": False, "reasoning": {"effort": "high"}}, False),
        ({"reasoning": {"effort": "minimal"}, "reasoning_effort": "high"}, "low"),
        ({"reasoning": {"enabled": False}}, False),
        ({"reasoning_effort": "none"}, False),
    ],
)
def test_who_decides_about_thinking(body: dict[str, Any], think: object) -> None:
    assert native(**body)["think"] == think


@pytest.mark.parametrize("reasoning", [{}, {"effort": ""}, {"effort": None, "summary": "auto"}])
def test_a_reasoning_object_without_effort_still_wins(reasoning: object) -> None:
    assert "think" not in native(reasoning=reasoning, reasoning_effort="high")


def test_native_fields_ride_along() -> None:
    sent = native(keep_alive="5m", truncate=False, shift=True, format="json")
    assert (sent["keep_alive"], sent["truncate"], sent["shift"]) == ("5m", False, True)
    assert sent["format"] == "json"


def test_response_format_wins_over_the_native_one() -> None:
    assert "format" not in native(response_format={"type": "text"}, format="json")


def test_top_logprobs_alone_ask_for_logprobs() -> None:
    sent = native(top_logprobs=3)
    assert (sent["logprobs"], sent["top_logprobs"]) == (True, 3)


def test_n_choices_move_the_seed_on() -> None:
    sent = [json.loads(body) for body in planned(n=3, seed=2**63 - 2).bodies()]
    assert [body["options"]["seed"] for body in sent] == [2**63 - 2, 2**63 - 1, 2]


def test_n_choices_without_a_seed_are_left_to_chance() -> None:
    for body in planned(n=2, options={"seed": -1}).bodies():
        assert json.loads(body)["options"]["seed"] == -1
    assert all("options" not in json.loads(body) for body in planned(n=2).bodies())


def test_more_choices_than_the_policy_allows_are_refused() -> None:
    with pytest.raises(BadRequest):
        planned(Policy(max_choices=2), n=3)


class TestPolicy:
    DEFAULTS = SimpleNamespace(
        num_ctx=8192, keep_alive="1h", think=False, options={"top_k": 7}, overflow=None
    )

    def test_an_alias_is_sent_under_the_name_that_ollama_knows(self) -> None:
        plan = planned(Policy(aliases={"gpt-4o": "m:7b"}), model="gpt-4o")
        assert (plan.model, plan.native_model) == ("gpt-4o", "m:7b")
        assert plan.plan.model == "m:7b"

    def test_defaults_fill_in_where_the_request_is_silent(self) -> None:
        sent = native(Policy(defaults={"m*": self.DEFAULTS}))
        assert sent["options"] == {"num_ctx": 8192, "top_k": 7}
        assert (sent["keep_alive"], sent["think"]) == ("1h", False)

    def test_the_request_wins_over_defaults(self) -> None:
        sent = native(
            Policy(defaults={"m": self.DEFAULTS}),
            num_ctx=64,
            options={"top_k": 1},
            keep_alive=0,
            reasoning_effort="high",
        )
        assert sent["options"] == {"num_ctx": 64, "top_k": 1}
        assert (sent["keep_alive"], sent["think"]) == (0, "high")

    def test_defaults_go_by_the_name_that_ollama_knows(self) -> None:
        policy = Policy(aliases={"gpt": "llama3:8b"}, defaults={"llama3*": self.DEFAULTS})
        assert "options" in native(policy, model="gpt")
        assert "options" not in native(policy, model="qwen")

    @pytest.mark.parametrize(
        ("glob", "model", "hit"),
        [
            ("llama3", "llama3:latest", True),
            ("llama3:latest", "LLAMA3", True),
            ("llama3", "llama3:8b", False),
            ("llama3*", "llama3:8b", True),
            ("*", "hf.co/a/b:c", True),
            ("ann/*", "ann/m", True),
        ],
    )
    def test_globs(self, glob: str, model: str, hit: bool) -> None:
        found = Policy(defaults={glob: self.DEFAULTS}).defaults_for(model)
        assert (found.keep_alive is not None) is hit

    def test_later_globs_win(self) -> None:
        later = SimpleNamespace(num_ctx=1, keep_alive=None, think=None, options=None, overflow=None)
        found = Policy(defaults={"*": self.DEFAULTS, "m*": later}).defaults_for("m")
        assert (found.options["num_ctx"], found.keep_alive) == (1, "1h")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 3}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": [3]}, "messages[0]"),
        ({"stream": "yes"}, "stream"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": "0"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"seed": 1.5}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"seed": True}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -3}, "max_tokens"),
        ({"max_completion_tokens": 2**31}, "max_completion_tokens"),
        ({"stop": 3}, "stop"),
        ({"stop": ["a", 3]}, "stop[1]"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": 1.5}, "n"),
        ({"top_logprobs": -1}, "top_logprobs"),
        ({"logprobs": 1}, "logprobs"),
        ({"think": "sometimes"}, "think"),
        ({"think": 2}, "think"),
        ({"reasoning": 3}, "reasoning"),
        ({"reasoning": {"exclude": "yes"}}, "reasoning.exclude"),
        ({"include_reasoning": 1}, "include_reasoning"),
        ({"thinking": {"type": "deep"}}, "thinking.type"),
        ({"enable_thinking": 2}, "enable_thinking"),
        ({"chat_template_kwargs": "x"}, "chat_template_kwargs"),
        ({"chat_template_kwargs": {"thinking": 2}}, "chat_template_kwargs.thinking"),
        ({"extra_body": "x"}, "extra_body"),
        ({"extra_body": {"top_k": "x"}}, "top_k"),
        ({"repetition_penalty": "x"}, "repetition_penalty"),
        ({"guided_json": [1]}, "guided_json"),
        ({"reasoning": {"effort": "extreme"}}, "reasoning.effort"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": ["text"]}}, "response_format"),
        ({"format": "xml"}, "format"),
        ({"options": [1]}, "options"),
        ({"options": {"num_ctx": "big"}}, "options.num_ctx"),
        ({"options": {"num_ctx": 2**40}}, "options.num_ctx"),
        ({"options": {"stop": "x", "temperature": "hot"}}, "options.temperature"),
        ({"options": {"temperature": 1e39}}, "options.temperature"),
        ({"num_ctx": True}, "num_ctx"),
        ({"use_mmap": 1}, "use_mmap"),
        ({"keep_alive": True}, "keep_alive"),
        ({"keep_alive": []}, "keep_alive"),
        ({"truncate": "no"}, "truncate"),
        ({"stream_options": True}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"stream_options": {"include_usag": True}}, "stream_options.include_usag"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"modalities": "text"}, "modalities"),
        ({"parallel_tool_calls": "no"}, "parallel_tool_calls"),
        ({"audio": {"voice": "alloy"}}, "audio"),
        ({"web_search_options": {"x": 1}}, "web_search_options"),
        ({"temperatur": 1}, "temperatur"),
        ({"Temperature": 1}, "Temperature"),
        ({"max_token": 1}, "max_token"),
        ({"response_formatt": {}}, "response_formatt"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], param: str) -> None:
    assert refused(**body) == param


def test_a_schema_nested_without_end_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(200):
        schema = {"properties": {"a": schema}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert refused(response_format=wanted) == "response_format"
    assert refused(options={"x": schema}) == "options.x"
