"""Who asks over a socket without reading the answers does not fill the gateway's memory."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tornado.iostream import IOStream, StreamClosedError

pytestmark = pytest.mark.gen_test

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MASK = b"\0\0\0\0"  # a mask of zeros leaves the payload as it is (RFC 6455, section 5.3)
PING = b'{"type":"ping"}'
FRAME = bytes([0x81, 0x80 | len(PING)]) + MASK + PING
ENOUGH = 64 * 1024 * 1024
"""Far more than the buffers of the two sockets hold."""


async def test_a_client_that_never_reads_is_not_read(
    http_server: Any, http_port: int, _unused_port: Any
) -> None:
    # Small buffers are soon full; a connection has those of the socket that listens.
    _unused_port[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", http_port))
    stream = IOStream(client)
    await stream.write(HANDSHAKE)
    await stream.read_until(b"\r\n\r\n")
    pings = FRAME * 4096
    sent = 0
    while sent < ENOUGH:
        try:
            written = stream.write(pings)
        except StreamClosedError:  # it has answered no ping of the gateway's for too long
            break
        for _ in range(200):
            if written.done():
                break
            await asyncio.sleep(0.001)  # a turn for the gateway, which shares the loop
        if not written.done():
            break
        sent += len(pings)
    stream.close()
    assert sent < ENOUGH
