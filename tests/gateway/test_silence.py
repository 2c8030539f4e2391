"""Silence is no sign of death: how long Ollama may be silent, by the kind of reply, and how a peer
that is really gone is found."""

from __future__ import annotations

import json
import socket as sockets
from typing import Any

import pytest

from tornado_ollama.access.routes import find, replies_whole
from tornado_ollama.config.settings import Settings
from tornado_ollama.keepalive import IDLE_S, INTERVAL_S, PROBES
from tornado_ollama.listen import listen
from tornado_ollama.wire.native_request import read_asked

from ..backend import Backend, StallBeforeHeaders
from .sockets import socket

SHORT = {"service": {"load_timeout": 0.02, "timeout": 0.03}}
short = pytest.mark.parametrize("config", [SHORT], ids=["short"])

LOADING = "(service.load_timeout)"
WRITING = "0.05 s (service.load_timeout and service.timeout)"


def body(**fields: object) -> bytes:
    chat = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "prompt": "p"}
    return json.dumps({**chat, "input": "i", **fields}).encode()


@pytest.mark.gen_test
@short
@pytest.mark.parametrize(
    ("path", "stream", "timeout"),
    [
        ("/api/chat", None, LOADING),
        ("/api/chat", True, LOADING),
        ("/api/chat", False, WRITING),
        ("/api/generate", None, LOADING),
        ("/api/generate", False, WRITING),
        ("/api/embed", None, WRITING),
        ("/api/embeddings", None, WRITING),
        ("/v1/audio/transcriptions", None, WRITING),
        ("/api/show", None, LOADING),
    ],
)
async def test_a_reply_in_one_piece_has_the_time_of_loading_and_of_writing(
    connect: Any, backend: Backend, config: Any, path: str, stream: bool | None, timeout: str
) -> None:
    backend.on("*", StallBeforeHeaders())
    asked = body() if stream is None else body(stream=stream)
    response = await (await connect()).request("POST", path, (), asked)
    assert response.status == 504
    assert timeout in response.body.decode()


@pytest.mark.gen_test
@short
@pytest.mark.parametrize(
    ("path", "fields", "timeout"),
    [
        ("/v1/chat/completions", {"stream": True}, LOADING),
        ("/v1/chat/completions", {}, WRITING),
        ("/v1/completions", {}, WRITING),
        ("/v1/embeddings", {}, WRITING),
    ],
)
async def test_the_openai_api_too(
    connect: Any, backend: Backend, config: Any, path: str, fields: Any, timeout: str
) -> None:
    known: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]},
        "/v1/completions": {"prompt": "p"},
        "/v1/embeddings": {"input": "i"},
    }
    backend.on("*", StallBeforeHeaders())
    asked = json.dumps({"model": "m", **known[path], **fields}).encode()
    response = await (await connect()).request("POST", path, (), asked)
    assert response.status == 504
    assert timeout in response.json()["error"]["message"]


@pytest.mark.gen_test
@short
async def test_a_request_on_a_socket_too(
    backend: Backend, http_server: Any, http_port: int, config: Any
) -> None:
    backend.on("*", StallBeforeHeaders())
    async with socket(http_port) as ws:
        asked = json.loads(body(stream=False))
        path = "/api/chat"
        await ws.send({"type": "request", "id": "1", "method": "POST", "path": path, "body": asked})
        assert WRITING in (await ws.until("error"))[-1]["message"]


@pytest.mark.parametrize("text", [b"", b"no JSON", b"[]", b'{"stream":null}', b'{"stream":0}'])
def test_a_body_that_says_nothing_of_streams_gets_one(text: bytes) -> None:
    assert not replies_whole(find("/api/chat"), read_asked(text))


def test_the_default_is_longer_than_any_tool_call_takes() -> None:
    assert Settings().service.timeout == 600


def watched_by_tcp(sock: Any) -> bool:
    return bool(sock.getsockopt(sockets.SOL_SOCKET, sockets.SO_KEEPALIVE)) and [
        sock.getsockopt(sockets.IPPROTO_TCP, option)
        for option in (sockets.TCP_KEEPIDLE, sockets.TCP_KEEPINTVL, sockets.TCP_KEEPCNT)
    ] == [IDLE_S, INTERVAL_S, PROBES]


@pytest.mark.gen_test
async def test_tcp_watches_ollama(connect: Any, app: Any, backend: Backend) -> None:
    backend.on("*", StallBeforeHeaders())
    await (await connect()).send_request("POST", "/api/chat", (), body())
    await backend.next_request()
    [pool] = app.client._pools.values()
    [connection] = pool._open
    assert watched_by_tcp(connection._transport.get_extra_info("socket"))


def test_tcp_watches_clients() -> None:
    [listening] = listen("127.0.0.1", 0)
    client = sockets.create_connection(listening.getsockname())
    listening.setblocking(True)
    accepted, _ = listening.accept()
    assert watched_by_tcp(accepted)
    for sock in (accepted, client, listening):
        sock.close()
