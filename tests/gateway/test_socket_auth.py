"""Who may open `/ws`, how a credential gets there, and how a socket without one ends."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tornado_ollama.socket import handler as chat_socket

from ..backend import Backend, NdjsonStream, load
from .keys import (
    BOTH,
    BOUND,
    EXPIRED,
    GENERATE,
    MANAGE,
    SECURED,
    TRANSPORTS,
    UNKNOWN,
    bearer,
    signed,
)
from .sockets import RawSocket, socket

pytestmark = pytest.mark.gen_test

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])

BAD = [UNKNOWN, EXPIRED, signed(ttl_s=-3600), signed(secret="z" * 40), "x"]


def encoded(token: str) -> list[str]:
    return ["ollama.bearer", base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")]


async def answers(ws: Any) -> bool:
    await ws.send({"type": "ping"})
    return bool(await ws.frame() == {"type": "pong"})


async def test_an_open_gateway_asks_for_nothing(http_server: Any, http_port: int) -> None:
    async with socket(http_port) as ws:
        assert await answers(ws)
    async with socket(http_port, headers=[bearer("not-needed")]) as ws:
        assert await answers(ws)
    async with socket(http_port) as ws:
        await ws.send({"type": "auth", "token": "anything"})
        assert await answers(ws)


@secured
@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_headers(http_server: Any, http_port: int, config: Any, transport: Any) -> None:
    for token in (GENERATE, BOTH, signed()):
        async with socket(http_port, headers=[transport(token)]) as ws:
            assert await answers(ws)
    for token in BAD:
        with pytest.raises(InvalidStatus) as caught:
            async with socket(http_port, headers=[transport(token)]):
                pass
        assert caught.value.response.status_code == 401
    with pytest.raises(InvalidStatus) as caught:
        async with socket(http_port, headers=[transport(MANAGE)]):
            pass
    assert caught.value.response.status_code == 403


@secured
async def test_the_subprotocol(http_server: Any, http_port: int, config: Any) -> None:
    for token in (GENERATE, BOTH, signed()):
        async with socket(http_port, subprotocols=encoded(token)) as ws:
            assert ws.connection.subprotocol == "ollama.bearer"  # and the token is not echoed
            assert await answers(ws)
    for token in BAD:
        async with socket(http_port, subprotocols=encoded(token)) as ws:
            assert await ws.closed() == (4401, [])
    async with socket(http_port, subprotocols=encoded(MANAGE)) as ws:
        assert await ws.closed() == (4403, [])


@secured
async def test_the_first_frame(http_server: Any, http_port: int, config: Any) -> None:
    for token in (GENERATE, BOTH, signed()):
        async with socket(http_port) as ws:
            await ws.send({"type": "auth", "token": token})
            assert await answers(ws)
    for token in BAD:
        async with socket(http_port) as ws:
            await ws.send({"type": "auth", "token": token})
            assert (await ws.closed())[0] == 4401
    async with socket(http_port) as ws:
        await ws.send({"type": "auth", "token": MANAGE})
        assert (await ws.closed())[0] == 4403


@secured
async def test_a_socket_opens_under_any_host_name_where_a_credential_is_asked_for(
    connect: Any, backend: Backend, config: Any
) -> None:
    """Also the page's own, which a rebound page cannot tell from its own: it has no token."""
    headers = [("Host", "gateway:8000"), ("Origin", "http://gateway:8000")]
    raw = await RawSocket(await connect()).open(*headers)
    await raw.send({"type": "auth", "token": GENERATE})
    await raw.send({"type": "request", "id": "a", "path": "/api/version"})
    assert (await backend.next_request()).path == "/api/version"
    rebound = await RawSocket(await connect()).open(*headers)
    await rebound.send({"type": "request", "id": "a", "path": "/api/version"})
    assert await rebound.close_code() == 4401


@secured
@pytest.mark.parametrize("other", [UNKNOWN, EXPIRED, "not-needed"])
async def test_a_credential_that_is_not_valid_does_not_spoil_the_subprotocol(
    http_server: Any, http_port: int, config: Any, other: str
) -> None:
    async with socket(http_port, headers=[bearer(other)], subprotocols=encoded(GENERATE)) as ws:
        assert await answers(ws)
    async with socket(http_port, headers=[bearer(GENERATE)], subprotocols=encoded(other)) as ws:
        assert await answers(ws)
    async with socket(http_port, headers=[bearer(other)], subprotocols=encoded(UNKNOWN)) as ws:
        assert (await ws.closed())[0] == 4401
    with pytest.raises(InvalidStatus) as caught:
        async with socket(http_port, headers=[bearer(BOTH)], subprotocols=encoded(GENERATE)):
            pass
    assert caught.value.response.status_code == 400


@secured
async def test_a_placeholder_leaves_room_for_the_first_frame(
    http_server: Any, http_port: int, config: Any
) -> None:
    async with socket(http_port, headers=[bearer("ollama")]) as ws:
        await ws.send({"type": "auth", "token": GENERATE})
        assert await answers(ws)


@secured
@pytest.mark.parametrize(
    "frame",
    [
        "Hello",
        {"text": "Hello"},
        {"type": "chat", "id": "1", "messages": []},
        {"type": "request", "id": "1", "path": "/api/tags"},
        {"type": "ping"},
        {"type": "auth"},
        {"type": "auth", "token": 5},
        {"type": "nonsense"},
        b"\x00",
    ],
    ids=str,
)
async def test_nothing_is_done_before_authentication(
    http_server: Any, http_port: int, backend: Backend, config: Any, frame: Any
) -> None:
    async with socket(http_port) as ws:
        await ws.send(frame)
        assert (await ws.closed())[0] == 4401
    assert not backend.exchanges


