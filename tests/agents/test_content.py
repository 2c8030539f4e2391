"""What passes through besides texts and an agent's own tools: tools of MCP servers, images, and
thoughts that come back. And opencode by each of its three APIs."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from ..backend import Backend
from . import mcp_owl
from .runs import TOKEN, Agents
from .scripted import NAME, Call, Model, Step

pytestmark = [pytest.mark.agents, pytest.mark.gen_test(timeout=300)]

ASK = "Look at what is there."
LAST = "That was all of it."
THOUGHT = "First I look, then I think."
SERVER = str(Path(mcp_owl.__file__))

FREE = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")


async def finish(
    agents: Agents, backend: Backend, steps: list[Step], agent: str, *arguments: str
) -> Model:
    """Runs an agent to its end, and returns the model with what it has been asked."""
    model = Model([*steps, LAST]).serve(backend)
    done = await agents.run(agent, *arguments)
    assert done.status == 0 and LAST in " ".join(done.out.split()), done
    return model


async def test_codex_calls_the_tools_of_a_server(agents: Agents, backend: Backend) -> None:
    server = "mcp_servers.owl"
    settings = (f"{server}.command={json.dumps(sys.executable)}", f"{server}.args=[{SERVER!r}]")
    flags = tuple(word for setting in settings for word in ("-c", setting))
    steps: list[Step] = [Call("hoot", {"loud": True})]
    model = await finish(agents, backend, steps, "codex", "exec", *FREE, *flags, ASK)
    assert mcp_owl.HOOT in model.results()[0]


@pytest.mark.parametrize("deferred", [True, False])
async def test_claude_calls_the_tools_of_a_server(
    deferred: bool, agents: Agents, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "mcp__owl__hoot"
    servers = {"mcpServers": {"owl": {"command": sys.executable, "args": [SERVER]}}}
    flags: tuple[str, ...] = ("--mcp-config", json.dumps(servers), "--allowedTools", name)
    steps: list[Step] = [Call(name, {"loud": True})]
    if deferred:
        steps.insert(0, Call("ToolSearch", {"query": f"select:{name}", "max_results": 1}))
    else:
        settings = {"env": {"ENABLE_TOOL_SEARCH": "false"}}
        flags = (*flags, "--settings", json.dumps(settings))
    model = await finish(agents, backend, steps, "claude", "-p", ASK, *flags)
    assert mcp_owl.HOOT in model.results()[-1]
    first = [tool["function"]["name"] for tool in model.asked[0]["tools"]]
    assert (name in first) is not deferred


def png(path: Path) -> None:
    """Writes an image of 16 by 16 red points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xff\0\0" * 16) * 16)
    parts = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


@pytest.mark.parametrize(
    ("agent", "arguments", "tool", "argument"),
    [
        ("codex", ("exec", *FREE, ASK), "view_image", "path"),
        ("claude", ("-p", ASK, "--allowedTools", "Read"), "Read", "file_path"),
        ("opencode", ("run", ASK), "read", "filePath"),
    ],
    ids=["codex", "claude", "opencode"],
)
async def test_an_image_that_a_tool_gives_reaches_the_model(
    agent: str,
    arguments: tuple[str, ...],
    tool: str,
    argument: str,
    agents: Agents,
    backend: Backend,
) -> None:
    png(agents.work / "red.png")
    look = Call(tool, {argument: str(agents.work / "red.png")}, THOUGHT)
    model = await finish(agents, backend, [look], agent, *arguments)
    messages: list[Any] = model.asked[-1]["messages"]
    assert any(message.get("images") for message in messages)
    assert THOUGHT in [message.get("thinking") for message in messages]


@pytest.mark.parametrize("package", ["openai-compatible", "openai", "anthropic"])
async def test_opencode_speaks_three_apis(package: str, agents: Agents, backend: Backend) -> None:
    """A provider of the user's own, beside the one of `launch`."""
    options = {"baseURL": f"{agents.url}/v1", "apiKey": TOKEN}
    model = {"tool_call": True, "reasoning": True, "limit": {"context": 32768, "output": 4096}}
    provider = {"npm": f"@ai-sdk/{package}", "options": options, "models": {NAME: model}}
    (agents.work / "opencode.json").write_text(json.dumps({"provider": {"own": provider}}))
    (agents.work / "notes.txt").write_text("The owl sleeps.\n")
    read = Call("read", {"filePath": str(agents.work / "notes.txt")}, THOUGHT)
    change = {"filePath": str(agents.work / "notes.txt"), "oldString": "owl", "newString": "mole"}
    run = Call("bash", {"command": "cp notes.txt copy.txt", "description": "Copies"})
    steps: list[Step] = [read, Call("edit", change), run]
    asked = await finish(agents, backend, steps, "opencode", "run", "-m", f"own/{NAME}", ASK)
    assert (agents.work / "copy.txt").read_text() == "The mole sleeps.\n"
    path = {"openai-compatible": None, "openai": THOUGHT, "anthropic": THOUGHT}[package]
    thoughts = [message.get("thinking") for message in asked.asked[-1]["messages"]]
    assert path is None or path in thoughts
