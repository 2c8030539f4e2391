"""The official `anthropic` package against the gateway: what its users write, works."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from tornado.httpserver import HTTPServer

from tests.backend import Backend, CutMidLine, NdjsonStream, json_reply
from tests.gateway.keys import GENERATE, SECURED
from tests.later import later

from .exchanges import COUNTS, DONE, called, said, whole

if TYPE_CHECKING:
    import anthropic
else:
    anthropic = later("anthropic")

pytestmark = pytest.mark.gen_test

USER: Any = [{"role": "user", "content": "What is the tide?"}]
TOOLS: Any = [
    {
        "name": "get_tide",
        "description": "Tide of a port",
        "input_schema": {
            "type": "object",
            "properties": {"port": {"type": "string"}},
            "required": ["port"],
        },
    }
]
ASKED: Any = {"model": "m", "max_tokens": 64, "messages": USER}


def told(message: anthropic.types.Message) -> dict[str, Any]:
    """All of a message but its id, and but what the SDK's helpers add."""
    fields: dict[str, Any] = json.loads(message.to_json(exclude_unset=True))
    return fields | {"id": None, "parsed_output": None}


class Tide(BaseModel):
    port: str
    metres: float


async def test_a_whole_message(client: anthropic.AsyncAnthropic, backend: Backend) -> None:
    backend.on("/api/chat", whole("High at six."))
    message = await client.messages.create(**ASKED)
    [block] = message.content
    assert (block.type, message.stop_reason, message.model) == ("text", "end_turn", "m")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (11, 3)
    assert message._request_id


async def test_a_streamed_message_ends_as_the_whole_one(
    client: anthropic.AsyncAnthropic, backend: Backend
) -> None:
    thinking: Any = {"type": "adaptive"}
    calls = [called(id="call_7", port="Oban")]
    end = {"done": True, "done_reason": "stop", "prompt_eval_cached_count": 7} | COUNTS
    spoken = {"role": "assistant", "content": "High.", "thinking": "Hm.", "tool_calls": calls}
    lines = (said(thinking="Hm."), said("High."), said("", tool_calls=calls), DONE | end)
    backend.on("/api/chat", json_reply({"message": spoken} | end), NdjsonStream(*lines))
    whole = await client.messages.create(**ASKED, tools=TOOLS, thinking=thinking)
    async with client.messages.stream(**ASKED, tools=TOOLS, thinking=thinking) as stream:
        kinds = {event.type async for event in stream}
        streamed = await stream.get_final_message()
    assert {"text", "thinking", "signature", "input_json", "message_stop"} <= kinds
    assert told(streamed) == told(whole)
    assert [block.type for block in whole.content] == ["thinking", "text", "tool_use"]
    assert (whole.usage.input_tokens, whole.usage.cache_read_input_tokens) == (4, 7)


async def test_a_loop_of_tools_with_thoughts_that_come_back(
    client: anthropic.AsyncAnthropic, backend: Backend
) -> None:
    first = whole("", thinking="Ask.", tool_calls=[called(port="Oban")])
    backend.on("/api/chat", first, whole("High at six."))
    asked: Any = ASKED | {"tools": TOOLS, "thinking": {"type": "adaptive", "display": "omitted"}}
    message = await client.messages.create(**asked)
    [thought, use] = message.content
    assert thought.type == "thinking" and thought.thinking == "" and thought.signature
    assert use.type == "tool_use" and use.input == {"port": "Oban"}
    results: Any = [{"type": "tool_result", "tool_use_id": use.id, "content": "06:12"}]
    history: Any = [
        *USER,
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": results},
    ]
    final = await client.messages.create(**asked | {"messages": history})
    assert final.content[0].type == "text" and final.stop_reason == "end_turn"
    _, answer, result = backend.requests("/api/chat")[1].json()["messages"]
    assert answer["thinking"] == "Ask." and answer["tool_calls"][0]["id"] == use.id
    assert (result["role"], result["tool_name"]) == ("tool", "get_tide")


async def test_a_forced_tool(client: anthropic.AsyncAnthropic, backend: Backend) -> None:
    spelled = '{"name":"get_tide","arguments":{"port":"Oban"}}'
    backend.on(
        "/api/chat", whole(spelled), NdjsonStream(said(spelled[:9]), said(spelled[9:]), DONE)
    )
    choice: Any = {"type": "tool", "name": "get_tide"}
    message: Any = await client.messages.create(**ASKED, tools=TOOLS, tool_choice=choice)
    async with client.messages.stream(**ASKED, tools=TOOLS, tool_choice=choice) as stream:
        streamed: Any = await stream.get_final_message()
    for each in (message, streamed):
        [block] = each.content
        assert block.type == "tool_use" and block.input == {"port": "Oban"}
        assert each.stop_reason == "tool_use"


async def test_the_helper_that_runs_tools(
    client: anthropic.AsyncAnthropic, backend: Backend
) -> None:
    @anthropic.beta_async_tool
    async def get_tide(port: str) -> str:
        """Tide of a port"""
        return f"06:12 in {port}"

    backend.on("/api/chat", whole("", tool_calls=[called(port="Oban")]), whole("At six."))
    runner = client.beta.messages.tool_runner(**ASKED, tools=[get_tide])
    final = await runner.until_done()
    assert final.content[0].type == "text" and final.content[0].text == "At six."
    assert backend.requests("/api/chat")[1].json()["messages"][-1]["content"] == "06:12 in Oban"