@secured
async def test_silence_is_not_waited_for(
    http_server: Any, http_port: int, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_socket, "AUTH_S", 0.05)
    async with socket(http_port) as ws:
        assert (await ws.closed())[0] == 4401


@secured
async def test_a_token_in_the_url_counts_for_nothing(
    connect: Any, http_port: int, config: Any
) -> None:
    headers = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    client = await connect()
    await client.send_request("GET", f"/ws?token={BOTH}", headers)
    if (await client.read_head()).status == 101:
        frame = b'{"type":"ping"}'
        await client.send(bytes([0x81, 0x80 | len(frame), 0, 0, 0, 0]) + frame)
        head = await client.reader.readexactly(4)
        assert head[0] == 0x88 and int.from_bytes(head[2:4]) == 4401


async def test_a_plain_get_is_told_what_this_is(connect: Any) -> None:
    response = await (await connect()).request("GET", "/ws")
    assert response.status in (400, 426)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
@pytest.mark.parametrize("config", [{}, SECURED], ids=["open", "secured"])
async def test_a_foreign_origin_is_refused(
    http_server: Any, http_port: int, config: Any, origin: str
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with socket(http_port, origin=origin, headers=[bearer(BOTH)]):
            pass
    assert caught.value.response.status_code == 403


async def test_the_pages_own_and_local_origins_are_let_in(http_server: Any, http_port: int) -> None:
    for origin in (f"http://localhost:{http_port}", "http://localhost:3000", "app://page"):
        async with socket(http_port, origin=origin) as ws:
            assert await answers(ws)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80"])
async def test_a_rebound_host_is_refused_though_origin_equals_it(connect: Any, host: str) -> None:
    headers = [
        ("Host", host),
        ("Origin", f"http://{host}"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    response = await (await connect()).request("GET", "/ws", headers)
    assert response.status == 403


REQUESTS = [
    ("GET", "/api/tags", {GENERATE: 200, BOTH: 200}),
    ("POST", "/api/show", {GENERATE: 200, BOTH: 200}),
    ("POST", "/api/chat", {GENERATE: 200, BOTH: 200}),
    ("POST", "/api/pull", {GENERATE: 403, BOTH: 200}),
    ("DELETE", "/api/delete", {GENERATE: 403, BOTH: 200}),
    ("GET", "/sys/tags", {GENERATE: 403, BOTH: 200}),
    ("POST", "/api/../api/pull", {GENERATE: 400, BOTH: 400}),
    ("POST", "//api/pull/", {GENERATE: 403, BOTH: 200}),
    ("POST", "/api/chat/%2e%2e/pull", {GENERATE: 400, BOTH: 400}),
    ("POST", "/api/experimental/web_search", {GENERATE: 403, BOTH: 403}),
    ("GET", "/api/status", {GENERATE: 200, BOTH: 200}),
    ("POST", "/api/nope", {GENERATE: 404, BOTH: 404}),
    ("GET", "/api/pull", {GENERATE: 405, BOTH: 405}),
    ("GET", "http://evil.example/api/tags", {GENERATE: 400, BOTH: 400}),
]


@secured
@pytest.mark.parametrize(("method", "path", "verdicts"), REQUESTS)
async def test_a_request_frame_needs_the_scope_of_its_route(
    http_server: Any,
    http_port: int,
    backend: Backend,
    config: Any,
    method: str,
    path: str,
    verdicts: dict[str, int],
) -> None:
    body = None if method == "GET" else {"model": "smollm2", "messages": []}
    for token, status in verdicts.items():
        before = len(backend.exchanges)
        async with socket(http_port, headers=[bearer(token)]) as ws:
            frame = {"type": "request", "id": "r", "method": method, "path": path}
            await ws.send(frame if body is None else frame | {"body": body})
            answer = await ws.frame()
            assert answer["status"] == status
            assert answer["type"] == ("response" if status == 200 else "error")
            if status == 200:
                await ws.until("end")
        assert len(backend.exchanges) == before + (status == 200)


@secured
async def test_a_bound_credential_chats_with_its_models_only(
    http_server: Any, http_port: int, backend: Backend, config: Any
) -> None:
    message = [{"role": "user", "content": "x"}]
    async with socket(http_port, headers=[bearer(BOUND)]) as ws:
        await ws.send({"type": "chat", "id": "1", "model": "other", "messages": message})
        assert (await ws.frame())["status"] == 403
        await ws.send({"text": "x", "model": "other"})
        assert (await ws.frame())["status"] == 403
        request = {"type": "request", "id": "2", "method": "POST", "path": "/api/generate"}
        await ws.send(request | {"body": {"model": "other"}})
        assert (await ws.frame())["status"] == 403
        twice = '"body":{"model":"smollm2","Model":"other"}}'
        await ws.send(json.dumps(request)[:-1] + "," + twice)
        assert (await ws.frame())["status"] in (400, 403)
        assert not backend.exchanges
        await ws.send({"type": "chat", "id": "3", "model": "smollm2", "messages": message})
        assert (await ws.until("done"))[-1]["id"] == "3"
        await ws.send({"type": "request", "id": "4", "path": "/api/tags"})
        frames = await ws.until("end")
        names = [model["name"] for model in frames[1]["data"]["models"]]
        assert names and all(name.startswith("smollm2") for name in names)


@secured
async def test_a_credential_that_runs_out_ends_the_socket(
    http_server: Any, http_port: int, backend: Backend, monkeypatch: pytest.MonkeyPatch, config: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(*load("chat-stream").chunks))
    async with socket(http_port, headers=[bearer(signed())]) as ws:
        assert await answers(ws)
        later = time.time() + 7200
        monkeypatch.setattr(time, "time", lambda: later)
        await ws.send({"text": "x"})
        assert (await ws.closed())[0] == 4401
    assert not backend.requests("/api/chat")
