"""The official SDK and the agent libraries, the gateway and a real model, by /v1/responses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from tests.embedded.model_process import Ollama

from .validator import valid

if TYPE_CHECKING:
    import openai

pytestmark = pytest.mark.gen_test

MODEL = "smollm2:135m"
ASK: Any = {"model": MODEL, "temperature": 0, "extra_body": {"seed": 7}}
TOOLS: Any = [
    {
        "type": "namespace",
        "name": "mcp__owl",
        "description": "Owls",
        "tools": [
            {
                "type": "function",
                "name": "get_weather",
                "parameters": {
                    "type": "object",
                    "properties": {"city": {"type": "string", "enum": ["Paris", "Oban"]}},
                    "required": ["city"],
                },
            }
        ],
    }
]


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
def config(ollama: Ollama) -> dict[str, Any]:
    return {"service": {"base_url": ollama.url}}


async def test_a_stream_says_what_the_whole_reply_says(client: openai.AsyncOpenAI) -> None:
    ask: Any = ASK | {"input": "Say hello.", "instructions": "Be brief."}
    reply = await client.responses.create(**ask)
    async with client.responses.stream(**ask) as stream:
        final = await stream.get_final_response()
    assert reply.output_text and reply.output_text == final.output_text
    assert reply.status == final.status == "completed"
    assert reply.usage is not None and final.usage is not None
    assert reply.usage.output_tokens == final.usage.output_tokens > 0


async def test_a_limit_is_an_incomplete_reply(client: openai.AsyncOpenAI) -> None:
    reply = await client.responses.create(**ASK, input="Tell a story.", max_output_tokens=5)
    assert reply.status == "incomplete" and reply.incomplete_details is not None
    assert reply.usage is not None and reply.usage.output_tokens == 5


async def test_a_conversation_goes_on(client: openai.AsyncOpenAI) -> None:
    first = await client.responses.create(**ASK, input="Say hello.", max_output_tokens=20)
    second = await client.responses.create(
        **ASK, input="Again.", max_output_tokens=5, previous_response_id=first.id
    )
    assert first.usage is not None and second.usage is not None
    assert second.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens
    items = [item async for item in client.responses.input_items.list(second.id)]
    assert len(items) == 3


async def test_a_call_of_a_namespace_that_must_be_made(client: openai.AsyncOpenAI) -> None:
    ask: Any = ASK | {"input": "What is the weather in Paris?", "tools": TOOLS}
    ask |= {"tool_choice": "required", "max_output_tokens": 80}
    reply: Any = await client.responses.create(**ask)
    async with client.responses.stream(**ask) as stream:
        final: Any = await stream.get_final_response()
    for response in (reply, final):
        [call] = response.output
        assert call.type == "function_call"
        assert (call.name, call.namespace) == ("get_weather", "mcp__owl")
        assert json.loads(call.arguments)["city"] in ("Paris", "Oban")


async def test_a_reply_of_a_given_shape(client: openai.AsyncOpenAI) -> None:
    ask: Any = ASK | {"input": "Ann is 7 years old.", "max_output_tokens": 60}
    reply = await client.responses.parse(**ask, text_format=Person)
    assert isinstance(reply.output_parsed, Person)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_prompt_that_does_not_fit_is_an_error(connect: Any, stream: bool) -> None:
    given = {"model": MODEL, "input": "owl " * 3000, "num_ctx": 512, "stream": stream}
    response = await (await connect()).request(
        "POST", "/v1/responses", (), json.dumps(given).encode()
    )
    if stream:
        error = valid(response.body)[-1]["response"]["error"]
    else:
        assert response.status == 400
        error = response.json()["error"]
    assert error["code"] == "context_length_exceeded"


async def test_a_window_that_is_full_is_an_error(connect: Any) -> None:
    schema = {"type": "array", "items": {"type": "integer"}, "minItems": 100}
    given = {"model": MODEL, "input": "Count.", "num_ctx": 96, "stream": True, "temperature": 0}
    given["text"] = {"format": {"type": "json_schema", "name": "numbers", "schema": schema}}
    response = await (await connect()).request(
        "POST", "/v1/responses", (), json.dumps(given).encode()
    )
    last = valid(response.body)[-1]["response"]
    assert last["error"]["code"] == "context_length_exceeded"
    assert last["usage"]["total_tokens"] == 96


async def test_the_agents_sdk(client: openai.AsyncOpenAI) -> None:
    import agents

    agents.set_tracing_disabled(True)
    agent = agents.Agent(
        name="greeter",
        instructions="Be brief.",
        model=agents.OpenAIResponsesModel(model=MODEL, openai_client=client),
        model_settings=agents.ModelSettings(temperature=0),
    )
    whole = await agents.Runner.run(agent, "Say hello.")
    streamed = agents.Runner.run_streamed(agent, "Say hello.")
    async for _ in streamed.stream_events():
        pass
    assert whole.final_output and whole.final_output == streamed.final_output


async def test_pydantic_ai(client: openai.AsyncOpenAI) -> None:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIResponsesModel(MODEL, provider=OpenAIProvider(openai_client=client))
    agent = Agent(model, instructions="Be brief.", model_settings={"temperature": 0})
    whole = await agent.run("Say hello.")
    async with agent.run_stream("Say hello.") as streamed:
        assert await streamed.get_output() == whole.output != ""


async def test_langchain(client: openai.AsyncOpenAI) -> None:
    from langchain_openai import ChatOpenAI

    chat = ChatOpenAI(
        model=MODEL,
        temperature=0,
        max_tokens=10,  # type: ignore[call-arg]
        base_url=str(client.base_url),
        api_key="not-needed",  # type: ignore[arg-type]
        use_responses_api=True,
    )
    whole = await chat.ainvoke("Say hello.")
    pieces = [piece.text async for piece in chat.astream("Say hello.")]
    assert whole.text and "".join(pieces) == whole.text
    await chat.root_async_client.close()
    chat.root_client.close()


async def test_what_the_server_remembers_of_a_conversation_is_told(
    client: openai.AsyncOpenAI,
) -> None:
    lines = [f"The {number}th fruit of the list is a plum." for number in range(12)]
    asked: Any = [{"role": "user", "content": " ".join(lines)}]
    first = await client.responses.create(model=MODEL, input=asked, max_output_tokens=1)
    more: Any = [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "And then?"}]
    second = await client.responses.create(model=MODEL, input=[*asked, *more], max_output_tokens=1)
    assert first.usage is not None and second.usage is not None
    cached = second.usage.input_tokens_details.cached_tokens
    assert 0.9 * first.usage.input_tokens <= cached < second.usage.input_tokens
