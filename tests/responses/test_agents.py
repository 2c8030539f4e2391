"""Agent libraries that speak the Responses API: OpenAI's Agents SDK, in its default mode, and
Pydantic AI. Each runs a tool and gives the result back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from tests.backend import Backend, NdjsonStream, json_reply
from tests.later import later

if TYPE_CHECKING:
    import agents
    import openai
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIResponsesModel
else:
    agents = later("agents")

pytestmark = pytest.mark.gen_test

DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
COUNTS = {"prompt_eval_count": 5, "eval_count": 2}
CALL = {"function": {"name": "get_tide", "arguments": {"port": "Oban"}}}


class Tide(BaseModel):
    port: str
    metres: float


def said(content: str = "", **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content} | more, "done": False}


def whole(content: str = "", **more: Any) -> Any:
    return json_reply(said(content, **more) | {"done": True, "done_reason": "stop"} | COUNTS)


def in_pieces(*lines: Any) -> Any:
    return NdjsonStream(*lines, DONE | COUNTS)


CALLING = whole("", thinking="hm", tool_calls=[CALL])
CALLING_IN_PIECES = in_pieces(said(thinking="hm"), said(tool_calls=[CALL]))
ANSWER_IN_PIECES = in_pieces(said("At "), said("six."))


def roles(backend: Backend) -> list[str]:
    return [message["role"] for message in backend.exchanges[-1].json()["messages"]]


def thoughts(backend: Backend) -> list[str]:
    messages = backend.exchanges[-1].json()["messages"]
    return [message["thinking"] for message in messages if "thinking" in message]


class TestAgentsSdk:
    @pytest.fixture
    def agent(self, client: openai.AsyncOpenAI) -> agents.Agent[Any]:
        def get_tide(port: str) -> str:
            """Tide of a port."""
            return f"06:12 in {port}"

        agents.set_tracing_disabled(True)
        return agents.Agent(
            name="sailor",
            instructions="Use the tool.",
            model=agents.OpenAIResponsesModel(model="m", openai_client=client),
            tools=[agents.function_tool(get_tide)],
        )

    async def test_a_tool_loop(self, agent: agents.Agent[Any], backend: Backend) -> None:
        backend.on("/api/chat", CALLING, whole("At six."))
        result = await agents.Runner.run(agent, "tide?")
        assert result.final_output == "At six."
        assert roles(backend) == ["system", "user", "assistant", "tool"]
        assert thoughts(backend) == ["hm"]
        assert backend.exchanges[1].json()["messages"][3]["content"] == "06:12 in Oban"

    async def test_a_tool_loop_in_streams(self, agent: agents.Agent[Any], backend: Backend) -> None:
        backend.on("/api/chat", CALLING_IN_PIECES, ANSWER_IN_PIECES)
        result = agents.Runner.run_streamed(agent, "tide?")
        deltas = [
            event.data.delta
            async for event in result.stream_events()
            if event.type == "raw_response_event"
            and event.data.type == "response.output_text.delta"
        ]
        assert deltas == ["At ", "six."] and result.final_output == "At six."
        assert result.context_wrapper.usage.total_tokens == 14
        assert thoughts(backend) == ["hm"]

    async def test_going_on_from_the_last_response(
        self, agent: agents.Agent[Any], backend: Backend
    ) -> None:
        backend.on("/api/chat", whole("At six."), CALLING, whole("At noon."))
        first = await agents.Runner.run(agent, "tide?")
        second = await agents.Runner.run(
            agent, "and then?", previous_response_id=first.last_response_id
        )
        assert second.final_output == "At noon."
        assert roles(backend) == ["system", "user", "assistant", "user", "assistant", "tool"]

    async def test_an_answer_of_a_given_shape(
        self, agent: agents.Agent[Any], backend: Backend
    ) -> None:
        backend.on("/api/chat", whole('{"port":"Oban","metres":3.5}'))
        result = await agents.Runner.run(agent.clone(output_type=Tide), "tide?")
        assert result.final_output == Tide(port="Oban", metres=3.5)


class TestPydanticAi:
    @pytest.fixture
    def model(self, client: openai.AsyncOpenAI) -> OpenAIResponsesModel:
        from pydantic_ai.models.openai import OpenAIResponsesModel
        from pydantic_ai.providers.openai import OpenAIProvider

        return OpenAIResponsesModel("m", provider=OpenAIProvider(openai_client=client))

    @pytest.fixture
    def agent(self, model: OpenAIResponsesModel) -> Agent[None, str]:
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIResponsesModelSettings

        settings = OpenAIResponsesModelSettings(openai_reasoning_summary="auto")
        agent: Agent[None, str] = Agent(model, instructions="Be brief.", model_settings=settings)

        @agent.tool_plain
        def get_tide(port: str) -> str:
            """Tide of a port."""
            return f"06:12 in {port}"

        return agent

    async def test_a_tool_loop(self, agent: Agent[None, str], backend: Backend) -> None:
        backend.on("/api/chat", CALLING, whole("At six."))
        result = await agent.run("tide?")
        assert result.output == "At six."
        assert roles(backend)[-2:] == ["assistant", "tool"]
        assert backend.exchanges[1].json()["messages"][-1]["content"] == "06:12 in Oban"

    async def test_a_tool_loop_in_streams(self, agent: Agent[None, str], backend: Backend) -> None:
        backend.on("/api/chat", CALLING_IN_PIECES, ANSWER_IN_PIECES)
        async with agent.run_stream("tide?") as result:
            pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
        assert "".join(pieces) == "At six."
        assert result.usage.total_tokens == 14

    async def test_an_answer_of_a_given_shape(
        self, model: OpenAIResponsesModel, backend: Backend
    ) -> None:
        from pydantic_ai import Agent

        backend.on(
            "/api/chat",
            whole("", tool_calls=[{"function": {"name": "final_result", "arguments": {
                "port": "Oban", "metres": 3.5}}}]),
        )  # fmt: skip
        result = await Agent(model, output_type=Tide).run("tide?")
        assert result.output == Tide(port="Oban", metres=3.5)
