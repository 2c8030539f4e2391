"""`Content-Encoding` of requests: JSON is decoded, and Ollama gets it as it is; uploads are not."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest

from ..backend import Backend, Reply
from ..compressing import WAYS, Compress, zstd, zstd_with_window
from ..waiting import until
from .keys import BOUND, SECURED, bearer

pytestmark = pytest.mark.gen_test

ways = pytest.mark.parametrize(("coding", "compress"), WAYS.values(), ids=WAYS)
CHAT = b'{"model":"smollm2","messages":[{"role":"user","content":"hi"}],"stream":false}'
COMPUTE = ["/api/chat", "/v1/chat/completions", "/v1/responses", "/v1/messages"]
MIB = 1 << 20


def body_for(path: str) -> bytes:
    if path == "/v1/responses":
        return CHAT.replace(b'"messages"', b'"input"')
    return CHAT.replace(b"{", b'{"max_tokens":9,', 1) if path == "/v1/messages" else CHAT


def held(app: Any) -> int:
    held: int = app.deps.process.body_memory.held
    return held


@ways
@pytest.mark.parametrize("path", COMPUTE)
async def test_what_computes_takes_compressed_bodies(
    connect: Any, app: Any, backend: Backend, path: str, coding: str, compress: Compress
) -> None:
    client = await connect()
    headers = [("Content-Encoding", coding), ("Content-Type", "application/json")]
    response = await client.request("POST", path, headers, compress(body_for(path)))
    assert response.status == 200, response.body
    asked = next(seen for seen in backend.exchanges if seen.path == "/api/chat")
    assert json.loads(asked.body)["messages"][0]["content"] == "hi"
    await until(lambda: held(app) == 0, "nothing is held any more")


@ways
@pytest.mark.parametrize("path", ["/api/chat", "/api/show", "/sys/pull", "/api/experimental/x"])
async def test_ollama_gets_the_body_as_it_is(
    connect: Any, backend: Backend, path: str, coding: str, compress: Compress
) -> None:
    backend.on("*", Reply(b"{}"))
    headers = [("Content-Encoding", coding), ("Content-Type", "application/json")]
    text = b'{"model":"smollm2","x":"' + b"y" * 300_000 + b'"}'
    await (await connect()).request("POST", path, headers, compress(text))
    [seen] = backend.exchanges
    assert bytes(seen.body) == text
    assert seen.header("content-length") == str(len(text))
    assert seen.header("content-encoding") is None


@pytest.mark.parametrize("path", COMPUTE)
async def test_a_list_with_identity_is_taken(connect: Any, path: str) -> None:
    headers = [("Content-Encoding", "gzip"), ("Content-Encoding", "identity")]
    packed = gzip.compress(body_for(path))
    assert (await (await connect()).request("POST", path, headers, packed)).status == 200


@pytest.mark.parametrize("path", [*COMPUTE, "/api/tags"])
async def test_a_coding_of_no_body_is_nothing(connect: Any, path: str) -> None:
    response = await (await connect()).request("GET", path, [("Content-Encoding", "br")])
    assert response.status == (200 if path == "/api/tags" else 405)


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "compress"])
@pytest.mark.parametrize("path", [*COMPUTE, "/api/show"])
async def test_another_coding_is_a_415_that_says_what_is_taken(
    connect: Any, backend: Backend, path: str, coding: str
) -> None:
    client = await connect()
    await client.send_request("POST", path, [("Content-Encoding", coding), ("Content-Length", "9")])
    response = await client.read_response()  # before the body has come
    assert response.status == 415 and b"gzip, deflate or zstd" in response.body
    assert response.header("accept-encoding") == "gzip, deflate, zstd"
    assert not backend.exchanges


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br"])
@pytest.mark.parametrize(
    "path", ["/v1/audio/transcriptions", "/api/blobs/sha256:" + "0" * 64], ids=["audio", "blob"]
)
async def test_a_compressed_upload_is_a_415(
    connect: Any, backend: Backend, path: str, coding: str
) -> None:
    client = await connect()
    response = await client.request("POST", path, [("Content-Encoding", coding)], b"data")
    assert response.status == 415 and b"Uploads are not taken compressed" in response.body
    assert response.header("accept-encoding") == "identity"
    assert not backend.exchanges


@pytest.mark.parametrize("config", [SECURED])
@pytest.mark.parametrize("path", COMPUTE)
async def test_a_bound_credential_cannot_hide_a_model_by_compressing(
    connect: Any, backend: Backend, path: str, config: Any
) -> None:
    headers = [bearer(BOUND), ("Content-Encoding", "zstd")]
    other = zstd.compress(body_for(path).replace(b"smollm2", b"other"))
    assert (await (await connect()).request("POST", path, headers, other)).status == 403
    assert not backend.exchanges
    form = [bearer(BOUND), ("Content-Encoding", "gzip")]
    audio = await (await connect()).request("POST", "/v1/audio/transcriptions", form, b"x")
    assert audio.status == 415


@ways
@pytest.mark.parametrize("path", COMPUTE)
async def test_what_is_cut_is_a_400(
    connect: Any, app: Any, backend: Backend, path: str, coding: str, compress: Compress
) -> None:
    headers = [("Content-Encoding", coding)]
    client = await connect()
    for broken in (compress(CHAT)[:-3], CHAT):
        response = await client.request("POST", path, headers, broken)
        assert response.status == 400 and coding.encode() in response.body
    assert not backend.exchanges
    assert held(app) == 0


@ways
@pytest.mark.parametrize("path", COMPUTE)
@pytest.mark.parametrize("config", [{"limits": {"max_body_bytes": MIB}}], ids=["1 MiB"])
async def test_a_bomb_is_a_413_and_is_held_no_longer(
    connect: Any,
    app: Any,
    backend: Backend,
    config: Any,
    path: str,
    coding: str,
    compress: Compress,
) -> None:
    most = 0
    memory = app.deps.process.body_memory
    take = memory.take

    def watched(size: int) -> None:
        nonlocal most
        take(size)
        most = max(most, memory.held)

    memory.take = watched
    bomb = compress(bytes(16 * MIB))
    response = await (await connect()).request("POST", path, [("Content-Encoding", coding)], bomb)
    assert response.status == 413 and b"limits.max_body_bytes" in response.body
    assert most <= len(bomb) + MIB
    assert held(app) == 0
    assert not backend.exchanges


@pytest.mark.parametrize("config", [{"limits": {"max_buffered_bytes": MIB}}], ids=["1 MiB"])
async def test_what_comes_out_counts_among_the_bodies_held(
    connect: Any, app: Any, backend: Backend, config: Any
) -> None:
    headers = [("Content-Encoding", "gzip")]
    packed = gzip.compress(CHAT + b" " * (2 * MIB))
    response = await (await connect()).request("POST", "/api/chat", headers, packed)
    assert response.status == 503 and b"limits.max_buffered_bytes" in response.body
    assert held(app) == 0


async def test_a_giant_window_is_a_400(connect: Any, backend: Backend) -> None:
    headers = [("Content-Encoding", "zstd")]
    client = await connect()
    response = await client.request("POST", "/v1/responses", headers, zstd_with_window(31))
    assert response.status == 400 and b"window" in response.body


async def test_others_are_served_while_a_large_body_is_decoded(
    connect: Any, backend: Backend
) -> None:
    headers = [("Content-Encoding", "gzip")]
    large = gzip.compress(CHAT[:-1] + b" " * (12 * MIB) + b"}")
    slow, quick = await connect(), await connect()
    decoding = asyncio.create_task(slow.request("POST", "/api/chat", headers, large))
    answered = 0
    while not decoding.done():
        assert (await quick.request("GET", "/health/live")).status == 200
        answered += 1
    assert (await decoding).status == 200
    assert answered > 5


async def test_a_client_that_leaves_while_its_body_is_decoded_leaves_nothing(
    connect: Any, app: Any, backend: Backend
) -> None:
    client = await connect()
    large = gzip.compress(CHAT[:-1] + b" " * (12 * MIB) + b"}")
    await client.send_request("POST", "/api/chat", [("Content-Encoding", "gzip")], large)
    await until(lambda: held(app) > MIB, "decoding has begun")
    client.leave()
    await until(lambda: held(app) == 0, "nothing is held any more")
    assert not backend.exchanges
