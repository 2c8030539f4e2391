"""Frameworks that speak Anthropic's API: LangChain's class and Pydantic AI's. Each runs a tool and
gives the result back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from tornado.httpserver import HTTPServer

from tests.backend import Backend, NdjsonStream

from .exchanges import COUNTS, DONE, called, said, whole

if TYPE_CHECKING:
    import anthropic
    from langchain_anthropic import ChatAnthropic
    from pydantic_ai import Agent

pytestmark = pytest.mark.gen_test

CALLING = whole("", thinking="hm", tool_calls=[called(port="Oban")])
CALLING_IN_PIECES = NdjsonStream(
    said(thinking="hm"), said(tool_calls=[called(port="Oban")]), DONE | COUNTS
)
ANSWER_IN_PIECES = NdjsonStream(said("High "), said("at six."), DONE | COUNTS)


class Tide(BaseModel):
    """Tide of a port."""

    port: str
    metres: float


def get_tide(port: str) -> str:
    """Tide of a port."""
    return f"06:12 in {port}"


def history(backend: Backend) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = backend.requests("/api/chat")[-1].json()["messages"]
    return messages


class TestLangChain:
    @pytest.fixture
    def chat(self, io_loop: Any, http_server: HTTPServer, http_port: int) -> Iterator[Any]:
        from langchain_anthropic import ChatAnthropic  # a second: only where it is used

        settings: Any = {
            "model": "m",
            "base_url": f"http://127.0.0.1:{http_port}",
            "api_key": "not-needed",
            "max_tokens": 64,
            "max_retries": 0,
        }
        chat = ChatAnthropic(**settings)
        yield chat
        io_loop.run_sync(chat._async_client.close)
        chat._client.close()

    async def test_a_reply_in_pieces(self, chat: ChatAnthropic, backend: Backend) -> None:
        backend.on("/api/chat", ANSWER_IN_PIECES)
        assert "".join([piece.text async for piece in chat.astream("tide?")]) == "High at six."

    async def test_a_reply_of_a_given_shape(self, chat: ChatAnthropic, backend: Backend) -> None:
        spelled = '{"name":"Tide","arguments":{"port":"Oban","metres":3.5}}'
        backend.on("/api/chat", whole(spelled))
        found = await chat.with_structured_output(Tide).ainvoke("tide?")
        assert found == Tide(port="Oban", metres=3.5)

    async def test_a_loop_of_tools(self, chat: ChatAnthropic, backend: Backend) -> None:
        from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

        backend.on("/api/chat", CALLING, whole("High at six."))
        bound = chat.bind_tools([get_tide])
        question = HumanMessage("tide?")
        answer = await bound.ainvoke([question])
        assert isinstance(answer, AIMessage)
        [call] = answer.tool_calls
        assert (call["name"], call["args"]) == ("get_tide", {"port": "Oban"})
        result = ToolMessage("06:12", tool_call_id=call["id"])
        final = await bound.ainvoke([question, answer, result])
        assert final.text == "High at six."
        assert [message["role"] for message in history(backend)] == ["user", "assistant", "tool"]
        assert history(backend)[1]["thinking"] == "hm"


class TestPydanticAI:
    @pytest.fixture
    def agent(self, make_client: Any) -> Agent[None, str]:
        from pydantic_ai import Agent
        from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
        from pydantic_ai.providers.anthropic import AnthropicProvider

        client: anthropic.AsyncAnthropic = make_client()
        model = AnthropicModel("m", provider=AnthropicProvider(anthropic_client=client))
        settings = AnthropicModelSettings(anthropic_thinking={"type": "adaptive"})
        return Agent(model, tools=[get_tide], model_settings=settings, system_prompt="Be brief.")

    async def test_a_loop_of_tools(self, agent: Agent[None, str], backend: Backend) -> None:
        backend.on("/api/chat", CALLING, whole("High at six."))
        result = await agent.run("tide?")
        assert result.output == "High at six."
        roles = [message["role"] for message in history(backend)]
        assert roles == ["system", "user", "assistant", "tool"]
        assert history(backend)[2]["thinking"] == "hm"
        assert history(backend)[3]["content"] == "06:12 in Oban"

    async def test_the_same_in_pieces(self, agent: Agent[None, str], backend: Backend) -> None:
        backend.on("/api/chat", CALLING_IN_PIECES, ANSWER_IN_PIECES)
        async with agent.run_stream("tide?") as result:
            assert await result.get_output() == "High at six."
        assert history(backend)[2]["thinking"] == "hm"
