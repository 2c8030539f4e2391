"""One HTTP/1.1 connection to Ollama: a socket, llhttp, and the exchange that uses it now.

Owns the parsing of replies, the pausing of reads while the reader is slow, and the question
whether the connection may be used again. It must not know about pools, clocks or retries: those
are `client.py`'s. Everything parsed out of one read of the socket is handed over in one call, so
that a token costs no future, no task and no queue.

Whatever goes wrong in a call that asyncio makes ends the exchange with an error and makes the
connection unusable: asyncio would only log it, and whoever asked would wait for ever.

Rules: RFC 9112 (message framing: section 6, keep-alive: section 9.3), RFC 9110 sections 5.5 (a
field's value ends before the blanks behind it) and 15.2 (1xx).
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, Protocol, cast

import httptools

from ..errors import GatewayError, UpstreamBroken
from .unforeseen import unforeseen

READ_BYTES = 256 * 1024
"""The most that one read of the socket returns, and so the most one slow reader holds back."""

MAX_HEAD_BYTES = 64 * 1024
"""Status line and headers of one reply; Go's and nginx's own limits are lower."""

MAX_UNPAID_BYTES = 64 * 1024
"""Received in a row after the head without any payload among it: trailers and the extensions of
chunks are kept by the parser until they end, and no timeout counts them."""

MAX_INFORMATIONAL = 10
"""1xx replies tolerated before the real one, as many as Tornado tolerates."""

# A read is handed to the parser before the next one begins, so all connections can share one
# buffer: a thousand idle ones then cost nothing.
_view = memoryview(bytearray(READ_BYTES))


class Reader(Protocol):
    """What a connection tells its exchange. An exchange ends itself where one of these fails."""

    def on_head(self, status: int, reason: str, headers: list[tuple[str, str]]) -> None: ...

    def on_data(self, data: bytes) -> Awaitable[None] | None:
        """Payload of one read. An awaitable stops the reading until it is done."""

    def on_end(self) -> None:
        """The reply is complete."""

    def on_failure(self, error: GatewayError, *, silent: bool) -> None:
        """The connection is unusable. `silent`: not one byte of a reply had arrived."""


P = ParamSpec("P")


def _breaks_off(
    call: Callable[Concatenate[Connection, P], None],
) -> Callable[Concatenate[Connection, P], None]:
    """A call that asyncio makes: an exception in it ends the exchange and the connection."""

    @functools.wraps(call)
    def guarded(self: Connection, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            call(self, *args, **kwargs)
        except Exception as error:
            self._fail(unforeseen(error))

    return guarded


class Connection(asyncio.BufferedProtocol):
    """A connection, one exchange at a time: `send`, then the reader's calls; afterwards it may be
    used again while it is `usable`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[Connection], None]) -> None:
        """`lost` is called once when the connection has ended, idle or not."""
        self._loop = loop
        self._lost = lost
        self._reader: Reader | None = None
        self._transport: asyncio.Transport
        self._room: asyncio.Future[None] | None = None
        self._resuming: asyncio.Future[None] | None = None
        self.used = 0
        """Exchanges begun on this connection: above 1, the peer may have hung up meanwhile."""
        self._lost_with: Exception | None = None
        self.paused_at = 0.0
        """Loop time at which the reader asked for a rest; its stall clock looks here."""
        self.last_read = 0.0
        """Loop time of the last read, in seconds; the exchange's idle clock looks here."""

    # -- for the exchange ---------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        return not self._transport.is_closing()

    @property
    def paused(self) -> bool:
        """The reader asked for a rest; silence is then not Ollama's."""
        return self._resuming is not None

    def send(self, reader: Reader, head: bytes, *, no_body: bool) -> None:
        """Begins an exchange. `no_body`: the reply to HEAD has headers only (RFC 9112, 6.3)."""
        self._reader = reader
        self._parser = httptools.HttpResponseParser(self)
        self._no_body = no_body
        self._status = 0
        self._reason = b""
        self._headers: list[tuple[str, str]] = []
        self._framed = False
        self._informational = 0
        self._head_bytes = 0
        self._unpaid_bytes = 0
        self._head_ready = False
        self._head_told = False
        self._complete = False
        self._surplus = False
        self._keeps = False
        self._parts: list[bytes] = []
        self.used += 1
        self._transport.write(head)

    def write(self, data: bytes) -> None:
        """Sends a piece of the request's body; `room` says when the next one is welcome."""
        self._transport.write(data)

    async def room(self) -> None:
        """Returns once the socket takes more; at once when the connection is gone."""
        if self._room is not None:
            await self._room

    def abort(self) -> None:
        """Closes at once, discarding what was not sent. The reader is not called again."""
        self._reader = None
        self._transport.abort()

    # -- asyncio.BufferedProtocol -------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _view  # a view, because asyncio's TLS writes into slices of it

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._take_in(nbytes)
        except Exception as error:
            self._fail(unforeseen(error))

    def _take_in(self, nbytes: int) -> None:
        reader = self._reader
        if reader is None:  # bytes on an idle connection belong to no request
            self._transport.abort()
            return
        self.last_read = self._loop.time()
        if not self._head_told:
            self._head_bytes += nbytes
        failure = self._parse(nbytes)
        if self._head_ready and not self._head_told:
            self._head_told = True
            if not 200 <= self._status <= 599:
                self._fail(UpstreamBroken("Ollama answered with a status that HTTP does not have."))
                return
            reader.on_head(self._status, self._reason.decode("latin-1"), self._headers)
        if self._parts and self._reader is reader:
            self._deliver(reader)
        if self._reader is not reader:  # aborted from inside one of its own callbacks
            return
        if failure is not None:
            self._fail(failure)
        elif self._complete and self._resuming is None:
            self._end(reader)

    def eof_received(self) -> None:
        """The transport closes itself next; `connection_lost` draws the conclusion."""

    @_breaks_off
    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        if self._reader is not None and exc is not None:
            self._hear_last_words()
        self._lost_with = exc
        reader = self._reader
        if reader is not None and self._resuming is None:
            self._finish_lost(reader)

    @_breaks_off
    def pause_writing(self) -> None:
        self._room = self._loop.create_future()

    @_breaks_off
    def resume_writing(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    # -- httptools ----------------------------------------------------------------------------

    def on_status(self, status: bytes) -> None:
        if not self._head_ready:
            self._reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_ready:  # a trailer; nothing in this field uses them
            return
        key = name.decode("latin-1")
        if key.lower() in ("content-length", "transfer-encoding"):
            self._framed = True
        self._headers.append((key, value.strip(b" \t").decode("latin-1")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._complete:  # a second reply, to a request that nobody sent
            self._surplus = True
            return
        if 100 <= status < 200:
            self._informational += 1
            return
        self._status = status
        self._head_ready = True
        self._complete = self._no_body
        self._keeps = self._parser.should_keep_alive()  # llhttp forgets it at the message's end

    def on_body(self, body: bytes) -> None:
        if self._complete:
            self._surplus = True
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._head_ready:
            self._complete = True
        else:  # a 1xx; the real reply follows
            self._headers, self._reason, self._framed = [], b"", False

    # -- inside -------------------------------------------------------------------------------

    def _hear_last_words(self) -> None:
        """Reads what Ollama said before it hung up on an upload.

        A refusal (a bad digest, say) is followed by a close; the next write then fails, and
        asyncio gives the connection up without reading what lies ready in the socket.
        """
        sock = self._transport.get_extra_info("socket")
        if sock is None or self._transport.get_extra_info("ssl_object") is not None:
            return
        try:
            while self._reader is not None and (data := os.read(sock.fileno(), READ_BYTES)):
                _view[: len(data)] = data
                self.buffer_updated(len(data))
        except OSError:
            pass  # nothing (more) to read

    def _parse(self, nbytes: int) -> GatewayError | None:
        try:
            self._parser.feed_data(_view[:nbytes])
        except httptools.HttpParserCallbackError as error:  # raised in one of the methods above
            return unforeseen(error)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self._complete:  # garbage after a whole reply: the reply counts
                self._surplus = True
                return None
            broken = UpstreamBroken("Ollama answered with something that is not HTTP.")
            broken.__cause__ = error
            return broken
        if self._informational > MAX_INFORMATIONAL or (
            not self._head_ready and self._head_bytes > MAX_HEAD_BYTES
        ):
            return UpstreamBroken("Ollama answered with too many or too large headers.")
        if self._parts or self._complete or not self._head_told:
            self._unpaid_bytes = 0
            return None
        self._unpaid_bytes += nbytes
        if self._unpaid_bytes > MAX_UNPAID_BYTES:
            return UpstreamBroken("Ollama sent too much that is no part of its reply.")
        return None

    def _deliver(self, reader: Reader) -> None:
        parts = self._parts
        if self._resuming is not None:  # TLS had decrypted more before the pause took hold
            return
        self._parts = []
        rest = reader.on_data(parts[0] if len(parts) == 1 else b"".join(parts))
        if rest is not None and self._reader is reader:
            if self.usable:
                self._transport.pause_reading()
            self.paused_at = self._loop.time()
            self._resuming = asyncio.ensure_future(rest)
            self._resuming.add_done_callback(self._resume)

    @_breaks_off
    def _resume(self, rested: asyncio.Future[None]) -> None:
        self._resuming = None
        error = None if rested.cancelled() else rested.exception()
        reader = self._reader
        if reader is None:
            return
        # OSError: the client has left, and Tornado tells its handler.
        if error is not None and not isinstance(error, OSError):
            self._fail(unforeseen(error))
            return
        self.last_read = self._loop.time()
        if self._parts:
            self._deliver(reader)
        if self._resuming is not None or self._reader is not reader:
            return
        if self._complete:
            self._end(reader)
        elif self.usable:
            self._transport.resume_reading()
        else:
            self._finish_lost(reader)

    def _end(self, reader: Reader) -> None:
        self._reader = None
        if self._surplus or not self._keeps:
            self._transport.abort()
        elif self.usable and not self._transport.is_reading():
            self._transport.resume_reading()
        reader.on_end()

    def _finish_lost(self, reader: Reader) -> None:
        clean = self._lost_with is None
        if self._complete or (self._head_ready and not self._framed and clean):
            self._reader = None  # without a length, the close is the end (RFC 9112, 6.3)
            reader.on_end()
            return
        broken = UpstreamBroken("Ollama broke off the connection before its reply was complete.")
        broken.__cause__ = self._lost_with
        self._fail(broken)

    def _fail(self, error: GatewayError) -> None:
        reader, self._reader = self._reader, None
        self._transport.abort()
        if reader is not None:
            reader.on_failure(error, silent=self._head_bytes == 0)
