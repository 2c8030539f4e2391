"""The official `openai` package against the gateway: what its users write, works."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from tornado.httpserver import HTTPServer

from tests.backend import Backend, CutMidLine, ErrorLine, NdjsonStream, json_reply
from tests.backend.server import Exchange
from tests.later import later

if TYPE_CHECKING:
    import openai
else:
    openai = later("openai")

pytestmark = pytest.mark.gen_test

USER: Any = [{"role": "user", "content": "What is the tide?"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_tide",
            "description": "Tide of a port",
            "parameters": {
                "type": "object",
                "properties": {"port": {"type": "string"}},
                "required": ["port"],
            },
        },
    }
]
COUNTS = {"prompt_eval_count": 5, "eval_count": 2}
DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}


def said(content: str = "", **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content} | more, "done": False}


def whole(content: str = "", reason: str = "stop", **more: Any) -> Any:
    message = {"role": "assistant", "content": content} | more
    return json_reply({"message": message, "done": True, "done_reason": reason} | COUNTS)


def call(name: str = "get_tide", **arguments: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}}


class Tide(BaseModel):
    port: str
    metres: float


async def test_a_whole_chat(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole("High at six.", thinking="hm"))
    reply = await client.chat.completions.create(model="m", messages=USER, temperature=0)
    [choice] = reply.choices
    assert (choice.message.content, choice.finish_reason) == ("High at six.", "stop")
    assert choice.message.model_extra and choice.message.model_extra["reasoning"] == "hm"
    assert reply.usage is not None and reply.usage.total_tokens == 7


async def test_a_streamed_chat(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(said("High "), said("at six."), DONE | COUNTS))
    stream = await client.chat.completions.create(
        model="m", messages=USER, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "High at six."
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens == 2


async def test_the_stream_helper(client: openai.AsyncOpenAI, backend: Backend) -> None:
    lines = (said("High."), said("", tool_calls=[call(port="Oban")]), DONE | COUNTS)
    backend.on("/api/chat", NdjsonStream(*lines))
    async with client.chat.completions.stream(model="m", messages=USER, tools=TOOLS) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_completion()
    assert "content.delta" in kinds and "tool_calls.function.arguments.done" in kinds
    [called] = final.choices[0].message.tool_calls or []
    assert json.loads(called.function.arguments) == {"port": "Oban"}


async def test_parse_into_a_model(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole('{"port":"Oban","metres":3.5}'))
    reply = await client.chat.completions.parse(model="m", messages=USER, response_format=Tide)
    assert reply.choices[0].message.parsed == Tide(port="Oban", metres=3.5)
    assert backend.exchanges[0].json()["format"]["properties"].keys() == {"port", "metres"}


async def test_parse_says_when_the_limit_cut_the_reply(
    client: openai.AsyncOpenAI, backend: Backend
) -> None:
    backend.on("/api/chat", whole('{"port":"Ob', "length"))
    with pytest.raises(openai.LengthFinishReasonError):
        await client.chat.completions.parse(model="m", messages=USER, response_format=Tide)


async def test_a_loop_of_tool_calls(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole("", tool_calls=[call(port="Oban")]), whole("At six."))
    messages: Any = list(USER)
    reply = await client.chat.completions.create(model="m", messages=messages, tools=TOOLS)
    assert reply.choices[0].finish_reason == "tool_calls"
    message = reply.choices[0].message
    messages.append(message.model_dump())
    for asked in message.tool_calls or []:
        messages.append({"role": "tool", "tool_call_id": asked.id, "content": "06:12"})
    reply = await client.chat.completions.create(model="m", messages=messages, tools=TOOLS)
    assert reply.choices[0].message.content == "At six."
    sent = backend.exchanges[1].json()["messages"]
    assert sent[1]["tool_calls"][0]["function"]["arguments"] == {"port": "Oban"}
    assert sent[2]["tool_name"] == "get_tide"
    assert sent[2]["tool_call_id"] == sent[1]["tool_calls"][0]["id"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_must_be_made(
    client: openai.AsyncOpenAI, backend: Backend, stream: bool
) -> None:
    spelled = '{"name":"get_tide","arguments":{"port":"Oban"}}'
    answer = NdjsonStream(said(spelled[:9]), said(spelled[9:]), DONE) if stream else whole(spelled)
    backend.on("/api/chat", answer)
    ask: Any = {"model": "m", "messages": USER, "tools": TOOLS, "tool_choice": "required"}
    if stream:
        async with client.chat.completions.stream(**ask) as events:
            reply: Any = await events.get_final_completion()
    else:
        reply = await client.chat.completions.create(**ask)
    [choice] = reply.choices
    assert choice.finish_reason == "tool_calls" and not choice.message.content
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {"port": "Oban"}
    assert "get_tide" in json.dumps(backend.exchanges[0].json()["format"])


async def test_several_choices(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole("a"), whole("b"))
    reply = await client.chat.completions.create(model="m", messages=USER, n=2)
    assert sorted(choice.message.content or "" for choice in reply.choices) == ["a", "b"]


async def test_logprobs(client: openai.AsyncOpenAI, backend: Backend) -> None:
    logprobs = [{"token": "a", "logprob": -0.5}]
    body = {"message": {"content": "a"}, "done": True, "logprobs": logprobs}
    backend.on("/api/chat", json_reply(body))
    reply = await client.chat.completions.create(model="m", messages=USER, logprobs=True)
    found = reply.choices[0].logprobs
    assert found is not None and found.content is not None
    assert found.content[0].top_logprobs == []


@pytest.mark.parametrize("stream", [False, True])
async def test_text_completions(client: openai.AsyncOpenAI, backend: Backend, stream: bool) -> None:
    line = {"response": " mice", "done": True, "done_reason": "stop"} | COUNTS
    backend.on("/api/generate", NdjsonStream(line) if stream else json_reply(line))
    reply: Any = await client.completions.create(model="m", prompt="Owls eat", stream=stream)
    parts = [part async for part in reply] if stream else [reply]
    assert "".join(part.choices[0].text for part in parts) == " mice"


async def test_embeddings(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/embed", json_reply({"embeddings": [[0.5, -0.25], [1, 0]]}))
    reply = await client.embeddings.create(model="m", input=["a", "b"])
    assert [item.embedding for item in reply.data] == [[0.5, -0.25], [1.0, 0.0]]


async def test_models(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/tags", json_reply({"models": [{"name": "ann/mole:latest"}]}))
    assert [model.id async for model in client.models.list()] == ["ann/mole:latest"]
    assert (await client.models.retrieve("ann/mole:latest")).owned_by == "ann"
    shown = backend.requests("/api/show")[0].json()
    assert shown == {"model": "ann/mole:latest"}


async def test_raw_responses_carry_the_request_id(
    client: openai.AsyncOpenAI, backend: Backend
) -> None:
    backend.on("/api/chat", whole("a"))
    raw = await client.chat.completions.with_raw_response.create(model="m", messages=USER)
    assert raw.headers["x-request-id"]
    parsed = raw.parse()
    assert parsed._request_id == raw.headers["x-request-id"]


async def test_extra_body_reaches_ollama(client: openai.AsyncOpenAI, backend: Backend) -> None:
    backend.on("/api/chat", whole("a"))
    extra = {"num_ctx": 8192, "keep_alive": "1h", "think": False}
    await client.chat.completions.create(model="m", messages=USER, extra_body=extra)
    sent = backend.exchanges[0].json()
    assert (sent["options"], sent["keep_alive"], sent["think"]) == ({"num_ctx": 8192}, "1h", False)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (json_reply({"error": "no m"}, 404), "NotFoundError", "model_not_found"),
        (json_reply({"error": "no m"}, 400), "BadRequestError", None),
        (json_reply({"error": "no m"}, 500), "InternalServerError", None),
        (json_reply({"error": "no m"}, 429), "RateLimitError", "rate_limit_exceeded"),
    ],
)
async def test_refusals_are_the_exceptions_of_the_sdk(
    client: openai.AsyncOpenAI, backend: Backend, answer: Any, error: str, code: str | None
) -> None:
    backend.on("/api/chat", answer)
    with pytest.raises(getattr(openai, error)) as failure:
        await client.chat.completions.create(model="m", messages=USER)
    assert failure.value.code == code and failure.value.request_id


async def test_a_bad_request_names_its_field(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as failure:
        await client.chat.completions.create(model="m", messages=USER, logit_bias={"1": 5})
    assert failure.value.param == "logit_bias"


@pytest.mark.parametrize("config", [{"auth": {"generate_tokens": ["canary-sdk-9e8d7c6b5a4f3"]}}])
async def test_a_wrong_key_is_an_authentication_error(
    client: openai.AsyncOpenAI, config: Any
) -> None:
    with pytest.raises(openai.AuthenticationError) as failure:
        await client.models.list()
    assert failure.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    "answer", [ErrorLine(said("a"), message="boom"), CutMidLine(1), NdjsonStream(said("a"), b"x\n")]
)
async def test_a_stream_that_fails_raises(
    client: openai.AsyncOpenAI, backend: Backend, answer: Any
) -> None:
    backend.on("/api/chat", answer)
    stream = await client.chat.completions.create(model="m", messages=USER, stream=True)
    with pytest.raises(openai.APIError):
        async for _ in stream:
            pass


async def test_what_fails_again_is_not_repeated_and_what_is_busy_is(
    make_client: Callable[..., openai.AsyncOpenAI],
    backend: Backend,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def wait(seconds: float, *result: Any) -> Any:
        if seconds >= 0.5:
            waits.append(seconds)
            seconds = 0
        return await sleep(seconds, *result)

    monkeypatch.setattr("anyio.sleep", wait)
    backend.on("/api/chat", json_reply({"error": "out of memory"}, 500))
    client = make_client(max_retries=2)
    with pytest.raises(openai.InternalServerError):
        await client.chat.completions.create(model="m", messages=USER)
    assert len(backend.exchanges) == 1
    backend.on("/api/chat", json_reply({"error": "server busy"}, 503), whole("a"))
    reply = await client.chat.completions.create(model="m", messages=USER)
    assert reply.choices[0].message.content == "a" and waits == [1.0]


async def test_the_blocking_client(
    http_server: HTTPServer, http_port: int, backend: Backend
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.read_body()
        stream = exchange.json()["stream"]
        await (NdjsonStream(said("a"), DONE) if stream else whole("a"))(exchange)

    backend.on("/api/chat", answer)

    def use() -> tuple[str | None, str]:
        url = f"http://127.0.0.1:{http_port}/v1"
        with openai.OpenAI(base_url=url, api_key="x", max_retries=0) as client:
            reply = client.chat.completions.create(model="m", messages=USER)
            stream = client.chat.completions.create(model="m", messages=USER, stream=True)
            texts = [chunk.choices[0].delta.content or "" for chunk in stream]
            return reply.choices[0].message.content, "".join(texts)

    assert await asyncio.to_thread(use) == ("a", "a")


async def test_a_stream_that_is_closed_early_stops_ollama(
    client: openai.AsyncOpenAI, backend: Backend
) -> None:
    never = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(said("a"), never))
    stream = await client.chat.completions.create(model="m", messages=USER, stream=True)
    chunks: AsyncIterator[Any] = aiter(stream)
    await anext(chunks)
    await stream.close()
    async with asyncio.timeout(5):
        await backend.exchanges[0].closed.wait()


PATCH: Any = {"type": "custom", "custom": {"name": "patch", "description": "Edits a file."}}


async def test_a_loop_of_custom_calls(client: openai.AsyncOpenAI, backend: Backend) -> None:
    calls = [{"id": "c1", "function": {"name": "patch", "arguments": {"input": "*** x"}}}]
    ask: Any = {"model": "m", "tools": [PATCH], "messages": [{"role": "user", "content": "edit"}]}
    backend.on("/api/chat", whole(tool_calls=calls))
    message = (await client.chat.completions.create(**ask)).choices[0].message
    [call] = message.tool_calls or []
    assert call.type == "custom"
    assert (call.custom.name, call.custom.input) == ("patch", "*** x")
    backend.on("/api/chat", NdjsonStream(said(tool_calls=calls), DONE))
    chunks = [chunk async for chunk in await client.chat.completions.create(**ask, stream=True)]
    deltas = [delta.to_dict() for c in chunks for delta in c.choices[0].delta.tool_calls or ()]
    assert deltas == [{"index": 0, **call.to_dict()}]
    backend.on("/api/chat", whole("done"))
    ask["messages"] += [message, {"role": "tool", "tool_call_id": "c1", "content": "ok"}]
    assert (await client.chat.completions.create(**ask)).choices[0].message.content == "done"
    [_, told, answered] = backend.exchanges[-1].json()["messages"]
    assert told["tool_calls"][0]["function"]["arguments"] == {"input": "*** x"}
    assert answered["tool_name"] == "patch"
