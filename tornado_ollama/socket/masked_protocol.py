"""The framing of `/ws`, two rules stricter than Tornado's: clients mask what they send, and a
message of several fragments takes its part of the memory that is meant for bodies.

RFC 6455, section 5.1: a server closes the connection when a frame is not masked, with 1002 if it
likes. Masks keep a page's script from choosing the bytes that a proxy on the way sees.

Tornado collects a message from any number of fragments, for any time. Here they count as they
arrive, and it may not stand still.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from tornado.websocket import WebSocketProtocol13

from ..errors import Overloaded

if TYPE_CHECKING:
    from .transport import SocketTransport

MASKED = 0x80
"""In the second byte of a frame (RFC 6455, section 5.2)."""

PROTOCOL_ERROR, POLICY_VIOLATION, TRY_AGAIN_LATER = 1002, 1008, 1013

STALL_S = 60.0
"""The longest silence in the middle of a message of several fragments. One in the middle of a frame
is ended by the pings: no pong can come then."""


class MaskedProtocol(WebSocketProtocol13):
    """Reads frames as Tornado does, and closes the connection at the first one without a mask;
    frames after it are not acted upon. Closes with 1013 where the memory for bodies is full, and
    with 1008 where the next fragment of a message does not come in time."""

    _at_head = False
    _held = 0
    """Bytes of an unfinished message, as they are counted in the memory for bodies."""
    _timer: asyncio.TimerHandle | None = None

    async def _receive_frame_loop(self) -> None:
        try:
            await super()._receive_frame_loop()
        finally:
            self._hold(0)

    async def _receive_frame(self) -> None:
        self._at_head = True
        await super()._receive_frame()
        fragments = self._fragmented_message_buffer
        try:
            self._hold(0 if fragments is None else len(fragments))
        except Overloaded:
            self._drop(TRY_AGAIN_LATER, "limits.max_buffered_bytes is reached")
            return
        if fragments is not None:
            self._timer = asyncio.get_running_loop().call_later(
                STALL_S, self._drop, POLICY_VIOLATION, f"the message stood still for {STALL_S:g} s"
            )

    async def _read_bytes(self, n: int) -> bytes:
        data: bytes = await super()._read_bytes(n)
        if self._at_head and not data[1] & MASKED:
            self._socket.close(PROTOCOL_ERROR, "frames must be masked")
        self._at_head = False
        return data

    @property
    def _socket(self) -> SocketTransport:
        return cast("SocketTransport", self.handler)

    def _hold(self, size: int) -> None:
        """Counts the bytes of a message held so far, and starts the timeout for its next fragment.
        Raises Overloaded."""
        memory = self._socket.deps.process.body_memory
        if size > self._held:
            memory.take(size - self._held)
        else:
            memory.give_back(self._held - size)
        self._held = size
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop(self, code: int, reason: str) -> None:
        """Closes the connection without reading what else the client sends."""
        self._socket.close(code, reason)
        self._abort()
