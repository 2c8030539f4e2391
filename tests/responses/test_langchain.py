"""LangChain's OpenAI class in its Responses mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from tornado.httpserver import HTTPServer

from tests.backend import Backend, NdjsonStream, json_reply

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

pytestmark = pytest.mark.gen_test

DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
COUNTS = {"prompt_eval_count": 5, "eval_count": 2}
CALL = {"function": {"name": "get_tide", "arguments": {"port": "Oban"}}}


class Tide(BaseModel):
    """Tide of a port."""

    port: str
    metres: float


def get_tide(port: str) -> str:
    """Tide of a port."""
    return "06:12"


def said(content: str = "", **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content} | more, "done": False}


def whole(content: str = "", **more: Any) -> Any:
    return json_reply(said(content, **more) | {"done": True, "done_reason": "stop"} | COUNTS)


@pytest.fixture
def chat(http_server: HTTPServer, http_port: int) -> ChatOpenAI:
    from langchain_openai import ChatOpenAI  # a second: only where it is used

    return ChatOpenAI(
        model="m",
        base_url=f"http://127.0.0.1:{http_port}/v1",
        api_key="not-needed",  # type: ignore[arg-type]
        max_retries=0,
        use_responses_api=True,
        reasoning={"summary": "auto"},
        include=["reasoning.encrypted_content"],
    )


@pytest.fixture(autouse=True)
def _closed(io_loop: Any, chat: ChatOpenAI) -> Any:
    yield
    io_loop.run_sync(chat.root_async_client.close)
    chat.root_client.close()


async def test_a_reply_whole_and_in_pieces(chat: ChatOpenAI, backend: Backend) -> None:
    lines = NdjsonStream(said("High "), said("at six."), DONE | COUNTS)
    backend.on("/api/chat", whole("High at six."), lines)
    reply = await chat.ainvoke("tide?")
    assert reply.text == "High at six." and reply.usage_metadata is not None
    assert reply.usage_metadata["total_tokens"] == 7
    assert "".join([piece.text async for piece in chat.astream("tide?")]) == "High at six."


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_loop_of_tool_calls_keeps_the_thoughts(
    chat: ChatOpenAI, backend: Backend, streamed: bool
) -> None:
    from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
    from langchain_core.tools import tool

    first = whole("", thinking="hm", tool_calls=[CALL])
    if streamed:
        first = NdjsonStream(said(thinking="hm"), said(tool_calls=[CALL]), DONE | COUNTS)
    backend.on("/api/chat", first, whole("At six."))
    bound = chat.bind_tools([tool(get_tide)])
    messages: list[Any] = [HumanMessage("tide?")]
    if streamed:
        reply: Any = None
        async for piece in bound.astream(messages):
            assert isinstance(piece, AIMessageChunk)
            reply = piece if reply is None else reply + piece
    else:
        reply = await bound.ainvoke(messages)
    [call] = reply.tool_calls
    assert (call["name"], call["args"]) == ("get_tide", {"port": "Oban"})
    messages += [reply, ToolMessage("06:12", tool_call_id=call["id"])]
    last = await bound.ainvoke(messages)
    assert isinstance(last, AIMessage) and last.text == "At six."
    user, assistant, result = backend.exchanges[1].json()["messages"]
    assert (user["role"], result["tool_name"]) == ("user", "get_tide")
    assert assistant["thinking"] == "hm"


async def test_a_reply_of_a_given_shape(chat: ChatOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole('{"port":"Oban","metres":3.5}'))
    found = await chat.with_structured_output(Tide).ainvoke("tide?")
    assert found == Tide(port="Oban", metres=3.5)


async def test_going_on_from_the_last_response(chat: ChatOpenAI, backend: Backend) -> None:
    from langchain_core.messages import HumanMessage

    backend.on("/api/chat", whole("High at six."), whole("Low at noon."))
    going_on = chat.model_copy(update={"use_previous_response_id": True})
    first = await going_on.ainvoke("tide?")
    await going_on.ainvoke([HumanMessage("tide?"), first, HumanMessage("and then?")])
    contents = [message["content"] for message in backend.exchanges[1].json()["messages"]]
    assert contents == ["tide?", "High at six.", "and then?"]
