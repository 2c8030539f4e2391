"""The JavaScript of docs/clients.md runs as it is printed, under Node."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest
from tornado.httpserver import HTTPServer

from tests.backend import Backend, ErrorLine, NdjsonStream

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


def missing(what: str) -> None:
    sentence = f"{what} is missing"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


async def node(code: str, directory: Path, port: int, chat: str = "") -> str:
    program = shutil.which("node")
    if program is None:
        missing("node, of Debian's package `nodejs`,")
    (directory / "package.json").write_text('{"type": "module"}')
    (directory / "chat.js").write_text(chat.replace("localhost:8000", f"127.0.0.1:{port}"))
    (directory / "main.js").write_text(code.replace("localhost:8000", f"127.0.0.1:{port}"))
    process = await asyncio.create_subprocess_exec(
        str(program), "main.js", cwd=directory, stdout=asyncio.subprocess.PIPE
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
    http_server: HTTPServer,
    http_port: int,
    backend: Backend,
    tmp_path: Path,
    answer: NdjsonStream,
    printed: str,
) -> None:
    backend.on("/api/chat", answer)
    assert await node(USE, tmp_path, http_port, FETCH) == printed


@pytest.mark.gen_test
async def test_the_node_sdk(
    http_server: HTTPServer, http_port: int, backend: Backend, tmp_path: Path
) -> None:
    modules = ROOT / "node_modules"
    if not (modules / "openai").is_dir():
        missing("the npm package openai")
    (tmp_path / "node_modules").symlink_to(modules)
    backend.on("/api/chat", NdjsonStream(*LINES, DONE))
    assert await node(NODE_SDK, tmp_path, http_port) == "aü🐈"
