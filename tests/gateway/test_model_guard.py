"""`models.limits` and `manage` on every way to Ollama."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend
from ..raw_client import RawConnection
from .sockets import socket

pytestmark = pytest.mark.gen_test

CONFIG = {
    "models": {"limits": {"smollm2*": {"num_predict": 50, "num_ctx": 2048, "keep_alive": "5m"}}},
    "manage": {"registries": ["registry.ollama.ai"], "protected": ["smollm2"], "insecure": False},
}


@pytest.fixture
def config() -> dict[str, Any]:
    return CONFIG


MESSAGES = [{"role": "user", "content": "x"}]
REQUESTS: dict[str, dict[str, Any]] = {
    "/api/chat": {"messages": MESSAGES, "options": {"num_predict": 9999}},
    "/api/generate": {"prompt": "x", "options": {"num_predict": 9999}},
    "/v1/chat/completions": {"messages": MESSAGES, "max_tokens": 9999},
    "/v1/completions": {"prompt": "x", "max_tokens": 9999},
    "/v1/responses": {"input": "x", "max_output_tokens": 9999},
    "/v1/messages": {"messages": MESSAGES, "max_tokens": 9999},
}


def computed(backend: Backend) -> Any:
    """The body of the request that ran inference."""
    [exchange] = [e for e in backend.exchanges if e.path in ("/api/chat", "/api/generate")]
    return json.loads(bytes(exchange.body))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", REQUESTS)
async def test_every_api_is_bounded_and_says_so(
    connect: Any, backend: Backend, path: str, stream: bool
) -> None:
    client: RawConnection = await connect()
    body = REQUESTS[path] | {"model": "smollm2", "stream": stream, "keep_alive": "9h"}
    response = await client.request("POST", path, [], json.dumps(body).encode())
    assert response.status == 200
    named = [value for name, value in response.headers if name.lower() == "x-model-limits"]
    assert len(named) == 1 and "num_predict" in named[0]
    sent = computed(backend)
    assert sent["options"]["num_predict"] == 50


async def test_the_socket_is_bounded(http_server: Any, http_port: int, backend: Backend) -> None:
    async with socket(http_port) as ws:
        await ws.send(
            {"type": "chat", "id": "a", "model": "smollm2", "messages": MESSAGES,
             "options": {"num_ctx": 999_999}}
        )  # fmt: skip
        await ws.until("done", "a")
        sent = computed(backend)
        assert sent["options"] | {"num_ctx": 2048, "num_predict": 50} == sent["options"]
        await ws.send(
            {"type": "request", "id": "b", "method": "DELETE", "path": "/api/delete",
             "body": {"model": "smollm2"}}
        )  # fmt: skip
        [*_, last] = await ws.until("error", "b")
        assert last["status"] == 403


@pytest.mark.parametrize("prefix", ["/api", "/sys"])
async def test_management_is_guarded(connect: Any, backend: Backend, prefix: str) -> None:
    client: RawConnection = await connect()
    for method, path, body in (
        ("POST", "pull", {"model": "evil.example/a/b"}),
        ("POST", "pull", {"model": "llama3", "insecure": True}),
        ("DELETE", "delete", {"model": "smollm2"}),
        ("POST", "copy", {"source": "a", "destination": "smollm2:latest"}),
    ):
        text = json.dumps(body).encode()
        response = await client.request(method, f"{prefix}/{path}", [], text)
        assert response.status == 403 and "manage." in response.json()["error"]
    assert not backend.exchanges
    assert (await client.request("POST", f"{prefix}/pull", [], b'{"model":"llama3"}')).status == 200
