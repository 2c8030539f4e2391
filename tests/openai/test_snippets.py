"""The JavaScript of docs/clients.md runs as it is printed, under Node."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from tornado.httpserver import HTTPServer

from tests.backend import Backend, ErrorLine, NdjsonStream
from tests.clients.conftest import NODE_PROJECT, node  # noqa: F401  (a fixture)

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"<!-- (node.*?) -->\n```javascript\n(.*?)^```$",
    (ROOT / "docs/clients.md").read_text(encoding="utf-8"),
    re.M | re.S,
)
[NODE_SDK] = [code for comment, code in BLOCKS if comment == "node: openai"]
[FETCH] = [code for comment, code in BLOCKS if comment == "node"]

USE = """
import { streamChat } from "./chat.js";
try {
  for await (const text of streamChat([{ role: "user", content: "x" }], { model: "m" })) {
    process.stdout.write(text);
  }
} catch (error) {
  console.log("failed: " + error.message);
}
"""
LINES = [{"message": {"role": "assistant", "content": text}, "done": False} for text in "aü🐈"]
DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}


async def run(program: str, code: str, directory: Path, port: int) -> str:
    (directory / "package.json").write_text('{"type": "module"}')
    (directory / "node_modules").symlink_to(NODE_PROJECT / "node_modules")
    for name, text in (("chat.js", FETCH), ("main.js", code)):
        (directory / name).write_text(text.replace("localhost:8000", f"127.0.0.1:{port}"))
    process = await asyncio.create_subprocess_exec(
        program, "main.js", cwd=directory, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("answer", "printed"),
    [
        (NdjsonStream(*LINES, DONE), "aü🐈"),
        (ErrorLine(*LINES, message="boom"), "aü🐈failed: boom\n"),
        (ErrorLine(message="boom"), "failed: boom\n"),
    ],
)
async def test_the_browsers_fetch(
    node: str,  # noqa: F811
    http_server: HTTPServer,
    http_port: int,
    backend: Backend,
    tmp_path: Path,
    answer: NdjsonStream,
    printed: str,
) -> None:
    backend.on("/api/chat", answer)
    assert await run(node, USE, tmp_path, http_port) == printed


@pytest.mark.gen_test
async def test_the_node_sdk(
    node: str,  # noqa: F811
    http_server: HTTPServer,
    http_port: int,
    backend: Backend,
    tmp_path: Path,
) -> None:
    backend.on("/api/chat", NdjsonStream(*LINES, DONE))
    assert await run(node, NODE_SDK, tmp_path, http_port) == "aü🐈"
