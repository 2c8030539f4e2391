"""Twins of the public compliance cases of Open Responses, under their names: each checks the whole
object against the keys of that schema, and what the case is about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend import Backend, NdjsonStream, json_reply

from .validator import check_response, valid

pytestmark = pytest.mark.gen_test

IMAGE = "data:image/png;base64,iVBORw0KGgpmYWtlLW93bA=="
DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
COUNTS = {"prompt_eval_count": 5, "eval_count": 2}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather for a location",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}
CALL = {"function": {"name": "get_weather", "arguments": {"location": "Oban"}}}
TYPES: dict[str, Any] = {
    "temperature": (int, float), "top_p": (int, float), "presence_penalty": (int, float),
    "frequency_penalty": (int, float), "top_logprobs": int, "parallel_tool_calls": bool,
    "store": bool, "background": bool, "service_tier": str, "truncation": str, "metadata": dict,
    "tools": list, "text": dict, "created_at": int, "model": str, "output": list,
}  # fmt: skip
"""Keys that must not be null there."""


def user(content: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": content}


async def case(connect: Any, *given: Any, **more: Any) -> dict[str, Any]:
    body = {"model": "m", "input": list(given)} | more
    response = await (await connect()).request(
        "POST", "/v1/responses", (), json.dumps(body).encode()
    )
    assert response.status == 200
    if more.get("stream"):
        found: dict[str, Any] = valid(response.body)[-1]["response"]
    else:
        found = response.json()
        check_response(found, "completed")
    for key, kind in TYPES.items():
        assert isinstance(found[key], kind), key
    assert found["text"]["format"] == {"type": "text"}
    return found


def whole(content: str = "", **more: Any) -> Any:
    message = {"role": "assistant", "content": content} | more
    return json_reply(DONE | {"message": message} | COUNTS)


async def test_basic_response(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", whole("Hello, how are"))
    found = await case(connect, user("Say hello in exactly 3 words."))
    assert found["output"][0]["content"][0]["text"] == "Hello, how are"


async def test_streaming_response(connect: Any, backend: Backend) -> None:
    line = {"message": {"role": "assistant", "content": "1 2 3"}, "done": False}
    backend.on("/api/chat", NdjsonStream(line, DONE | COUNTS))
    found = await case(connect, user("Count from 1 to 5."), stream=True)
    assert found["status"] == "completed"


async def test_system_prompt(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", whole("Ahoy!"))
    pirate = {"type": "message", "role": "system", "content": "You are a pirate."}
    await case(connect, pirate, user("Say hello."))
    messages = backend.exchanges[0].json()["messages"]
    assert [message["role"] for message in messages] == ["system", "user"]


async def test_tool_calling(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", whole("", tool_calls=[CALL]))
    found = await case(connect, user("Weather in Oban?"), tools=[WEATHER])
    [call] = found["output"]
    assert call["name"] == "get_weather" and json.loads(call["arguments"])["location"] == "Oban"
    assert found["tools"] == [WEATHER | {"strict": None}]


async def test_tool_calling_streaming(connect: Any, backend: Backend) -> None:
    line = {"message": {"role": "assistant", "content": "", "tool_calls": [CALL]}, "done": False}
    backend.on("/api/chat", NdjsonStream(line, DONE | COUNTS))
    found = await case(connect, user("Weather in Oban?"), tools=[WEATHER], stream=True)
    assert found["output"][0]["type"] == "function_call"


async def test_image_input(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", whole("A red heart."))
    parts = [
        {"type": "input_text", "text": "What do you see?"},
        {"type": "input_image", "image_url": IMAGE},
    ]
    await case(connect, user(parts))
    assert backend.exchanges[0].json()["messages"][0]["images"] == [IMAGE.partition(",")[2]]


async def test_multi_turn(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", whole("Your name is Alice."))
    hello = {"type": "message", "role": "assistant", "content": "Hello Alice!"}
    await case(connect, user("My name is Alice."), hello, user("What is my name?"))
    messages = backend.exchanges[0].json()["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
