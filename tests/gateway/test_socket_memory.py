"""What a socket holds counts in `limits.max_buffered_bytes`: chats that wait, messages on their way
in."""

from __future__ import annotations

from typing import Any

import pytest

from tornado_ollama.socket import masked_protocol

from ..backend import Backend, StallBeforeHeaders
from ..waiting import until
from .sockets import RawSocket, socket
from .test_body_memory import held, little
from .test_masking import ASKS, CONTINUATION, PING, frame

pytestmark = pytest.mark.gen_test

LARGE = [{"role": "user", "content": "x" * 60_000}]
PART = b"x" * 60_000
POLICY_VIOLATION, TRY_AGAIN_LATER = 1008, 1013


@little
@pytest.mark.parametrize("resumable", [False, True])
async def test_a_chat_that_waits_for_the_list_of_models_counts(
    http_server: Any,
    app: Any,
    backend: Backend,
    config: Any,
    http_port: int,
    resumable: bool,
) -> None:
    backend.on("/api/tags", StallBeforeHeaders())
    async with socket(http_port) as ws:
        chat = {"type": "chat", "messages": LARGE, "resumable": resumable}
        await ws.send(chat | {"id": "1"})
        await until(lambda: 60_000 < held(app) < 61_000, "the first is held, once")
        await ws.send(chat | {"id": "2"})
        error = (await ws.until("error", "2"))[-1]
        assert (error["status"], error["code"]) == (503, "overloaded")
        await ws.send({"type": "cancel", "id": "1"})
        await ws.until("done", "1")
        await until(lambda: held(app) == 0, "it has let go")


@little
async def test_blanks_around_a_chat_are_not_held(
    http_server: Any, app: Any, backend: Backend, config: Any, http_port: int
) -> None:
    backend.on("/api/tags", StallBeforeHeaders())
    async with socket(http_port) as ws:
        for id in range(8):
            await ws.send(f'{{"type":"chat","id":"{id}",{" " * 60_000}"messages":[]}}')
        await until(lambda: len(app.in_flight) == 1 and 0 < held(app) < 1000, "they wait")


@little
async def test_an_unfinished_message_closes_the_socket_when_it_is_too_much(
    connect: Any, app: Any, config: Any
) -> None:
    raw = await RawSocket(await connect()).open()
    await raw.connection.send(frame(PART, final=False, masked=True))
    await raw.connection.send(frame(PART, CONTINUATION, final=False, masked=True))
    assert await raw.close_code() == TRY_AGAIN_LATER
    await until(lambda: held(app) == 0, "it has let go")


@little
async def test_an_unfinished_message_counts_until_its_client_leaves(
    connect: Any, app: Any, config: Any
) -> None:
    raw = await RawSocket(await connect()).open()
    await raw.connection.send(frame(PART, final=False, masked=True))
    await raw.connection.send(frame(b"ping", PING, masked=True))
    await until(lambda: held(app) == len(PART), "it is held")
    raw.connection.leave()
    await until(lambda: held(app) == 0, "it has let go")


async def test_a_message_that_stands_still_closes_the_socket(
    connect: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masked_protocol, "STALL_S", 0.05)
    raw = await RawSocket(await connect()).open()
    await raw.connection.send(frame(ASKS[:9], final=False, masked=True))
    assert await raw.close_code() == POLICY_VIOLATION
    await until(lambda: held(app) == 0, "it has let go")


async def test_a_message_that_is_complete_may_be_followed_by_silence(
    connect: Any, app: Any, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = await RawSocket(await connect()).open()
    await raw.connection.send(frame(ASKS[:9], final=False, masked=True))
    await until(lambda: held(app) == 9, "the first part is there")
    await raw.connection.send(frame(ASKS[9:], CONTINUATION, masked=True))
    assert (await backend.next_request()).path == "/api/chat"
    handlers = [entry for entry in app.in_flight if hasattr(entry, "ws_connection")]
    assert handlers[0].ws_connection._timer is None
