"""What the real model does with options, formats, tools and embeddings."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .model_process import Ollama

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
QUESTION = {"role": "user", "content": "What is the weather in Paris?"}


def test_a_stream_comes_token_by_token_and_counts_itself(ollama: Ollama) -> None:
    messages = [{"role": "user", "content": "Tell a long story."}]
    reply = ollama.post("/api/chat", messages=messages, options={"num_predict": 12})
    *pieces, last = reply.lines
    assert len(pieces) > 6
    assert all(piece["message"]["content"] and not piece["done"] for piece in pieces)
    assert last["done"] and last["done_reason"] == "length"
    assert last["eval_count"] == 12
    assert last["prompt_eval_count"] > 20
    assert 0 < last["prompt_eval_duration"] + last["eval_duration"] <= last["total_duration"]


def test_an_answer_ends_by_itself(ollama: Ollama) -> None:
    assert ollama.chat("Say hello.", options={"temperature": 0})["done_reason"] == "stop"


def test_num_predict_bounds_the_answer(ollama: Ollama) -> None:
    reply = ollama.chat("Tell a story.", options={"num_predict": 3})
    assert (reply["eval_count"], reply["done_reason"]) == (3, "length")


def test_a_stop_word_ends_the_answer_and_is_not_in_it(ollama: Ollama) -> None:
    reply = ollama.chat("Say hello.", options={"stop": ["e", "o"], "temperature": 0})
    assert reply["done_reason"] == "stop"
    assert not set("eo") & set(reply["message"]["content"])


@pytest.mark.parametrize("temperature", [0, 1.5])
def test_a_seed_makes_an_answer_repeatable(ollama: Ollama, temperature: float) -> None:
    options = {"seed": 7, "temperature": temperature, "num_predict": 8}
    first, second = (ollama.chat("Name a colour.", options=options) for _ in range(2))
    assert first["message"] == second["message"]


def test_temperature_makes_answers_differ(ollama: Ollama) -> None:
    said = {
        ollama.chat("Invent a name.", options={"temperature": 2.0, "num_predict": 6})["message"][
            "content"
        ]
        for _ in range(4)
    }
    assert len(said) > 1


def test_format_schema_is_obeyed(ollama: Ollama) -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "enum": ["Oslo", "Rome"]},
            "age": {"type": "integer"},
        },
        "required": ["city", "age"],
        "additionalProperties": False,
    }
    value = json.loads(ollama.chat("Hi", format=schema)["message"]["content"])
    assert value["city"] in ("Oslo", "Rome")
    assert isinstance(value["age"], int)


def test_format_json_makes_an_object(ollama: Ollama) -> None:
    body = {"options": {"temperature": 0, "seed": 1, "num_predict": 400}, "format": "json"}
    reply = ollama.chat('Answer with {"ok": true}', **body)
    assert reply["message"]["content"].lstrip().startswith("{")
    if reply["done_reason"] == "stop":
        assert isinstance(json.loads(reply["message"]["content"]), dict)


def test_a_format_that_cannot_be_used_is_refused(ollama: Ollama) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "banana"}}}
    messages = [{"role": "user", "content": "Hi"}]
    reply = ollama.post("/api/chat", messages=messages, format=schema)
    assert reply.status in (400, 500)
    assert reply.headers["content-type"].startswith("application/json")


HALF = rb"canary half \ud83d emoji"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chat", rb'"messages": [{"role": "user", "content": "%b"}]'),
        ("/api/chat", rb'"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", '
         rb'"tool_calls": [{"function": {"name": "f", "arguments": {"a": "%b"}}}]}]'),
        ("/api/chat", rb'"messages": [{"role": "user", "content": "Hi"}], "tools": [{"function": '
         rb'{"name": "f", "description": "%b"}}]'),
        ("/api/generate", rb'"prompt": "%b"'),
        ("/api/generate", rb'"prompt": "%b", "raw": true'),
        ("/api/embed", rb'"input": ["%b"]'),
        ("/api/embeddings", rb'"prompt": "%b"'),
    ],
)  # fmt: skip
def test_half_an_emoji_is_no_reason_to_fail(ollama: Ollama, path: str, body: bytes) -> None:
    options = b'"stream": false, "options": {"num_predict": 1, "stop": ["%b"]}' % HALF
    sent = b'{"model": "smollm2", %b, %b}' % (body % HALF, options)
    reply = ollama.request("POST", path, sent, {"Content-Type": "application/json"})
    assert reply.status == 200, reply.body


def test_empty_lists_of_php_are_objects(ollama: Ollama) -> None:
    parameters: Any = {"type": "object", "properties": [], "required": []}
    function = {"name": "get_current_weather", "description": "The weather",
                "parameters": parameters}  # fmt: skip
    tools = [{"type": "function", "function": function}]
    reply = ollama.post("/api/chat", messages=[QUESTION], tools=tools, stream=False)
    [call] = reply.json["message"]["tool_calls"]
    assert call["function"]["arguments"] == {}


@pytest.mark.parametrize("stream", [True, False])
def test_a_question_for_a_tool_becomes_a_call(ollama: Ollama, stream: bool) -> None:
    reply = ollama.post("/api/chat", messages=[QUESTION], tools=[WEATHER], stream=stream)
    calls = reply.lines[0]["message"]["tool_calls"]
    assert len(calls) == 1
    assert calls[0]["id"].startswith("call_")
    function = calls[0]["function"]
    assert list(function) == ["index", "name", "arguments"]
    assert function["name"] == "get_weather"
    assert function["arguments"] == {"city": "Paris"}
    assert reply.lines[0]["message"]["content"] == ""
    assert reply.lines[-1]["done_reason"] == "stop"


def test_other_words_with_tools_become_text(ollama: Ollama) -> None:
    message = ollama.chat("Say hello.", tools=[WEATHER], options={"num_predict": 8})["message"]
    assert message["content"] and "tool_calls" not in message


def test_a_tools_result_is_put_into_words(ollama: Ollama) -> None:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Paris"}}}
    messages = [
        QUESTION,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_name": "get_weather", "content": "18 C"},
    ]
    reply = ollama.post(
        "/api/chat",
        messages=messages,
        tools=[WEATHER],
        stream=False,
        options={"seed": 1, "num_predict": 8},
    )
    assert reply.json["message"]["content"]
    assert "tool_calls" not in reply.json["message"]


def test_generate_goes_on_from_a_context(ollama: Ollama) -> None:
    options = {"num_predict": 4}
    first = ollama.post("/api/generate", prompt="Hi", stream=False, options=options).json
    second = ollama.post(
        "/api/generate", prompt="And?", context=first["context"], stream=False, options=options
    ).json
    assert second["context"][: len(first["context"])] == first["context"]
    assert second["prompt_eval_count"] > len(first["context"])


def test_a_raw_prompt_is_taken_as_it_is(ollama: Ollama) -> None:
    body = {"raw": True, "stream": False, "options": {"num_predict": 2}}
    reply = ollama.post("/api/generate", prompt="The sky is", **body)
    assert reply.json["prompt_eval_count"] == 3
    assert "context" not in reply.json


def test_a_conversation_too_long_loses_its_oldest_messages(ollama: Ollama) -> None:
    messages = [{"role": "user", "content": f"Number {n}."} for n in range(60)]
    options = {"num_ctx": 200, "num_predict": 2}
    body: dict[str, Any] = {"messages": messages, "stream": False, "options": options}
    reply = ollama.post("/api/chat", **body)
    assert 100 < reply.json["prompt_eval_count"] <= 150
    refused = ollama.post("/api/chat", **body, truncate=False)
    assert refused.status == 400
    told = json.loads(refused.json["error"])["error"]
    assert told["type"] == "exceed_context_size_error" and told["n_ctx"] == 200
    assert told["n_prompt_tokens"] > 400


def test_the_prompt_of_a_chat_is_counted_as_it_is_read(ollama: Ollama) -> None:
    messages = [{"role": "user", "content": f"Number {n}."} for n in range(9)]
    body = {"messages": messages, "stream": False, "options": {"num_predict": 1}}
    counted = ollama.post("/api/count_tokens", **body).json
    assert counted == {"prompt_tokens": ollama.post("/api/chat", **body).json["prompt_eval_count"]}


def test_what_is_remembered_of_a_prompt_is_counted(ollama: Ollama) -> None:
    messages = [{"role": "user", "content": f"Fruit {n} of the list?"} for n in range(6)]
    body = {"stream": False, "options": {"num_predict": 1}}
    first = ollama.post("/api/chat", messages=messages, **body).json
    turn = [{"role": "assistant", "content": "A plum."}, {"role": "user", "content": "And then?"}]
    second = ollama.post("/api/chat", messages=[*messages, *turn], **body).json
    assert second["prompt_eval_cached_count"] >= 0.9 * first["prompt_eval_count"]
    assert second["prompt_eval_cached_count"] < second["prompt_eval_count"]


def test_a_last_message_of_the_assistants_is_gone_on_from(ollama: Ollama) -> None:
    asked = {"role": "user", "content": "Tell me a tale."}
    begun = {"role": "assistant", "content": "Once upon a"}
    options = {"temperature": 0, "num_predict": 3}
    reply = ollama.post("/api/chat", messages=[asked, begun], stream=False, options=options)
    assert reply.json["message"]["content"].startswith(" time")


def test_a_message_too_long_is_cut(ollama: Ollama) -> None:
    reply = ollama.chat("word " * 300, options={"num_ctx": 128, "num_predict": 2})
    assert reply["prompt_eval_count"] == 96


def test_num_ctx_bounds_prompt_and_answer_together(ollama: Ollama) -> None:
    reply = ollama.chat("Tell a long story.", options={"num_ctx": 48})
    assert reply["prompt_eval_count"] + reply["eval_count"] <= 48


def test_embeddings_are_normalised_and_in_order(ollama: Ollama) -> None:
    texts = ["a cat", "the sea", "a cat", ""]
    reply = ollama.post("/api/embed", input=texts).json
    assert list(reply) == [
        "model", "embeddings", "total_duration", "load_duration", "prompt_eval_count",
    ]  # fmt: skip
    vectors = reply["embeddings"]
    assert [len(vector) for vector in vectors] == [576] * 4
    assert math.hypot(*vectors[0]) == pytest.approx(1, abs=1e-3)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-3)
    assert vectors[0] != pytest.approx(vectors[1], abs=1e-2)


def test_embeddings_can_be_cut_short(ollama: Ollama) -> None:
    vector = ollama.post("/api/embed", input="hello", dimensions=8).json["embeddings"][0]
    assert len(vector) == 8
    assert math.hypot(*vector) == pytest.approx(1, abs=1e-6)


def test_an_input_too_long_to_embed_is_cut_or_refused(ollama: Ollama) -> None:
    text = "word " * 700
    assert ollama.post("/api/embed", input=text).json["prompt_eval_count"] == 512
    refused = ollama.post("/api/embed", input=text, truncate=False)
    assert (refused.status, refused.json) == (
        400, {"error": "the input length exceeds the context length"},
    )  # fmt: skip


def test_the_older_embeddings_route_answers(ollama: Ollama) -> None:
    assert len(ollama.post("/api/embeddings", prompt="hello").json["embedding"]) == 576
    assert ollama.post("/api/embeddings", prompt="").json == {"embedding": []}


def test_more_requests_than_slots_are_all_answered(ollama: Ollama) -> None:
    with ThreadPoolExecutor(10) as pool:
        ask = [pool.submit(ollama.chat, f"Say {n}.", options={"num_predict": 2}) for n in range(10)]
        assert all(answer.result()["done"] for answer in ask)


def test_an_unloaded_model_is_gone_and_comes_back(ollama: Ollama) -> None:
    reply = ollama.post("/api/chat", messages=[], keep_alive=0)
    assert reply.json["done_reason"] == "unload"
    answer = ollama.chat("Hi", options={"num_predict": 1})
    assert answer["load_duration"] > 1_000_000
    assert ollama.get("/api/ps").json["models"]


def test_a_model_that_is_not_kept_goes_after_its_answer(ollama: Ollama) -> None:
    ollama.chat("Hi", options={"num_predict": 1}, keep_alive=0)
    for _ in range(1000):
        if not ollama.get("/api/ps").json["models"]:
            return
    pytest.fail("the model is still loaded")