async def test_structured_output(client: anthropic.AsyncAnthropic, backend: Backend) -> None:
    backend.on("/api/chat", whole('{"port":"Oban","metres":3.5}'))
    message = await client.messages.parse(**ASKED, output_format=Tide)
    assert message.parsed_output == Tide(port="Oban", metres=3.5)
    schema = backend.exchanges[0].json()["format"]
    assert schema["required"] == ["port", "metres"]


@pytest.mark.parametrize(
    ("reason", "counted", "expected"),
    [
        ("length", 64, "max_tokens"),
        ("length", 0, "max_tokens"),
        ("length", 40, "model_context_window_exceeded"),
        ("stop", 3, "end_turn"),
        ("load", 0, "end_turn"),
    ],
)
async def test_why_it_ended(
    client: anthropic.AsyncAnthropic, backend: Backend, reason: str, counted: int, expected: str
) -> None:
    end = {"done": True, "done_reason": reason, "eval_count": counted}
    backend.on("/api/chat", json_reply({"message": {"content": "a"}} | end))
    message = await client.messages.create(**ASKED)
    assert (message.stop_reason, message.stop_sequence) == (expected, None)


async def test_models(make_client: Any, backend: Backend) -> None:
    client = make_client()
    models = [model.id async for model in client.models.list(limit=1)]
    assert models and models == [model.id async for model in client.models.list()]
    one = await client.models.retrieve(models[0])
    assert (one.id, one.type, one.lifecycle) == (models[0], "model", "active")


@pytest.mark.parametrize(
    "config", [{"models": {"aliases": {"claude-owl": "smollm2:latest"}}}], ids=["alias"]
)
async def test_an_alias_is_a_model(client: anthropic.AsyncAnthropic, backend: Backend) -> None:
    listed = [model.id async for model in client.models.list()]
    assert "claude-owl" in listed
    backend.on("/api/chat", whole("a"))
    message = await client.messages.create(**ASKED | {"model": "claude-owl"})
    assert message.model == "claude-owl"
    assert backend.requests("/api/chat")[0].json()["model"] == "smollm2:latest"


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_key_or_a_bearer_token(make_client: Any, backend: Backend) -> None:
    backend.on("/api/chat", whole("a"))
    await make_client(api_key=GENERATE).messages.create(**ASKED)
    await make_client(api_key=None, auth_token=GENERATE).messages.create(**ASKED)
    with pytest.raises(anthropic.AuthenticationError) as refusal:
        await make_client(api_key="wrong", max_retries=2).messages.create(**ASKED)
    assert refusal.value.type == "authentication_error" and refusal.value.request_id


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [
        (404, "NotFoundError", 1),
        (400, "BadRequestError", 1),
        (500, "InternalServerError", 1),
        (503, "ServiceUnavailableError", 3),
        (429, "RateLimitError", 3),
    ],
)
async def test_what_ollama_refuses(
    make_client: Any, backend: Backend, status: int, error: str, tries: int
) -> None:
    backend.on("/api/chat", json_reply({"error": "no"}, status))
    client = make_client(max_retries=2)
    client._calculate_retry_timeout = lambda *_: 0.01
    with pytest.raises(getattr(anthropic, error)):
        await client.messages.create(**ASKED)
    assert len(backend.requests("/api/chat")) == tries


async def test_a_prompt_that_does_not_fit(
    client: anthropic.AsyncAnthropic, backend: Backend
) -> None:
    told = {"type": "exceed_context_size_error", "message": "no", "code": 400,
            "n_prompt_tokens": 4010, "n_ctx": 2048}  # fmt: skip
    backend.on("/api/chat", json_reply({"error": json.dumps({"error": told})}, 400))
    with pytest.raises(anthropic.BadRequestError, match="too long: 4010 tokens > 2048 maximum"):
        async with client.messages.stream(**ASKED) as stream:
            await stream.get_final_message()


async def test_a_stream_that_is_cut_is_an_error(
    client: anthropic.AsyncAnthropic, backend: Backend
) -> None:
    backend.on("/api/chat", CutMidLine(2))
    with pytest.raises(anthropic.APIStatusError) as failure:
        async with client.messages.stream(**ASKED) as stream:
            await stream.get_final_message()
    assert failure.value.type == "api_error"


async def test_two_at_once_are_apart(client: anthropic.AsyncAnthropic, backend: Backend) -> None:
    backend.on("/api/chat", whole("a"), whole("b"))
    first, second = await asyncio.gather(*(client.messages.create(**ASKED) for _ in range(2)))
    assert first.id != second.id


async def test_the_synchronous_client(io_loop: Any, http_server: HTTPServer, http_port: int,
                                      backend: Backend) -> None:  # fmt: skip
    backend.on("/api/chat", NdjsonStream(said("High."), DONE | COUNTS))

    def ask() -> str:
        url = f"http://127.0.0.1:{http_port}"
        with anthropic.Anthropic(base_url=url, api_key="x", max_retries=0) as client:
            with client.messages.stream(**ASKED) as stream:
                return "".join(stream.text_stream)

    assert await io_loop.run_in_executor(None, ask) == "High."
