"""The writer of a streamed reply: framing, backpressure, and an end by which the client can tell a
whole reply from a truncated one.

Headers wait for the first bytes, so that both leave in one packet and an early failure can still
become a proper error. After that a piece costs one system call: while nothing is queued, the chunk
goes straight to the socket, which saves a third of the CPU per token against `IOStream.write`. What
the socket does not take, and all that TLS encrypts, goes through `IOStream`, whose futures are the
backpressure. They are per write; `RequestHandler.flush` has room for one only, and loses the first
when a second begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable

from tornado.http1connection import HTTP1Connection
from tornado.web import RequestHandler

from .stream_write import write_now

HELD_BYTES = 64 * 1024
"""A reply of known length up to this is sent in one piece, when it is complete."""

LAST_WORDS_S = 5.0
"""How long a slow client is given to take the error line before its connection is cut."""


class Downstream:
    """Writes one streamed reply to the client: `start`, then `write` as often as needed, then
    `finish`, or `cut` after a failure."""

    def __init__(self, handler: RequestHandler) -> None:
        self._handler = handler
        connection = handler.request.connection
        assert isinstance(connection, HTTP1Connection)
        self._stream = connection.stream
        self._connection = connection
        self._raw = False
        self._chunked = False
        self._held_length = 0
        self._length_known = False
        self.started = False
        self.flushed = False
        """Bytes have left: the status can no longer be changed."""
        self.sent = 0
        """Payload bytes so far, without framing."""
        self.first_byte_at: float | None = None
        self._latest = b"\n"

    def start(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Sets status and headers, which are sent with the first bytes. A header given here
        replaces the server's own of that name."""
        handler = self._handler
        headers = list(headers)
        if status == 204:  # has no body, and so no length (RFC 9110, section 8.6)
            headers = [pair for pair in headers if pair[0].lower() != "content-length"]
        handler.set_status(status)
        handler.clear_header("Content-Type")
        length = None
        for name, _ in headers:
            handler.clear_header(name)
        for name, value in headers:
            handler.add_header(name, value)
            if name.lower() == "content-length":
                length = int(value)
        self.started = True
        self._length_known = length is not None
        self._held_length = length if length is not None and length <= HELD_BYTES else 0
        request = handler.request
        self._raw = length is None and request.method != "HEAD"
        self._chunked = request.version == "HTTP/1.1"
        self._stream.set_nodelay(True)

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Sends a piece of the reply. Returns an awaitable where the client is slow: wait for it
        before the next piece."""
        if not data:  # as a chunk it would be the end of the reply
            return None
        self.sent += len(data)
        self._latest = data
        if not self.flushed:
            return self._first(data)
        if self._raw:
            framed = b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data
            return write_now(self._stream, framed)
        self._handler.write(data)
        return _unless_done(self._handler.flush())  # a known length has one writer: the relay

    @property
    def at_line_end(self) -> bool:
        """Whether the payload so far is empty or ends with a line feed."""
        return self._latest.endswith(b"\n")

    @property
    def congested(self) -> bool:
        """Whether the client has not yet taken all that was written."""
        return self._stream.writing()

    def flush(self) -> None:
        """Sends what is held back: at least the headers."""
        if not self.flushed:
            self.flushed = True
            self._handler.flush()

    def finish(self, *, closes: bool = False) -> None:
        """Ends the reply as complete. `closes`: close the connection as well."""
        unmarked = self.flushed and not self._length_known
        if self._handler.request.method == "HEAD" and not self._length_known:
            self.flush()  # or Tornado would add a length that GET does not have
        self._handler.finish()
        old = self._handler.request.version == "HTTP/1.0"
        # Without chunks only a close can say so, whatever the client asked for.
        if (closes or (unmarked and old)) and not self._stream.closed():
            self._stream.write(b"").add_done_callback(lambda _: self._connection.close())

    async def cut(self, last: bytes = b"") -> None:
        """Sends these last bytes and closes the connection without the last chunk, so that the
        client sees a truncated reply."""
        if last and self._raw and not self._stream.closed():
            written = self.write(last)
            if written is not None:  # a wait that does not cancel: Tornado's future cannot take it
                await asyncio.wait([asyncio.ensure_future(written)], timeout=LAST_WORDS_S)
        self._connection.close()

    def _first(self, data: bytes) -> Awaitable[None] | None:
        self.first_byte_at = self._handler.request.request_time()
        self._handler.write(data)
        if self.sent < self._held_length:
            return None
        self.flushed = True
        return _unless_done(self._handler.flush())


def _unless_done(future: asyncio.Future[None]) -> Awaitable[None] | None:
    return None if future.done() else future
