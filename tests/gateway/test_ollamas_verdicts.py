"""What Ollama says of itself is not taken for the gateway's verdict on the client.

Not signed in for a cloud model, a model that needs a subscription: on translated routes 502 with
Ollama's sentence and a code of its own, on native routes what Ollama said.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend, json_reply
from .sockets import socket

pytestmark = pytest.mark.gen_test

SIGN_IN = {"error": "unauthorized", "signin_url": "https://ollama.com/connect?name=x"}
verdicts = pytest.mark.parametrize(
    ("status", "said", "code", "sentence"),
    [
        (401, SIGN_IN, "upstream_unauthorized", "https://ollama.com/connect"),
        (403, {"error": "needs a subscription"}, "upstream_forbidden", "needs a subscription"),
    ],
    ids=["401", "403"],
)

ASKED = {
    "/v1/chat/completions": {"model": "m", "messages": [{"role": "user", "content": "x"}]},
    "/v1/completions": {"model": "m", "prompt": "x"},
    "/v1/embeddings": {"model": "m", "input": "x"},
    "/v1/models": None,
    "/v1/models/m": None,
}


@verdicts
@pytest.mark.parametrize("path", ASKED)
async def test_under_v1(
    connect: Any, backend: Backend, path: str, status: int, said: Any, code: str, sentence: str
) -> None:
    backend.on("*", json_reply(said, status))
    body = ASKED[path]
    sent = None if body is None else json.dumps(body).encode()
    response = await (await connect()).request("POST" if body else "GET", path, (), sent)
    error = response.json()["error"]
    assert (response.status, error["type"], error["code"]) == (502, "server_error", code)
    assert sentence in error["message"]
    assert response.header("www-authenticate") is None
    assert response.header("x-should-retry") == "false"


@verdicts
async def test_in_a_chat_on_a_socket(
    http_server: Any,
    http_port: int,
    backend: Backend,
    status: int,
    said: Any,
    code: str,
    sentence: str,
) -> None:
    backend.on("/api/chat", json_reply(said, status))
    async with socket(http_port) as ws:
        await ws.send({"text": "x", "model": "m"})
        error = (await ws.until("error"))[-1]
    assert (error["status"], error["code"]) == (502, code)
    assert sentence in error["message"]


@verdicts
async def test_native_routes_pass_it_as_it_is(
    connect: Any, backend: Backend, status: int, said: Any, code: str, sentence: str
) -> None:
    backend.on("/api/chat", json_reply(said, status))
    response = await (await connect()).request("POST", "/api/chat", (), b'{"model":"m"}')
    assert (response.status, response.json()) == (status, said)
