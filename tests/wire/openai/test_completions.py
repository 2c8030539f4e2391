from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.backend.transcripts import VERSIONS, load
from tests.conformance.cases import sse_data
from tests.wire.feeding import feed_every_way
from tornado_ollama.errors import BadRequest, GatewayError, UpstreamBroken
from tornado_ollama.wire.openai.completion_reply import completion_reply, completion_stream
from tornado_ollama.wire.openai.completion_request import CompletionPlan, completion_request
from tornado_ollama.wire.openai.replies import Identity
from tornado_ollama.wire.policy import Policy

WHO = Identity("cmpl-0123456789abcdef", 1767323045, "m")
TOKENS = [
    {"token": "Ja", "logprob": -0.25, "top_logprobs": [{"token": "Ja", "logprob": -0.25}]},
    {"token": ".", "logprob": -0.5},
]


def planned(**body: Any) -> CompletionPlan:
    return completion_request({"model": "m", "prompt": "x"} | body, Policy())


def sent(**body: Any) -> list[dict[str, Any]]:
    return [json.loads(native) for native in planned(**body).bodies()]


def line(response: str = "", done: bool = False, **more: Any) -> bytes:
    return json.dumps({"response": response, "done": done} | more).encode() + b"\n"


def done(response: str = "", **more: Any) -> bytes:
    counts = {"done_reason": "stop", "prompt_eval_count": 4, "eval_count": 2}
    return line(response, True, **(counts | more))


def run(data: bytes, **body: Any) -> list[Any]:
    def once(pieces: Sequence[bytes]) -> bytes:
        stream = completion_stream(planned(stream=True, **body), WHO)
        return b"".join(stream.feed(piece) for piece in pieces) + stream.close()

    return sse_data(feed_every_way(once, data))


def test_thinking_is_off_unless_asked_for() -> None:
    assert sent()[0]["think"] is False
    assert sent(think=True)[0]["think"] is True


def test_native_fields_ride_along() -> None:
    [body] = sent(raw=True, suffix="", options={"top_k": 1}, max_tokens=3, format="json")
    assert (body["raw"], body["suffix"], body["format"]) == (True, "", "json")
    assert body["options"] == {"top_k": 1, "num_predict": 3}


def test_every_prompt_is_asked_n_times() -> None:
    bodies = sent(prompt=["a", "b"], n=2, seed=5)
    assert [(b["prompt"], b["options"]["seed"]) for b in bodies] == [
        ("a", 5), ("a", 6), ("b", 5), ("b", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["a", None]}, "prompt[1]"),
        ({"logprobs": True}, "logprobs"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1], [2]]}, "prompt"),
        ({"prompt": {"a": 1}}, "prompt"),
        ({"prompt": True}, "prompt"),
        ({"prompt": ["a"] * 100, "n": 2}, "prompt"),
        ({"n": 0}, "n"),
        ({"best_of": 2}, "best_of"),
        ({"best_of": "2"}, "best_of"),
        ({"logprobs": 6}, "logprobs"),
        ({"logprobs": True}, "logprobs"),
        ({"echo": 1}, "echo"),
        ({"suffix": 1}, "suffix"),
        ({"model": ""}, "model"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"temperatur": 1}, "temperatur"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], param: str) -> None:
    if param is None:
        param = "messages"
    with pytest.raises(BadRequest) as refusal:
        planned(**body)
    assert refusal.value.param == param


def test_best_of_n_is_n() -> None:
    assert planned(best_of=2, n=2).choices == 2


def test_logprobs_0_asks_for_the_chosen_tokens_only() -> None:
    [body] = sent(logprobs=0)
    assert body["logprobs"] is True and "top_logprobs" not in body
    reply = json.loads(completion_reply([done("Ja.", logprobs=TOKENS)], planned(logprobs=0), WHO))
    assert reply["choices"][0]["logprobs"] == {
        "tokens": ["Ja", "."],
        "token_logprobs": [-0.25, -0.5],
        "top_logprobs": None,
        "text_offset": [0, 2],
    }


def test_offsets_count_from_the_beginning_of_an_echoed_text() -> None:
    plan = planned(prompt="né", echo=True, logprobs=1)
    [choice] = json.loads(completion_reply([done("Ja.", logprobs=TOKENS)], plan, WHO))["choices"]
    assert choice["text"] == "néJa."
    assert choice["logprobs"]["text_offset"] == [2, 4]
    assert choice["logprobs"]["top_logprobs"] == [{"Ja": -0.25}, {}]


