"""Each proxy of `deploy/`, run in front of the gateway (docs/reverse-proxy.md)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect

from ..backend import Backend, Exchange, NdjsonStream, Reply, StallBeforeHeaders
from ..gateway.keys import GENERATE as TOKEN
from ..gateway.keys import MANAGE as MANAGE_TOKEN
from ..gateway.keys import PATH_CONFIG, PATH_GENERATE, bearer
from ..programs import need
from ..waiting import PATIENCE_S, until
from .proxies import Proxy

BEHIND: dict[str, Any] = {**PATH_CONFIG, "listen": {"trusted_proxies": ["127.0.0.1/32"]}}
"""What the recipes ask of the gateway: a credential, and the proxy's address as one to believe."""

pytestmark = pytest.mark.gen_test

BLOB = "/api/blobs/sha256:" + "0" * 64
MIB = 1 << 20
CHAT = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).encode()
FIRST = {"model": "m", "message": {"role": "assistant", "content": "one"}, "done": False}
LAST = {"model": "m", "message": {"role": "assistant", "content": "two"}, "done": True}


@pytest.fixture
def config() -> dict[str, Any]:
    return BEHIND


async def test_it_serves_with_tls_and_leads_there(proxy: Proxy) -> None:
    client = await proxy.connect()
    assert (await client.request("GET", "/health")).json()["status"] == "healthy"
    assert (await client.request("GET", "/api/tags")).status == 401  # local, but not trusted
    assert (await client.request("GET", "/api/tags", [bearer(TOKEN)])).status == 200
    page = await client.request("GET", "/", [("Accept", "text/html")])
    assert b"<!doctype html>" in page.body[:100].lower()
    in_clear = await proxy.connect(tls=False)
    moved = await in_clear.request("GET", "/health?x=1", [("Host", "localhost")])
    assert moved.status == 301
    assert moved.header("location") == "https://localhost/health?x=1"


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_stream_is_not_held_back(proxy: Proxy, backend: Backend, path: str) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(FIRST, gate, LAST))
    client = await proxy.connect()
    body = json.dumps({**json.loads(CHAT), "stream": True}).encode()
    await client.send_request("POST", path, [bearer(TOKEN)], body)
    response = await client.read_head()
    came = b""
    while b'"one"' not in came:  # Ollama says no more before the gate opens
        came += await client.read_chunk(response)
    gate.set()
    response = await client.read_body(response)
    assert response.complete
    assert b'"two"' in response.body


async def test_a_websocket_goes_through(proxy: Proxy, backend: Backend) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(FIRST, gate, LAST))
    encoded = base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
    async with connect(
        f"wss://localhost:{proxy.ports.tls}/ws",
        ssl=proxy.trust,
        proxy=None,
        origin=f"https://localhost:{proxy.ports.tls}",  # type: ignore[arg-type]
        subprotocols=["ollama.bearer", encoded],  # type: ignore[list-item]
    ) as socket:
        await socket.send(json.dumps({"text": "Hi", "model": "m"}))
        kinds: list[str] = []
        async with asyncio.timeout(PATIENCE_S):
            while kinds[-1:] != ["done"]:
                frame = json.loads(await socket.recv())
                kinds.append(frame["type"])
                if frame.get("content") == "one":
                    gate.set()
    assert kinds.count("delta") == 2


async def test_100_mb_are_passed_on_while_they_come(proxy: Proxy, backend: Backend) -> None:
    taken = hashlib.sha256()

    async def take(exchange: Exchange) -> None:
        async for piece in exchange.body_pieces():
            taken.update(piece)
        await Reply(status=201)(exchange)

    backend.keep_bodies = False
    backend.on(BLOB, take)
    client = await proxy.connect()
    length = [("Content-Length", str(100 * MIB))]
    await client.send_request("POST", BLOB, [bearer(MANAGE_TOKEN), *length])
    pieces = [bytes([number]) * MIB for number in range(100)]
    await client.send(pieces[0])
    exchange = await backend.next_request(BLOB)
    await until(lambda: exchange.received > 0, "the first bytes have reached Ollama")
    for piece in pieces[1:]:
        await client.send(piece)
    assert (await client.read_response()).status == 201
    assert taken.digest() == hashlib.sha256(b"".join(pieces)).digest()


@pytest.mark.parametrize("how", ["reset", "close"])
@pytest.mark.parametrize("when", ["while the model loads", "in the middle of the reply"])
async def test_a_client_that_leaves_stops_ollama(
    proxy: Proxy, backend: Backend, how: str, when: str
) -> None:
    loading = when == "while the model loads"
    for_ever = asyncio.Event()
    backend.on(
        "/api/chat", StallBeforeHeaders() if loading else NdjsonStream(FIRST, for_ever, LAST)
    )
    client = await proxy.connect()
    await client.send_request("POST", "/api/chat", [bearer(TOKEN)], CHAT)
    exchange = await backend.next_request("/api/chat")
    if not loading:
        await client.read_chunk(await client.read_head())
    if how == "reset":
        client.leave()
    else:
        client.writer.close()
    async with asyncio.timeout(PATIENCE_S):
        await exchange.closed.wait()


async def test_the_clients_own_address_is_known(proxy: Proxy, backend: Backend) -> None:
    client = await proxy.connect(source="127.0.0.9")
    said = [("X-Forwarded-For", "192.0.2.1"), ("X-Real-IP", "192.0.2.2")]
    await client.request("POST", "/api/show", [bearer(TOKEN), *said], b'{"model":"m"}')
    exchange = await backend.next_request("/api/show")
    assert exchange.header("x-forwarded-for") == "127.0.0.9, 127.0.0.1"
    assert exchange.header("x-forwarded-proto") == "https"


async def test_a_token_in_the_url_is_in_no_log_and_not_in_clear(
    proxy: Proxy, http_server: Any
) -> None:
    target = f"/k/{PATH_GENERATE}/api/version"
    in_clear = await proxy.connect(tls=False)
    assert (await in_clear.request("GET", target)).status == 404
    client = await proxy.connect()
    assert (await client.request("GET", target)).status == 200
    assert (await client.request("GET", "/api/version?seen")).status == 401
    http_server.stop()
    await http_server.close_all_connections()
    for path in (target, "/api/version?failed"):
        failed = await (await proxy.connect()).request("GET", path)
        assert failed.status in (502, 503)
    await until(lambda: "failed" in proxy.said, "the proxy has logged the failed requests")
    await proxy.stop()
    assert PATH_GENERATE not in proxy.said


@pytest.mark.parametrize("proxy_name", ["haproxy", "caddy"], indirect=True)
async def test_a_stream_over_http_2_is_not_held_back(proxy: Proxy, backend: Backend) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(FIRST, gate, LAST))
    curl = await asyncio.create_subprocess_exec(
        *(need("curl"), "--silent", "--show-error", "--http2", "--no-buffer"),
        *("--cacert", str(proxy.certificate.cert_file)),
        *("--header", f"Authorization: Bearer {TOKEN}", "--data", CHAT.decode()),
        *("--write-out", "%{http_version}", f"https://localhost:{proxy.ports.tls}/api/chat"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert curl.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        assert b'"one"' in await curl.stdout.readline()
        gate.set()
        assert b'"two"' in await curl.stdout.readline()
        assert await curl.stdout.read() == b"2"
        await curl.wait()
