"""Limits of requests, tokens, sockets and messages, over HTTP and on sockets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend, NdjsonStream, Reply
from ..raw_client import RawResponse
from ..waiting import until
from .keys import BOTH, GENERATE, MANAGE, PATH_CONFIG, SECURED, UNKNOWN, bearer
from .sockets import reload, socket
from .test_queue import CHAT, MESSAGES

pytestmark = pytest.mark.gen_test

MAX = CHAT[:-1] + b',"max_tokens":9}'
COSTLY = {
    "model": "smollm2",
    "message": {"content": "Hi"},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 30,
    "eval_count": 20,
}


def limited(**quota: int) -> pytest.MarkDecorator:
    config = SECURED | {"limits": {"per_credential": quota}}
    return pytest.mark.parametrize("config", [config], ids=["limited"])


async def ask(
    connect: Any, path: str, token: str = GENERATE, body: bytes | None = None, method: str = ""
) -> RawResponse:
    method = method or ("GET" if body is None else "POST")
    response = await (await connect()).request(method, path, [bearer(token)], body)
    assert isinstance(response, RawResponse)
    return response


@limited(requests_per_minute=2)
@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/api/chat", CHAT, None),
        ("/api/tags", None, None),
        ("/queue", None, None),
        ("/v1/chat/completions", CHAT, "rate_limit_error"),
        ("/v1/models", None, "rate_limit_error"),
        (MESSAGES, MAX, "rate_limit_error"),
        ("/v1/responses", b'{"model":"smollm2","input":"x"}', "rate_limit_error"),
    ],
)
async def test_requests_beyond_the_limit_are_refused_in_the_dialects_form(
    connect: Any, backend: Backend, config: Any, path: str, body: bytes | None, kind: str | None
) -> None:
    for remaining in ("1", "0"):
        told = await ask(connect, path, body=body)
        assert told.status == 200
        assert told.header("x-ratelimit-limit-requests") == "2"
        assert told.header("x-ratelimit-remaining-requests") == remaining
    asked = len(backend.exchanges)
    refused = await ask(connect, path, body=body)
    assert refused.status == 429 and len(backend.exchanges) == asked
    assert 1 <= int(refused.header("retry-after") or 0) <= 60
    assert refused.header("x-ratelimit-remaining-requests") == "0"
    assert refused.header("x-ratelimit-reset-requests")
    error = refused.json()["error"]
    if kind is None:
        assert "2 requests a minute" in error
    else:
        assert error["type"] == kind and "2 requests a minute" in error["message"]
    assert (await ask(connect, path, BOTH, body)).status == 200


@limited(requests_per_minute=1)
async def test_what_needs_no_credential_has_no_limit(connect: Any, config: Any) -> None:
    for path in ("/health/live", "/", "/health/live"):
        response = await ask(connect, path)
        assert response.status == 200 and response.header("x-ratelimit-limit-requests") is None
    preflight = await ask(connect, "/api/chat", method="OPTIONS")
    assert preflight.status == 204
    assert (await ask(connect, "/api/tags", UNKNOWN)).status == 401
    assert (await ask(connect, "/api/tags")).status == 200


@limited(requests_per_minute=1)
async def test_a_refused_upload_is_not_read(connect: Any, backend: Backend, config: Any) -> None:
    assert (await ask(connect, "/api/tags", MANAGE)).status == 200
    client = await connect()
    path = "/api/blobs/sha256:" + "0" * 64
    await client.send_request("POST", path, [bearer(MANAGE), ("Content-Length", "1000000000")])
    assert (await client.read_response()).status == 429
    assert len(backend.exchanges) == 1


@limited(tokens_per_minute=60, tokens_per_day=1000)
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_tokens_are_counted_when_they_were_used(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    backend.on("/api/chat", *(Reply(json.dumps(COSTLY).encode()) for _ in range(2)))
    first = await ask(connect, path, body=CHAT)
    assert (first.status, first.header("x-ratelimit-remaining-tokens")) == (200, "60")
    second = await ask(connect, path, body=CHAT)
    assert (second.status, second.header("x-ratelimit-remaining-tokens")) == (200, "10")
    third = await ask(connect, path, body=CHAT)
    assert third.status == 429 and "60 tokens a minute" in third.body.decode()
    assert third.header("x-ratelimit-limit-tokens") == "60"
    assert (await ask(connect, "/v1/models")).status == 200  # costs none
    assert (await ask(connect, path, BOTH, CHAT)).status == 200


@limited(tokens_per_day=50)
async def test_a_wait_of_hours_is_not_worth_repeating(
    connect: Any, backend: Backend, config: Any
) -> None:
    backend.on("/api/chat", Reply(json.dumps(COSTLY).encode()))
    assert (await ask(connect, "/api/chat", body=CHAT)).status == 200
    for path in ("/v1/chat/completions", MESSAGES):
        refused = await ask(connect, path, body=MAX)
        assert refused.status == 429 and int(refused.header("retry-after") or 0) > 3600
        assert refused.header("x-should-retry") == "false"


@limited(requests_per_minute=2, tokens_per_minute=60)
async def test_chats_and_requests_on_sockets_count_as_well(
    connect: Any, http_server: Any, http_port: int, backend: Backend, config: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(COSTLY))
    chat = {"type": "chat", "model": "smollm2", "messages": [{"role": "user", "content": "x"}]}
    async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
        await ws.send(chat | {"id": "a"})
        await ws.until("done", "a")
        await ws.send({"type": "request", "id": "b", "method": "GET", "path": "/api/tags"})
        await ws.until("end", "b")
        await ws.send(chat | {"id": "c"})
        error = (await ws.until("error", "c"))[-1]
        assert (error["status"], error["code"]) == (429, "rate_limit_exceeded")
        assert 1 <= error["retry_after"] <= 60
    assert (await ask(connect, "/api/tags")).status == 429


PER_ADDRESS = {
    "auth": {"anonymous": True},
    "listen": {"trusted_proxies": ["127.0.0.1/32"]},
    "limits": {"per_address": {"requests_per_minute": 1}},
}


@pytest.mark.parametrize("config", [PER_ADDRESS], ids=["anonymous"])
async def test_without_a_credential_the_address_counts_and_ipv6_by_its_network(
    connect: Any, config: Any
) -> None:
    async def status(address: str) -> int:
        headers = [("X-Forwarded-For", f"203.0.113.9, {address}")]
        response = await (await connect()).request("GET", "/api/tags", headers)
        return int(response.status)

    assert [await status("192.0.2.1"), await status("192.0.2.1")] == [200, 429]
    assert await status("192.0.2.2") == 200
    assert [await status("2001:db8::1"), await status("2001:db8::ffff:1")] == [200, 429]
    assert await status("2001:db8:0:1::1") == 200


@limited(max_sockets=1)
async def test_a_caller_may_have_so_many_sockets(
    connect: Any, http_server: Any, http_port: int, app: Any, config: Any
) -> None:
    async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
        await ws.send({"type": "ping"})
        await ws.until("pong")
        handshake = await ask(connect, "/ws")
        assert handshake.status == 400  # no upgrade: the order of checks stays
        refused = await (await connect()).request(
            "GET",
            "/ws",
            [bearer(GENERATE), ("Upgrade", "websocket"), ("Connection", "Upgrade")],
        )
        assert refused.status == 429 and "max_sockets" in refused.json()["error"]
        async with socket(http_port) as late:
            await late.send({"type": "auth", "token": GENERATE})
            assert (await late.closed())[0] == 4429
        async with socket(http_port, headers=[bearer(BOTH)]) as other:
            await other.send({"type": "ping"})
            await other.until("pong")
    await until(lambda: not app.deps.process.presence._callers, "all have left")
    async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
        await ws.send({"type": "ping"})
        await ws.until("pong")


@limited(messages_per_minute=2)
async def test_a_caller_may_send_so_many_messages_on_all_of_its_sockets(
    http_server: Any, http_port: int, config: Any
) -> None:
    async with (
        socket(http_port, headers=[bearer(GENERATE)]) as one,
        socket(http_port, headers=[bearer(GENERATE)]) as two,
    ):
        for ws in (one, two):
            await ws.send({"type": "ping"})
            await ws.until("pong")
        await one.send({"type": "chat", "id": "a", "messages": []})
        error = await one.frame()
        assert (error["type"], error["id"], error["status"]) == ("error", "a", 429)
        assert 1 <= error["retry_after"] <= 60
        await one.send({"type": "cancel", "id": "x"})
        assert "nothing of this id" in (await one.frame())["message"]
        await two.send("How are you?")  # a program that knows no frames
        assert (await two.text()).startswith("Error: You may send 2 messages a minute")
        assert (await two.closed())[0] == 1000


@pytest.mark.parametrize(
    "config",
    [PATH_CONFIG | {"limits": {"groups": {"slow": {"requests_per_minute": 1}}}}],
    ids=["groups"],
)
async def test_members_of_a_group_have_its_limits_each_for_itself(
    connect: Any, config: Any, config_file: Any, app: Any
) -> None:
    entries = [
        {"name": name, "token": token, "groups": ["slow"]}
        for name, token in (("a", GENERATE), ("b", BOTH))
    ]
    reload(app, config_file, {"auth": {"generate_tokens": entries}})
    statuses = [(await ask(connect, "/api/tags", token)).status for token in (GENERATE, BOTH) * 2]
    assert statuses == [200, 200, 429, 429]
