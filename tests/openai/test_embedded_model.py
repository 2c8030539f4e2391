"""The official SDK, the gateway and a real model: the chain that a user has on a fresh machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from tests.embedded.model_process import Ollama
from tests.later import later

if TYPE_CHECKING:
    import openai
else:
    openai = later("openai")

pytestmark = pytest.mark.gen_test(timeout=240)

MODEL = "smollm2:135m"
USER: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
FIXED: Any = {"model": MODEL, "temperature": 0, "seed": 7}
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {key: {"$ref": "#/$defs/Place"}},
                "required": [key],
                "$defs": {"Place": {"type": "string", "enum": ["Paris", "Oban"]}},
            },
        },
    }
    for name, key in (("get_weather", "city"), ("get_tide", "port"))
]


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
def config(ollama: Ollama) -> dict[str, Any]:
    return {"service": {"base_url": ollama.url}}


async def test_a_stream_says_what_the_whole_reply_says(client: openai.AsyncOpenAI) -> None:
    ask: Any = FIXED | {"messages": USER, "max_tokens": 12}
    reply = await client.chat.completions.create(**ask)
    stream = await client.chat.completions.create(
        **ask, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text and text == reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "length"
    assert chunks[-1].usage == reply.usage
    assert reply.usage is not None and reply.usage.completion_tokens == 12


@pytest.mark.parametrize(("choice", "streamed"), [("required", False), ("get_tide", True)])
async def test_a_call_that_must_be_made_is_made(
    client: openai.AsyncOpenAI, choice: str, streamed: bool
) -> None:
    named: Any = {"type": "function", "function": {"name": choice}}
    ask: Any = FIXED | {"messages": USER, "tools": TOOLS, "max_tokens": 80}
    ask["tool_choice"] = choice if choice == "required" else named
    reply: Any
    if streamed:
        async with client.chat.completions.stream(**ask) as stream:
            reply = await stream.get_final_completion()
    else:
        reply = await client.chat.completions.create(**ask)
    assert reply.choices[0].finish_reason == "tool_calls"
    [call] = reply.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert choice in ("required", call.function.name)
    assert set(json.loads(call.function.arguments).values()) <= {"Paris", "Oban"}


async def test_a_reply_of_a_given_shape(client: openai.AsyncOpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Invent a person."}]
    reply = await client.chat.completions.parse(
        **FIXED, messages=messages, response_format=Person, max_tokens=80
    )
    assert isinstance(reply.choices[0].message.parsed, Person)


async def test_logprobs_spell_the_text(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(
        **FIXED, messages=USER, max_tokens=4, logprobs=True, top_logprobs=2
    )
    found = reply.choices[0].logprobs
    assert found is not None and found.content is not None
    assert "".join(token.token for token in found.content) == reply.choices[0].message.content
    assert all(len(token.top_logprobs) == 2 for token in found.content)


async def test_prompts_and_choices(client: openai.AsyncOpenAI) -> None:
    reply = await client.completions.create(
        model=MODEL, prompt=["Owls eat", "Cats eat"], n=2, seed=3, max_tokens=5, echo=True
    )
    starts = [choice.text[:8] for choice in reply.choices]
    assert starts == ["Owls eat", "Owls eat", "Cats eat", "Cats eat"]
    assert all(len(choice.text) > 8 for choice in reply.choices)


async def test_embeddings_are_the_same_in_both_encodings(client: openai.AsyncOpenAI) -> None:
    packed = await client.embeddings.create(model=MODEL, input=["a", "b"])
    plain = await client.embeddings.create(model=MODEL, input=["a", "b"], encoding_format="float")
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)


async def test_the_model_is_listed_with_what_it_can(client: openai.AsyncOpenAI) -> None:
    [model] = [model async for model in client.models.list()]
    assert model.id == MODEL
    shown = await client.models.retrieve(MODEL)
    assert shown.model_extra and "completion" in shown.model_extra["capabilities"]
