"""Bodies of requests: sound ones for each route, and what mutation makes of them."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

Chance = random.Random

WORDS = ("Hi", "", "Grüße 🦉", 'a "quote" \\ and\n lines', "x" * 300, "\u2028\u0000", "<|im_end|>")
MODELS = ("smollm2", "smollm2:135m", "SmolLM2", "missing", "alias", "other:7b", "", "a/b:c", "ü")
PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "d",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"a": 1}'}}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 1e400, 2**70, "", "text", "5m", [], {}, [None], [1, "a"],
    {"a": {"b": []}}, "true", " ", "auto", ["x"] * 20,
)  # fmt: skip


def some(chance: Chance, **fields: Any) -> dict[str, Any]:
    """Some of the fields; one that is called is made anew."""
    return {
        name: value(chance) if callable(value) else value
        for name, value in fields.items()
        if chance.random() < 0.3
    }


def options(chance: Chance) -> dict[str, Any]:
    return some(
        chance, temperature=0.5, num_predict=5, seed=7, stop=["\n"], num_ctx=2048, Top_P=0.1
    )


def native_message(chance: Chance) -> dict[str, Any]:
    message = {"role": chance.choice(("user", "assistant", "system", "tool"))}
    message["content"] = chance.choice(WORDS)
    return message | some(
        chance, images=["iVBORw0KGgo="], thinking="hm", tool_calls=[{"function": CALL["function"]}]
    )


def chat(chance: Chance) -> dict[str, Any]:
    messages = [native_message(chance) for _ in range(chance.randrange(4))]
    return {"model": chance.choice(MODELS), "messages": messages} | some(
        chance,
        stream=chance.random() < 0.5,
        options=options,
        think=chance.choice((True, False, "low")),
        format=chance.choice(("json", SCHEMA)),
        tools=[TOOL],
        keep_alive=chance.choice((0, "5m", -1)),
    )


def generate(chance: Chance) -> dict[str, Any]:
    return {"model": chance.choice(MODELS), "prompt": chance.choice(WORDS)} | some(
        chance,
        stream=chance.random() < 0.5,
        options=options,
        suffix="}",
        system="s",
        template="t",
        raw=True,
        context=[1, 2],
        images=["iVBORw0KGgo="],
    )


def embed(chance: Chance) -> dict[str, Any]:
    given = chance.choice(("a", ["a", "b"], [], ""))
    return {"model": "all-minilm", "input": given} | some(chance, truncate=True, dimensions=3)


def named(chance: Chance) -> dict[str, Any]:
    key = chance.choice(("model", "name", "Model", "NAME"))
    return {key: chance.choice(MODELS)} | some(
        chance, stream=False, verbose=True, insecure=True, source="smollm2", destination="copy"
    )


def part(chance: Chance) -> Any:
    return chance.choice(
        (
            {"type": "text", "text": chance.choice(WORDS)},
            {"type": "image_url", "image_url": {"url": PNG}},
            {"type": "image_url", "image_url": PNG},
            {"type": "image_url", "image_url": {"url": "http://127.0.0.1:1/x.png"}},
            {"type": "refusal", "refusal": "no"},
            {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
            "text",
        )
    )


def openai_message(chance: Chance) -> dict[str, Any]:
    role = chance.choice(("user", "user", "assistant", "system", "developer", "tool", "function"))
    content = chance.choice((chance.choice(WORDS), [part(chance), part(chance)], None))
    message: dict[str, Any] = {"role": role, "content": content}
    return message | some(
        chance, name="n", tool_calls=[CALL], tool_call_id="c1", reasoning="r", refusal=None
    )


def chat_completion(chance: Chance) -> dict[str, Any]:
    messages = [openai_message(chance) for _ in range(1 + chance.randrange(4))]
    formats = (
        {"type": "json_object"},
        {"type": "text"},
        {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}},
    )
    return {"model": chance.choice(MODELS), "messages": messages} | some(
        chance,
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=4,
        max_completion_tokens=5,
        temperature=0,
        top_p=1,
        n=2,
        stop=["a"],
        seed=1,
        logprobs=True,
        top_logprobs=2,
        tools=[TOOL],
        tool_choice=chance.choice(("auto", "none", "required", {"type": "function"})),
        response_format=chance.choice(formats),
        reasoning_effort=chance.choice(("none", "low", "high", "odd")),
        user="u",
        frequency_penalty=0.5,
        logit_bias={},
        metadata={},
        temprature=1,
        options=options,
        keep_alive="1m",
        num_ctx=4096,
    )


def completion(chance: Chance) -> dict[str, Any]:
    prompt = chance.choice(("Hi", ["a", "b"], [], [1, 2], "", [[1], [2]]))
    return {"model": chance.choice(MODELS), "prompt": prompt} | some(
        chance,
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=4,
        n=2,
        best_of=2,
        echo=True,
        suffix="s",
        logprobs=1,
        stop="x",
    )


def embedding(chance: Chance) -> dict[str, Any]:
    given = chance.choice(("a", ["a", "b"], [1, 2], [[1], [2]], [], "", None))
    return {"model": "all-minilm", "input": given} | some(
        chance, encoding_format=chance.choice(("float", "base64", "odd")), dimensions=3, user="u"
    )


BODIES: dict[str, Callable[[Chance], dict[str, Any]]] = {
    "/api/chat": chat,
    "/api/generate": generate,
    "/api/embed": embed,
    "/api/embeddings": generate,
    "/v1/chat/completions": chat_completion,
    "/v1/completions": completion,
    "/v1/embeddings": embedding,
}


def body_for(chance: Chance, path: str) -> bytes:
    """A body that the path may take, or one that has met with some accidents."""
    body = copy.deepcopy(BODIES.get(path, named)(chance))
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        mutate(chance, body)
    data = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    return damage(chance, data) if chance.random() < 0.2 else data


def mutate(chance: Chance, value: Any) -> None:
    """One change somewhere in the tree."""
    while True:
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            break
        key = chance.choice(keys)
        inner = value[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.6:
            value = inner
            continue
        if isinstance(value, dict) and chance.random() < 0.4:
            if chance.random() < 0.5:
                value[chance.choice((key.upper(), key[:-1], key + "s", ""))] = value.pop(key)
            else:
                del value[key]
        else:
            value[key] = copy.deepcopy(chance.choice(ODD_VALUES))
        return


def damage(chance: Chance, data: bytes) -> bytes:
    """One accident with the text of a body."""
    at = chance.randrange(len(data) + 1)
    return chance.choice(
        (
            data[:at],
            data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :],
            b"\xef\xbb\xbf" + data,
            data + b" {}",
            data.replace(b":", b": NaN,", 1),
            b" \n" + data + b"\n\n",
            data[:-1] + b',"model":"smollm2","MODEL":"other:7b"}',
            b"[" * 5000,
            b"[" + data + b"]",
            data.replace(b'"', b"'"),
            b"null",
            b'"' + data[:5] + b'\\ud83d"',
        )
    )
