"""`openai`, `ollama`, `@anthropic-ai/sdk` and the AI SDK from npm, as their users write them,
streamed and not."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest

from ..backend import Backend, Exchange, NdjsonStream, json_reply, load
from ..gateway.keys import BOTH
from ..waiting import until
from .conftest import NODE_PROJECT, Door

pytestmark = pytest.mark.gen_test(timeout=240)


def text(name: str, key: str) -> str:
    """What a recording says, all pieces joined."""
    lines = [json.loads(line) for line in load(name).chunks]
    return "".join(line["message"]["content"] if key == "message" else line[key] for line in lines)


async def run(node: str, script: str, door: Door) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        node,
        script,
        cwd=NODE_PROJECT,
        env=os.environ | {"GATEWAY": door.url, "TOKEN": door.token, "MODEL": door.model},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    result = json.loads(said)
    assert isinstance(result, dict)
    return result


async def test_openai(node: str, door: Door) -> None:
    said = await run(node, "openai.mjs", door)
    assert any(name.startswith(door.model) for name in said["models"])
    assert said["finish"] in ("stop", "length")
    assert said["usage"]["total_tokens"] > 0
    assert said["refused"]["status"] == 401
    assert said["refused"]["code"] == "invalid_api_key"
    if door.real:
        assert said["whole"] == said["streamed"] != ""
        assert said["completion"] and said["completed"]
    else:
        assert said["whole"] == text("chat-nostream", "message")
        assert said["streamed"] == text("chat-stream", "message")
        assert said["completion"] == text("generate-nostream", "response")
        assert said["completed"] == text("generate-stream", "response")


async def test_ollama(node: str, door: Door) -> None:
    said = await run(node, "ollama.mjs", door)
    assert any(name.startswith(door.model) for name in said["models"])
    assert said["family"] == "llama"
    assert said["done"] in ("stop", "length")
    assert said["refused"]["status"] == 401
    assert said["refused"]["message"]
    if door.real:
        assert said["whole"] == said["streamed"] != ""
        assert said["generated"] and said["continued"]
    else:
        assert said["whole"] == text("chat-nostream", "message")
        assert said["streamed"] == text("chat-stream", "message")
        assert said["generated"] == text("generate-nostream", "response")
        assert said["continued"] == text("generate-stream", "response")


@pytest.mark.parametrize("script", ["openai.mjs", "ollama.mjs"])
async def test_a_script_that_breaks_off_its_loop_leaves_nothing_running(
    node: str, http_server: Any, http_port: int, backend: Backend, script: str
) -> None:
    await run(node, script, Door(f"http://localhost:{http_port}", BOTH, "smollm2", real=False))
    await until(lambda: all(seen.finished.is_set() for seen in backend.exchanges), "all has ended")


class Chats:
    """Ollama's side of `responses.mjs` and `messages.mjs`: a tool that was shown is called once,
    then all is text."""

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        asked = exchange.json()
        message: dict[str, Any] = {"role": "assistant", "content": "High at six."}
        results = [said for said in asked["messages"] if said["role"] == "tool"]
        if asked.get("tools") and not results:
            call = {"function": {"name": "get_tide", "arguments": {"port": "Oban"}}}
            message = {"role": "assistant", "thinking": "hm", "tool_calls": [call]}
        done = {"message": message, "done": True, "done_reason": "stop"}
        done |= {"prompt_eval_count": 5, "eval_count": 2}
        await (NdjsonStream(done) if asked["stream"] else json_reply(done))(exchange)


async def test_responses(node: str, door: Door, request: pytest.FixtureRequest) -> None:
    if not door.real:
        backend: Backend = request.getfixturevalue("backend")
        backend.on("/api/chat", Chats())
    said = await run(node, "responses.mjs", door)
    assert said["whole"] == said["streamed"] == said["kept"] != ""
    assert said["status"] in ("completed", "incomplete")
    assert said["items"] == ["message"] * 3 and said["missing"] == 404
    assert said["generated"] == said["flowing"] != "" and said["tokens"] > 0
    if not door.real:
        assert said["final"] == said["whole"]
        assert said["steps"] == [["06:12 in Oban"], []] and said["answer"] == "High at six."
        last = backend.exchanges[-1].json()["messages"]
        assert [one["role"] for one in last] == ["user", "assistant", "tool"]
        assert last[1]["thinking"] == "hm"  # the AI SDK names the item, which is stored


async def test_messages(node: str, door: Door, request: pytest.FixtureRequest) -> None:
    if not door.real:
        backend: Backend = request.getfixturevalue("backend")
        backend.on("/api/chat", Chats())
    said = await run(node, "messages.mjs", door)
    assert said["whole"] != "" and said["streamed"] == said["final"] != ""
    assert said["stop"] in ("end_turn", "max_tokens") and said["counted"] > 0
    assert any(name.startswith(door.model) for name in said["models"])
    assert said["refused"] == {"status": 401, "type": "authentication_error"}
    assert said["generated"] and said["flowing"] and said["tokens"] > 0
    if not door.real:
        assert said["steps"] == [["06:12 in Oban"], []] and said["answer"] == "High at six."
        assert said["reasoning"] == ["hm", ""]
        last = backend.requests("/api/chat")[-1].json()["messages"]
        assert [one["role"] for one in last] == ["user", "assistant", "tool"]
        assert last[1]["thinking"] == "hm"
