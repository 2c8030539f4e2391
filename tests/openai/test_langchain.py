"""LangChain's OpenAI classes against the gateway."""

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


class Tide(BaseModel):
    """Tide of a port."""

    port: str
    metres: float


def said(content: str = "", **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content} | more, "done": False}


def whole(content: str = "", **more: Any) -> Any:
    return json_reply(said(content, **more) | {"done": True, "done_reason": "stop"})


@pytest.fixture
def chat(http_server: HTTPServer, http_port: int) -> ChatOpenAI:
    from langchain_openai import ChatOpenAI  # a second: only where it is used

    return ChatOpenAI(
        model="m",
        base_url=f"http://127.0.0.1:{http_port}/v1",
        api_key="not-needed",  # type: ignore[arg-type]
        max_retries=0,
    )


@pytest.fixture(autouse=True)
def _closed(io_loop: Any, chat: ChatOpenAI) -> Any:
    yield
    io_loop.run_sync(chat.root_async_client.close)
    chat.root_client.close()


async def test_a_reply_in_pieces(chat: ChatOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said("High "), said("at six."), DONE))
    assert "".join([piece.text async for piece in chat.astream("tide?")]) == "High at six."


async def test_a_reply_of_a_given_shape(chat: ChatOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole('{"port":"Oban","metres":3.5}'))
    found = await chat.with_structured_output(Tide).ainvoke("tide?")
    assert found == Tide(port="Oban", metres=3.5)


@pytest.mark.parametrize("choice", ["any", "Tide"])
async def test_a_tool_that_must_be_called(chat: ChatOpenAI, backend: Backend, choice: str) -> None:
    backend.on("/api/chat", whole('{"name":"Tide","arguments":{"port":"Oban","metres":1}}'))
    reply = await chat.bind_tools([Tide], tool_choice=choice).ainvoke("tide?")
    [call] = reply.tool_calls
    assert (call["name"], call["args"]) == ("Tide", {"port": "Oban", "metres": 1})


async def test_calls_in_a_stream(chat: ChatOpenAI, backend: Backend) -> None:
    calls = [{"function": {"name": "Tide", "arguments": {"port": port}}} for port in ("A", "B")]
    backend.on("/api/chat", NdjsonStream(said(tool_calls=calls), DONE))
    whole_reply: Any = None
    async for piece in chat.bind_tools([Tide]).astream("tide?"):
        whole_reply = piece if whole_reply is None else whole_reply + piece
    assert [call["args"]["port"] for call in whole_reply.tool_calls] == ["A", "B"]


CUT: Any = {"type": "invalid_tool_call", "name": "tide", "args": '{"port": "Ob', "error": "cut"}
NOTHING: Any = {"type": "invalid_tool_call", "name": None, "args": None, "error": "nothing"}


async def test_calls_that_a_model_broke_do_not_end_the_chat(
    chat: ChatOpenAI, backend: Backend
) -> None:
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

    backend.on("/api/chat", whole("High at six."))
    broken = AIMessage("", invalid_tool_calls=[CUT | {"id": "c1"}, NOTHING | {"id": "c2"}])
    answers = [ToolMessage("not JSON", tool_call_id=f"c{number}") for number in (1, 2)]
    found = await chat.ainvoke([HumanMessage("tide?"), broken, *answers])
    assert found.content == "High at six."
    [_, said, *_] = backend.exchanges[0].json()["messages"]
    assert [call["function"]["arguments"] for call in said["tool_calls"]] == [
        {"arguments": '{"port": "Ob'},
        {},
    ]
