"""Closing the application ends everything that runs; the fixtures' leak check is the assertion."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ..backend import Backend, StallBeforeHeaders, StallMidLine, load

pytestmark = pytest.mark.gen_test

CHAT = load("chat-stream").request_body
V1 = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}],"stream":true}'


@pytest.mark.parametrize("stall", [StallBeforeHeaders(), StallMidLine()], ids=["silent", "mid"])
@pytest.mark.parametrize(("path", "body"), [("/api/chat", CHAT), ("/v1/chat/completions", V1)])
async def test_requests_under_way_are_ended(
    connect: Any, app: Any, backend: Backend, stall: Any, path: str, body: bytes
) -> None:
    backend.on("/api/chat", stall)
    client = await connect()
    await client.send_request("POST", path, body=body)
    exchange = await backend.next_request("/api/chat")
    await app.close()
    await exchange.closed.wait()


async def test_requests_that_have_only_begun_are_ended(
    connect: Any, app: Any, backend: Backend
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    for ticks in range(12):
        client = await connect()
        await client.send_request("POST", "/api/chat", body=CHAT)
        for _ in range(ticks):
            await asyncio.sleep(0)
    await app.close()


async def test_closing_twice_is_closing_once(app: Any) -> None:
    await app.close()
    await app.close()
