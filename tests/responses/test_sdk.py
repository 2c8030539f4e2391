"""The official `openai` package and `/v1/responses`: what its users write, works."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from tornado.httpserver import HTTPServer

from tests.backend import Backend, CutMidLine, NdjsonStream, json_reply
from tests.later import later

if TYPE_CHECKING:
    import openai
else:
    openai = later("openai")

pytestmark = pytest.mark.gen_test

ASK: Any = {"model": "m", "input": "What is the tide?"}
TOOLS: Any = [
    {
        "type": "function",
        "name": "get_tide",
        "description": "Tide of a port",
        "parameters": {
            "type": "object",
            "properties": {"port": {"type": "string"}},
            "required": ["port"],
            "additionalProperties": False,
        },
        "strict": True,
    }
]
COUNTS = {"prompt_eval_count": 5, "eval_count": 2}
DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
CALL = {"function": {"name": "get_tide", "arguments": {"port": "Oban"}}}


def said(content: str = "", **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content} | more, "done": False}


def whole(content: str = "", reason: str = "stop", **more: Any) -> Any:
    message = {"role": "assistant", "content": content} | more
    return json_reply({"message": message, "done": True, "done_reason": reason} | COUNTS)


class Tide(BaseModel):
    port: str
    metres: float


async def test_a_whole_response(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole("High at six.", thinking="hm"))
    reply = await client.responses.create(**ASK, temperature=0, metadata={"a": "b"})
    assert (reply.output_text, reply.status) == ("High at six.", "completed")
    assert [item.type for item in reply.output] == ["reasoning", "message"]
    assert reply.usage is not None and reply.usage.total_tokens == 7
    assert (reply.temperature, reply.metadata, reply.object) == (0, {"a": "b"}, "response")
    assert backend.exchanges[0].json()["options"] == {"temperature": 0}


async def test_all_of_it_is_of_the_types(client: openai.AsyncOpenAI, backend: Backend) -> None:
    """The SDK reads whatever comes; pydantic says whether it is what its types promise."""
    calls = [CALL, {"function": {"name": "patch", "arguments": {"input": "x"}}}]
    backend.on("/api/chat", whole("So.", thinking="hm", tool_calls=calls))
    tools = [*TOOLS, {"type": "custom", "name": "patch"}, {"type": "web_search"}]
    include: Any = ["reasoning.encrypted_content", "message.output_text.logprobs"]
    reply = await client.responses.create(**ASK, tools=tools, include=include, top_logprobs=2)
    type(reply).model_validate(reply.model_dump(warnings="error"), strict=False)
    assert len(reply.output) == 4


async def test_a_stream_of_events(client: openai.AsyncOpenAI, backend: Backend) -> None:
    lines = (said(thinking="hm"), said("High "), said("at six."), said(tool_calls=[CALL]))
    backend.on("/api/chat", NdjsonStream(*lines, DONE | COUNTS))
    stream = await client.responses.create(**ASK, stream=True, tools=TOOLS)
    events = [event async for event in stream]
    for event in events:
        type(event).model_validate(event.model_dump(warnings="error"))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == "High at six." and events[-1].type == "response.completed"


@pytest.mark.parametrize("summary", ["auto", None])
async def test_the_accumulator_ends_with_the_response_that_is_stored(
    client: openai.AsyncOpenAI, backend: Backend, summary: Any
) -> None:
    lines = (said(thinking="hm"), said("High."), said(tool_calls=[CALL, CALL]))
    backend.on("/api/chat", NdjsonStream(*lines, DONE | COUNTS))
    include: Any = ["reasoning.encrypted_content"]
    reasoning: Any = {"summary": summary}
    async with client.responses.stream(
        **ASK, tools=TOOLS, include=include, reasoning=reasoning
    ) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert "response.function_call_arguments.done" in kinds
    kept = await client.responses.retrieve(final.id)
    without = {"parsed", "parsed_arguments"}
    assert _without(final.model_dump(), without) == _without(kept.model_dump(), without)
    assert [item.type for item in final.output] == [
        "reasoning", "message", "function_call", "function_call",
    ]  # fmt: skip


def _without(value: Any, keys: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, keys) for key, inner in value.items() if key not in keys}
    return [_without(inner, keys) for inner in value] if isinstance(value, list) else value


async def test_parse_into_a_model(client: openai.AsyncOpenAI, backend: Backend) -> None:
    text = '{"port":"Oban","metres":3.5}'
    backend.on("/api/chat", whole(text), NdjsonStream(said(text[:9]), said(text[9:]), DONE))
    reply = await client.responses.parse(**ASK, text_format=Tide)
    assert reply.output_parsed == Tide(port="Oban", metres=3.5)
    assert backend.exchanges[0].json()["format"]["properties"].keys() == {"port", "metres"}
    async with client.responses.stream(**ASK, text_format=Tide) as stream:
        assert (await stream.get_final_response()).output_parsed == reply.output_parsed


@pytest.mark.parametrize("stateful", [False, True])
async def test_a_loop_of_tool_calls(
    client: openai.AsyncOpenAI, backend: Backend, stateful: bool
) -> None:
    backend.on("/api/chat", whole("", thinking="hm", tool_calls=[CALL]), whole("At six."))
    given: Any = [{"role": "user", "content": "tide?"}]
    reply = await client.responses.create(model="m", input=given, tools=TOOLS)
    [call] = [item for item in reply.output if item.type == "function_call"]
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "06:12"}
    more: Any = {"input": [*given, *reply.output, output]}
    if stateful:
        more = {"input": [output], "previous_response_id": reply.id}
    reply = await client.responses.create(model="m", tools=TOOLS, **more)
    assert reply.output_text == "At six."
    user, assistant, tool = backend.exchanges[1].json()["messages"]
    assert assistant["tool_calls"][0]["function"]["arguments"] == {"port": "Oban"}
    assert assistant["thinking"] == "hm"
    assert (tool["tool_name"], tool["content"]) == ("get_tide", "06:12")
    assert tool["tool_call_id"] == assistant["tool_calls"][0]["id"]


async def test_what_is_kept_can_be_read_and_deleted(
    client: openai.AsyncOpenAI, backend: Backend
) -> None:
    backend.on("/api/chat", whole("High."))
    reply = await client.responses.create(**ASK)
    assert await client.responses.retrieve(reply.id) == reply
    items = [item async for item in client.responses.input_items.list(reply.id, limit=1)]
    assert [item.type for item in items] == ["message"] and items[0].id
    await client.responses.delete(reply.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(reply.id)
    with pytest.raises(openai.BadRequestError) as refused:
        await client.responses.create(**ASK, previous_response_id=reply.id)
    assert refused.value.code == "previous_response_not_found"
    assert refused.value.param == "previous_response_id"


async def test_a_cut_reply_raises_or_fails(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", CutMidLine())
    with pytest.raises(openai.InternalServerError):
        await client.responses.create(**ASK)
    async with client.responses.stream(**ASK) as stream:
        last = [event async for event in stream][-1]
        assert last.type == "response.failed"
        with pytest.raises(RuntimeError):
            await stream.get_final_response()


async def test_a_failure_before_the_stream_is_an_error_with_its_field(
    client: openai.AsyncOpenAI, backend: Backend
) -> None:
    backend.on("/api/chat", json_reply({"error": "model 'm' not found"}, 404))
    with pytest.raises(openai.NotFoundError) as refused:
        await client.responses.create(**ASK, stream=True)
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


async def test_the_synchronous_client(
    http_server: HTTPServer, http_port: int, backend: Backend
) -> None:
    lines = NdjsonStream(said("High."), DONE | COUNTS)
    backend.on("/api/chat", whole("High."), lines, lines)

    def use() -> tuple[str, str, str]:
        url = f"http://127.0.0.1:{http_port}/v1"
        with openai.OpenAI(base_url=url, api_key="not-needed", max_retries=0) as client:
            reply = client.responses.create(**ASK)
            streamed = ""
            for event in client.responses.create(**ASK, stream=True):
                if event.type == "response.output_text.delta":
                    streamed += event.delta
            with client.responses.stream(**ASK) as stream:
                final = stream.get_final_response()
            client.responses.delete(reply.id)
            return reply.output_text, streamed, final.output_text

    assert await asyncio.to_thread(use) == ("High.",) * 3


async def test_logprobs(client: openai.AsyncOpenAI, backend: Backend) -> None:
    logprob = {"token": "Hi", "logprob": -0.5, "top_logprobs": [{"token": "Ho", "logprob": -1}]}
    line = said("Hi") | {"logprobs": [logprob]}
    backend.on("/api/chat", NdjsonStream(line, DONE | COUNTS))
    async with client.responses.stream(**ASK, top_logprobs=1) as stream:
        final = await stream.get_final_response()
    [message] = final.output
    assert message.type == "message" and message.content[0].type == "output_text"
    [token] = message.content[0].logprobs or []
    assert (token.token, token.bytes, token.top_logprobs[0].token) == ("Hi", [72, 105], "Ho")
    native = backend.exchanges[0].json()
    assert native["logprobs"] is True and native["top_logprobs"] == 1


async def test_an_image(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole("An owl."))
    url = "data:image/png;base64,iVBORw0KGgpmYWtlLW93bA=="
    parts: Any = [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": url, "detail": "auto"},
    ]
    reply = await client.responses.create(model="m", input=[{"role": "user", "content": parts}])
    assert reply.output_text == "An owl."
    assert backend.exchanges[0].json()["messages"][0]["images"] == [url.partition(",")[2]]


async def test_an_agent_that_keeps_only_what_is_encrypted_keeps_the_thoughts(
    client: openai.AsyncOpenAI, backend: Backend
) -> None:
    backend.on("/api/chat", whole("", thinking="déjà vu", tool_calls=[CALL]), whole("At six."))
    include: Any = ["reasoning.encrypted_content"]
    reply = await client.responses.create(**ASK, tools=TOOLS, include=include, store=False)
    thought, call = (item.model_dump(exclude_none=True) for item in reply.output)
    kept: Any = {"type": "reasoning", "encrypted_content": thought["encrypted_content"]}
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "06:12"}
    given: Any = [{"role": "user", "content": "tide?"}, kept, call, output]
    await client.responses.create(model="m", input=given, tools=TOOLS, store=False)
    assert backend.exchanges[1].json()["messages"][1]["thinking"] == "déjà vu"
