"""W3C Trace Context: a client's trace goes on at Ollama, whatever the dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend
from .sockets import socket
from .test_metrics import CHAT

TRACE = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "vendor=1",
}


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/messages"])
async def test_a_trace_is_passed_on(connect: Any, backend: Backend, path: str) -> None:
    body = json.dumps({**CHAT, "max_tokens": 9}).encode()
    await (await connect()).request("POST", path, list(TRACE.items()), body)
    [asked] = backend.requests("/api/chat")
    assert {name: asked.header(name) for name in TRACE} == TRACE


@pytest.mark.gen_test
async def test_the_trace_of_a_socket_is_that_of_its_chats(
    backend: Backend, http_port: int, http_server: Any
) -> None:
    async with socket(http_port, headers=list(TRACE.items())) as ws:
        await ws.send({"type": "chat", "id": "1", **CHAT})
        await ws.until("done")
    [asked] = backend.requests("/api/chat")
    assert asked.header("traceparent") == TRACE["traceparent"]


@pytest.mark.gen_test
async def test_there_is_none_where_the_client_has_none(connect: Any, backend: Backend) -> None:
    await (await connect()).request("POST", "/v1/chat/completions", (), json.dumps(CHAT).encode())
    [asked] = backend.requests("/api/chat")
    assert asked.header("traceparent") is None
