"""Sends and receives the frames of one WebSocket, with limits for slow clients. Wraps Tornado's
part of `/ws`; does not know what the frames mean."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable

from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

from ..access.credentials import SUBPROTOCOL
from ..handlers.base import BaseHandler
from ..handlers.stream_write import write_now
from ..wire.rfc6455 import text_frame
from .masked_protocol import MaskedProtocol

STRANGER_BYTES = 16 * 1024
"""Largest message of a socket without a credential: a token is no longer."""


class SocketTransport(BaseHandler, WebSocketHandler):
    """One WebSocket. Subclasses implement `opened` and `on_frame`."""

    _socket_stream: IOStream
    _congested: asyncio.Future[None] | None = None

    def opened(self) -> None:
        """Called after the handshake, before the first frame."""
        raise NotImplementedError

    def on_frame(self, message: str | bytes) -> None:
        """Takes a frame of an open socket. Must not wait: while it runs, Tornado reads nothing from
        the socket, not even a pong."""
        raise NotImplementedError

    @property
    def is_known(self) -> bool:
        """Whether the client has been authenticated."""
        raise NotImplementedError

    def emit(self, frame: bytes) -> Awaitable[None] | None:
        """Sends a text frame. Returns an awaitable where the client is slow: wait for it before the
        next frame."""
        if not self._is_open:
            return None
        self.sent += len(frame)
        self._congested = write_now(self._socket_stream, text_frame(frame))
        return self._congested

    def heed_size(self) -> None:
        """Applies a changed `max_message_size` to a socket that is already open."""
        assert isinstance(self.ws_connection, WebSocketProtocol13)
        self.ws_connection.params.max_message_size = self.max_message_size

    @property
    def _is_open(self) -> bool:
        """Whether neither side has begun to close. Tornado delivers frames that arrive after our
        own close frame."""
        return self.ws_connection is not None and not self.ws_connection.is_closing()

    # -- Tornado's hooks ----------------------------------------------------------------------

    async def respond(self) -> None:
        await WebSocketHandler.get(self)

    def check_origin(self, origin: str) -> bool:
        return True  # `admit` has looked, also where Tornado would not ask

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        protocol = super().get_websocket_protocol()
        if not isinstance(protocol, WebSocketProtocol13):
            return protocol
        return MaskedProtocol(self, False, protocol.params)

    @property
    def max_message_size(self) -> int:
        """The longest message in bytes; Tornado reads it at the handshake."""
        full: int = super().max_message_size
        return full if self.is_known else min(full, STRANGER_BYTES)

    def open(self, *args: str, **kwargs: str) -> None:
        self.upgraded = True
        self.set_nodelay(True)
        assert self.ws_connection is not None and self.ws_connection.stream is not None
        self._socket_stream = self.ws_connection.stream
        self.opened()

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Takes a message from Tornado. If the client is slow to read our frames, no further
        message is read until they have left: a client that sends without reading must not fill the
        memory."""
        if not self._is_open:
            return None
        self._congested = None
        self.on_frame(message)
        return None if self._congested is None else _until_sent(self._congested)

    def on_finish(self) -> None:
        if self.get_status() != 101:  # the handshake's end is the socket's beginning
            super().on_finish()


async def _until_sent(written: asyncio.Future[None]) -> None:
    with contextlib.suppress(StreamClosedError):
        await written
