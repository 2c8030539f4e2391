"""The official SDK, the gateway and a real model: the chain that a user has on a fresh machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel

from tests.embedded.model_process import Ollama
from tests.later import later

from .test_sdk import told

if TYPE_CHECKING:
    import anthropic
else:
    anthropic = later("anthropic")

pytestmark = pytest.mark.gen_test(timeout=240)

FIXED: Any = {"temperature": 0, "seed": 7}
ASKED: Any = {
    "model": "smollm2:135m",
    "max_tokens": 40,
    "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
    "extra_body": FIXED,
}
TOOLS: Any = [
    {
        "name": "get_weather",
        "description": "Current weather of a city",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Oban"]}},
            "required": ["city"],
        },
    }
]


class Place(BaseModel):
    city: Literal["Paris", "Oban"]


@pytest.fixture
def config(ollama: Ollama) -> dict[str, Any]:
    return {"service": {"base_url": ollama.url}}


async def test_a_stream_says_what_the_whole_message_says(
    client: anthropic.AsyncAnthropic,
) -> None:
    ask = ASKED | {"max_tokens": 12}
    whole = await client.messages.create(**ask)
    async with client.messages.stream(**ask) as stream:
        streamed = await stream.get_final_message()
    assert told(streamed) == told(whole)
    assert whole.content[0].type == "text" and whole.content[0].text
    assert whole.usage.output_tokens == 12 and whole.stop_reason == "max_tokens"
    count = await client.messages.count_tokens(model="smollm2:135m", messages=ASKED["messages"])
    assert count.input_tokens == whole.usage.input_tokens


async def test_a_tool_that_must_be_called_is_called(
    client: anthropic.AsyncAnthropic,
) -> None:
    choice: Any = {"type": "any"}
    message = await client.messages.create(**ASKED, tools=TOOLS, tool_choice=choice)
    [use] = message.content
    assert use.type == "tool_use" and use.input["city"] in ("Paris", "Oban")
    assert message.stop_reason == "tool_use"


async def test_a_reply_of_a_given_shape(
    client: anthropic.AsyncAnthropic,
) -> None:
    message = await client.messages.parse(**ASKED, output_format=Place)
    assert isinstance(message.parsed_output, Place)


async def test_a_stop_sequence_is_told(
    client: anthropic.AsyncAnthropic,
) -> None:
    message = await client.messages.create(**ASKED, stop_sequences=["xyz", " the"])
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", " the")


async def test_a_beginning_is_gone_on_from(
    client: anthropic.AsyncAnthropic,
) -> None:
    begun: Any = [
        {"role": "user", "content": "Tell me a tale."},
        {"role": "assistant", "content": "Once upon a"},
    ]
    message = await client.messages.create(**ASKED | {"messages": begun, "max_tokens": 3})
    assert message.content[0].type == "text" and message.content[0].text.startswith(" time")


async def test_a_prompt_that_does_not_fit_is_told_with_its_figures(
    client: anthropic.AsyncAnthropic,
) -> None:
    long: Any = [{"role": "user", "content": "one two " * 8000}]
    with pytest.raises(
        anthropic.BadRequestError, match=r"prompt is too long: \d+ tokens > \d+ max"
    ):
        await client.messages.create(**ASKED | {"messages": long})


async def test_what_the_server_remembers_of_a_conversation_is_told(
    client: anthropic.AsyncAnthropic,
) -> None:
    lines = [f"The {number}th pear of the list is ripe." for number in range(12)]
    asked: Any = [{"role": "user", "content": " ".join(lines)}]
    more: Any = [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "And then?"}]
    ask: Any = {"model": "smollm2:135m", "max_tokens": 1}
    first = (await client.messages.create(**ask, messages=asked)).usage
    second = (await client.messages.create(**ask, messages=[*asked, *more])).usage
    whole = first.input_tokens + (first.cache_read_input_tokens or 0)
    assert second.cache_read_input_tokens is not None
    assert second.cache_read_input_tokens >= 0.9 * whole
    assert 0 < second.input_tokens < 0.2 * whole  # what was new of it


async def test_pydantic_ai(client: anthropic.AsyncAnthropic) -> None:
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    model = AnthropicModel("smollm2:135m", provider=AnthropicProvider(anthropic_client=client))
    agent = Agent(model, system_prompt="Be brief.", model_settings={"temperature": 0})
    whole = await agent.run("Say hello.")
    async with agent.run_stream("Say hello.") as streamed:
        assert await streamed.get_output() == whole.output != ""


async def test_langchain(client: anthropic.AsyncAnthropic) -> None:
    from langchain_anthropic import ChatAnthropic

    settings: Any = {
        "model": "smollm2:135m",
        "base_url": str(client.base_url),
        "api_key": "not-needed",
        "max_tokens": 10,
        "temperature": 0,
        "max_retries": 0,
    }
    chat = ChatAnthropic(**settings)
    whole = await chat.ainvoke("Say hello.")
    pieces = [piece.text async for piece in chat.astream("Say hello.")]
    assert whole.text and "".join(pieces) == whole.text
    await chat._async_client.close()
    chat._client.close()
