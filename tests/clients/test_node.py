"""`openai` and `ollama` from npm, as their users write them, streamed and not."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest

from ..backend import Backend, load
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