def test_choices_are_grouped_by_prompt_for_the_counts() -> None:
    plan = planned(prompt=["a", "b"], n=2)
    bodies = [done(str(i), prompt_eval_count=10 + i, eval_count=1) for i in range(4)]
    reply = json.loads(completion_reply(bodies, plan, WHO))
    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2, 3]
    assert reply["usage"] == {"prompt_tokens": 24, "completion_tokens": 4, "total_tokens": 28}


def test_a_reason_of_ollamas_own_does_not_leak() -> None:
    reply = json.loads(completion_reply([done("", done_reason="load")], planned(), WHO))
    assert reply["choices"][0]["finish_reason"] == "stop"


def test_thoughts_that_were_asked_for_are_kept() -> None:
    reply = json.loads(completion_reply([done("a", thinking="hm")], planned(think=True), WHO))
    assert reply["choices"][0]["reasoning"] == "hm"
    events = run(line(thinking="hm") + line("a") + done(), think=True)
    assert events[0]["choices"][0]["reasoning"] == "hm"


def test_an_echo_comes_first_in_a_stream() -> None:
    events = run(line("a") + done("b"), echo=True, prompt="Say: ", logprobs=1)
    assert [e["choices"][0]["text"] for e in events[:-1]] == ["Say: ", "a", "b"]


def test_offsets_run_through_a_stream() -> None:
    events = run(
        line("Ja", logprobs=TOKENS[:1]) + line(".", logprobs=TOKENS[1:]) + done(), logprobs=1
    )
    objects = [e["choices"][0]["logprobs"] for e in events[:-1]]
    assert [o and o["text_offset"] for o in objects] == [[0], [2], None]


def test_empty_lines_make_no_chunk() -> None:
    assert len(run(line("a") + line() + done())) == 3


def test_an_end_without_done_is_an_end_when_something_was_said() -> None:
    events = run(line("x"))
    assert events[-2]["choices"][0]["finish_reason"] == "stop" and events[-1] == "[DONE]"


@pytest.mark.parametrize(
    "bad", [b"nonsense\n", b"{}\n", b'{"error":"boom"}\n', b'{"response":3}\n', b'{"message":{}}\n']
)
@pytest.mark.parametrize("first", [b"", line("a")], ids=["at once", "later"])
def test_a_bad_line_ends_the_stream_with_an_error(first: bytes, bad: bytes) -> None:
    events = run(first + bad + done())
    assert "error" in events[-1]


@pytest.mark.parametrize("data", [b"", line(), line("a")[:-5]])
def test_an_end_before_anything_was_said_is_a_failure(data: bytes) -> None:
    assert "error" in run(data)[-1]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", line("")])
def test_what_is_no_reply_is_a_bad_gateway(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        completion_reply([body], planned(), WHO)


def test_an_error_about_the_length_names_the_prompt() -> None:
    with pytest.raises(GatewayError) as error:
        nested = '{"error":{"message":"too long","type":"exceed_context_size_error","code":400}}'
        completion_reply([json.dumps({"error": nested}).encode()], planned(), WHO)
    assert (error.value.param, error.value.code) == ("prompt", "context_length_exceeded")


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_streams_end_well_and_lose_nothing(version: str) -> None:
    body = load("generate-stream", version).body
    records = [json.loads(item) for item in body.splitlines()]
    events = run(body)
    text = "".join(event["choices"][0]["text"] for event in events[:-1])
    assert text == "".join(record["response"] for record in records)
    assert events[-1] == "[DONE]"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["generate-nostream", "generate-raw"])
def test_recorded_replies_lose_nothing(version: str, name: str) -> None:
    body = load(name, version).body
    [choice] = json.loads(completion_reply([body], planned(), WHO))["choices"]
    assert choice["text"] == json.loads(body)["response"]


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_logprobs_become_the_legacy_lists(version: str) -> None:
    body = load("generate-logprobs", version).body
    native = [item for line in body.splitlines() for item in json.loads(line).get("logprobs", [])]
    choices = [event["choices"][0] for event in run(body, logprobs=2)[:-1]]
    tokens = [token for c in choices if c["logprobs"] for token in c["logprobs"]["tokens"]]
    assert tokens == [item["token"] for item in native] != []


def test_an_empty_prompt_loads_the_model_and_is_answered() -> None:
    assert [body["prompt"] for body in sent(prompt="")] == [""]
    assert [body["prompt"] for body in sent(prompt=["a", ""])] == ["a", ""]
    loaded = line("", True, done_reason="load")
    *_, last, _done = run(loaded, prompt="")
    assert last["choices"][0]["finish_reason"] == "stop"
    reply = json.loads(completion_reply([loaded], planned(prompt=""), WHO))
    assert (reply["choices"][0]["text"], reply["usage"]["total_tokens"]) == ("", 0)


def test_no_logprobs_may_be_said_as_false() -> None:
    assert planned(logprobs=False).logprobs is False
