"""The framing of `/ws`, one rule stricter than Tornado's: clients mask what they send.

RFC 6455, section 5.1: a server closes the connection when a frame is not masked, with 1002 if it
likes. Masks keep a page's script from choosing the bytes that a proxy on the way sees.
"""

from __future__ import annotations

from typing import cast

from tornado.websocket import WebSocketHandler, WebSocketProtocol13

MASKED = 0x80
"""In the second byte of a frame (RFC 6455, section 5.2)."""

PROTOCOL_ERROR = 1002


class MaskedProtocol(WebSocketProtocol13):
    """Closes at the first frame without a mask; what follows is read as after any close, and not
    obeyed."""

    _at_head = False

    async def _receive_frame(self) -> None:
        self._at_head = True
        await super()._receive_frame()

    async def _read_bytes(self, n: int) -> bytes:
        data: bytes = await super()._read_bytes(n)
        if self._at_head and not data[1] & MASKED:
            cast(WebSocketHandler, self.handler).close(PROTOCOL_ERROR, "frames must be masked")
        self._at_head = False
        return data
