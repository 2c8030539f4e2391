"""A client masks its frames, or its socket is closed (RFC 6455, section 5.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend, StallBeforeHeaders
from ..waiting import settled
from .sockets import RawSocket

pytestmark = pytest.mark.gen_test

CHAT = {"type": "chat", "id": "a", "model": "smollm2", "messages": []}
TEXT, CONTINUATION, PING, CLOSE = 0x1, 0x0, 0x9, 0x8
FINAL, MASKED = 0x80, 0x80
PROTOCOL_ERROR = 1002


def frame(payload: bytes, opcode: int = TEXT, *, final: bool = True, masked: bool = False) -> bytes:
    """A short or medium frame; the mask is of zeros, which leaves the payload as it is."""
    length, mask = len(payload), MASKED if masked else 0
    size = bytes([mask | length]) if length < 126 else bytes([mask | 126]) + length.to_bytes(2)
    key = b"\0\0\0\0" if masked else b""
    return bytes([(FINAL if final else 0) | opcode]) + size + key + payload


ASKS = json.dumps(CHAT).encode()


@pytest.mark.parametrize(
    "sent",
    [
        frame(ASKS),
        frame(ASKS + b" " * 1000),
        frame(b"x", PING),
        frame(b"", CLOSE),
        frame(ASKS[:9], final=False) + frame(ASKS[9:], CONTINUATION, masked=True),
        frame(ASKS[:9], final=False, masked=True) + frame(ASKS[9:], CONTINUATION),
        frame(b"{}", masked=True) + frame(ASKS),
    ],
    ids=["short", "medium", "ping", "close", "first part", "second part", "second frame"],
)
async def test_a_frame_without_a_mask_closes_the_socket_and_is_not_obeyed(
    connect: Any, backend: Backend, sent: bytes
) -> None:
    raw = await RawSocket(await connect()).open()
    await raw.connection.send(sent + frame(ASKS, masked=True))
    assert await raw.close_code() == PROTOCOL_ERROR
    assert await settled(lambda: len(backend.exchanges)) == 0


async def test_what_runs_on_the_socket_stops_before_it_is_gone(
    connect: Any, app: Any, backend: Backend
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    raw = await RawSocket(await connect()).open()
    await raw.send(CHAT)
    exchange = await backend.next_request()
    await raw.connection.send(frame(b"{}"))
    await exchange.closed.wait()
    assert len(app.in_flight) == 1
    assert await raw.close_code() == PROTOCOL_ERROR


async def test_masked_parts_of_a_message_are_one_message(connect: Any, backend: Backend) -> None:
    raw = await RawSocket(await connect()).open()
    await raw.connection.send(frame(ASKS[:9], final=False, masked=True))
    await raw.connection.send(frame(b"x", PING, masked=True))
    await raw.connection.send(frame(ASKS[9:], CONTINUATION, masked=True))
    assert (await backend.next_request()).path == "/api/chat"
