"""`models.limits` and `manage` on every way to Ollama."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ..backend import Backend, NdjsonStream, Reply
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


LAYER = {"status": "pulling aa", "digest": "sha256:aa", "total": 600}
SECOND = {"status": "pulling bb", "digest": "sha256:bb", "total": 500}
SUCCESS = {"status": "success"}
SMALL_PULLS = {"manage": {"max_pull_bytes": 1000}}

small_pulls = pytest.mark.parametrize("config", [SMALL_PULLS], ids=["small pulls"])


@small_pulls
@pytest.mark.parametrize("path", ["/api/pull", "/sys/pull", "/api/create"])
async def test_a_pull_ends_when_the_model_is_too_large(
    connect: Any, backend: Backend, path: str, config: Any
) -> None:
    begun, forever = asyncio.Event(), asyncio.Event()
    backend.on("*", NdjsonStream(LAYER, begun, SECOND, forever, SUCCESS))
    client: RawConnection = await connect()
    await client.send_request("POST", path, [], b'{"model":"x","from":"y"}')
    response = await client.read_head()
    begun.set()
    await client.read_body(response)
    *_, last = [json.loads(line) for line in response.body.splitlines()]
    assert response.status == 200 and not response.complete
    assert last.keys() == {"error"} and "1100 bytes" in last["error"]
    await backend.exchanges[0].closed.wait()  # and so Ollama stops


@small_pulls
async def test_a_pull_in_one_piece_is_watched_too(
    connect: Any, backend: Backend, config: Any
) -> None:
    body = b'{"model": "x", "Stream": false}'
    for path, reply in (("pull", [LAYER, SECOND]), ("pull", [LAYER, SUCCESS]),
                        ("create", [{"error": "no space"}]), ("pull", [b"?"])):  # fmt: skip
        backend.on("*", NdjsonStream(*reply))
        answers = [
            await (await connect()).request("POST", f"/{tier}/{path}", [], body)
            for tier in ("api", "sys")
        ]
        assert backend.exchanges[-1].json()["stream"] is True
        for answer in answers:
            assert answer.complete and "application/json" in (answer.header("content-type") or "")
            if reply[-1] is SECOND:
                assert answer.status == 403 and "max_pull_bytes" in answer.json()["error"]
            elif reply[-1] is SUCCESS:
                assert (answer.status, answer.json()) == (200, SUCCESS)
            elif reply[-1] == b"?":
                assert answer.status == 502
            else:
                assert (answer.status, answer.json()) == (500, {"error": "no space"})


@small_pulls
@pytest.mark.parametrize("stream", [True, False])
async def test_a_pull_on_the_socket_is_watched(
    http_server: Any, http_port: int, backend: Backend, stream: bool, config: Any
) -> None:
    backend.on("/api/pull", NdjsonStream(LAYER, SECOND, asyncio.Event()))
    async with socket(http_port) as ws:
        await ws.send(
            {"type": "request", "id": "a", "method": "POST", "path": "/sys/pull",
             "body": {"model": "x", "stream": stream}}
        )  # fmt: skip
        [*_, last] = await ws.until("error", "a")
        assert last["status"] == 403 and "manage.max_pull_bytes" in last["message"]
        await backend.exchanges[0].closed.wait()


@small_pulls
async def test_ollamas_own_refusal_of_a_pull_passes(
    connect: Any, backend: Backend, config: Any
) -> None:
    backend.on("/api/pull", Reply(b'{"error":"model is required"}', 400))
    for body in (b'{"stream":false}', b"{}"):
        answer = await (await connect()).request("POST", "/api/pull", [], body)
        assert (answer.status, answer.json()) == (400, {"error": "model is required"})
    answer = await (await connect()).request("POST", "/api/pull", [], b'{"model":"x"} x')
    assert answer.status == 403
