"""Odd replies over request frames and plain text: every frame is UTF-8, every job ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend, NdjsonStream, Reply
from .keys import BOUND, SECURED, bearer
from .sockets import socket

pytestmark = pytest.mark.gen_test

MODELS = b'{"models":[{"name":"%b"},{"name":"other:7b"}]}'
TAGS = {"type": "request", "id": "r", "path": "/api/tags"}


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize("path", ["/api/tags", "/api/ps"])
@pytest.mark.parametrize(
    "listing",
    [
        b'{"models":[{"name":["m"]}]}',
        b'{"models":[{"name":{"a":1}}]}',
        b'{"models":[{}]}',
        b'{"models":5}',
        b"[]",
        b"\xff",
        b"[" * 100_000,
    ],
    ids=["list", "object", "no name", "number", "array", "bytes", "nested"],
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
async def test_a_listing_that_cannot_be_filtered_is_an_error(
    http_server: Any, http_port: int, backend: Backend, path: str, listing: bytes, kind: str
) -> None:
    backend.on(path, Reply(listing, content_type=kind))
    async with socket(http_port, headers=[bearer(BOUND)]) as ws:
        await ws.send(TAGS | {"path": path})
        frames = await ws.until("error", "r")
        assert frames[-1]["status"] == 502 and not [f for f in frames if f["type"] == "chunk"]
        await ws.send({"type": "ping"})
        assert (await ws.frame())["type"] == "pong"


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
async def test_a_listing_is_filtered_whatever_its_type_and_texts(
    http_server: Any, http_port: int, backend: Backend, kind: str
) -> None:
    listing = b'{"models":[{"name":"smollm2:135m","x":"\\ud800"},{"name":"other:7b"}]}\n'
    backend.on("/api/tags", Reply(listing, content_type=kind))
    async with socket(http_port, headers=[bearer(BOUND)]) as ws:
        await ws.send(TAGS)
        frames = await ws.until("end", "r")
    [data] = [frame["data"] for frame in frames if frame["type"] == "chunk"]
    # Half a surrogate is no text, so that this JSON stands in a string.
    assert [model["name"] for model in json.loads(data)["models"]] == ["smollm2:135m"]


@pytest.mark.parametrize(
    "reply",
    [
        NdjsonStream(b'{"a":"\xff"}\n', b'{"done":true}\n'),
        NdjsonStream(b'{"a":"\\ud800"}\n'),
        NdjsonStream(b"\xff\xfe\n"),
        Reply(b'{"a":"\xff"}'),
        Reply(b"\xff\x00", content_type="text/plain"),
    ],
    ids=["line", "surrogate", "no json", "whole", "text"],
)
async def test_bytes_that_are_no_text_never_break_the_socket(
    http_server: Any, http_port: int, backend: Backend, reply: Any
) -> None:
    backend.on("/api/generate", reply)
    async with socket(http_port) as ws:
        await ws.send(
            {"type": "request", "id": "r", "method": "POST", "path": "/api/generate",
             "body": {"model": "m"}}
        )  # fmt: skip
        kinds: list[str] = []
        while not kinds or kinds[-1] not in ("end", "error"):
            kinds.append((await ws.frame())["type"])
        await ws.send({"type": "ping"})
        assert (await ws.frame())["type"] == "pong"


@pytest.mark.parametrize(
    "line",
    [
        b'{"message":{"content":"\xff"}}\n',
        b'{"message":{"content":"\\ud800"}}\n',
        b'{"message":{"content":5}}\n',
        b'{"message":{"content":"","thinking":"\xff"}}\n',
        b"\xff\n",
    ],
    ids=["bytes", "surrogate", "number", "thought", "no json"],
)
async def test_plain_text_ends_with_a_sentence(
    http_server: Any, http_port: int, backend: Backend, line: bytes
) -> None:
    backend.on("/api/chat", NdjsonStream(b'{"message":{"content":"Hi"}}\n', line))
    async with socket(http_port) as ws:
        await ws.send("Say hello.")
        code, pieces = await ws.closed()
    assert code in (1000, 1011) and pieces[0] == "Hi" and pieces[-1].startswith("Error: ")
