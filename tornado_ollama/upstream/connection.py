"""One HTTP/1.1 connection to Ollama: a socket, a reply's parser, and the exchange that uses it.

Owns the pausing of reads while the consumer is slow, and the decision whether the connection may be
used again. It must not know about pools, timeouts or retries: those are `client.py`'s. Everything
parsed out of one read of the socket is handed over in one call, so that a token costs no future, no
task and no queue.

An exception in a call that asyncio makes ends the exchange with an error and makes the connection
unusable: asyncio would only log it, and the caller would wait for ever.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, Protocol, cast

from ..errors import GatewayError, UpstreamBroken
from .failures import unforeseen
from .reply_parser import ReplyParser

READ_BYTES = 256 * 1024
"""The most that one read of the socket returns, and so the most one slow reader holds back."""

# A read is handed to the parser before the next one begins, so all connections can share one
# buffer: a thousand idle ones then cost nothing.
_view = memoryview(bytearray(READ_BYTES))


class Reader(Protocol):
    """Receives the events of a connection; in practice it is an exchange. Its methods must not
    raise: an exchange turns an exception in one into its own end."""

    @property
    def on_data(self) -> Callable[[bytes], Awaitable[None] | None]:
        """Takes the payload of one read of the socket. A returned awaitable pauses reading until it
        is done. An exception in it is a failure of the connection."""

    def on_head(self, status: int, reason: str, headers: list[tuple[str, str]]) -> None: ...

    def on_end(self) -> None:
        """Called when the reply is complete."""

    def on_failure(self, error: GatewayError, *, silent: bool) -> None:
        """Called when the connection has failed and cannot be used again. `silent`: no byte of a
        reply had arrived."""


P = ParamSpec("P")


def _breaks_off(
    call: Callable[Concatenate[Connection, P], None],
) -> Callable[Concatenate[Connection, P], None]:
    """Decorates a method that asyncio calls: an exception in it ends the exchange with an error and
    closes the connection."""

    @functools.wraps(call)
    def guarded(self: Connection, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            call(self, *args, **kwargs)
        except Exception as error:
            self._fail(unforeseen(error))

    return guarded


class Connection(asyncio.BufferedProtocol):
    """A connection that carries one exchange at a time. After `send` it calls the reader; when the
    reply is complete it may be used again while `usable` is true."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[Connection], None]) -> None:
        """`lost` is called once when the connection has closed, with an exchange in flight or
        idle."""
        self._loop = loop
        self._lost = lost
        self._reader: Reader | None = None
        self._transport: asyncio.Transport
        self._room: asyncio.Future[None] | None = None
        self._resuming: asyncio.Future[None] | None = None
        self.used = 0
        """Exchanges begun on this connection: above 1, the peer may have closed meanwhile."""
        self._lost_with: Exception | None = None
        self.paused_at = 0.0
        """Loop time, in seconds, of the last pause of reading; the stall timeout begins here."""
        self.last_read = 0.0
        """Loop time, in seconds, of the last read; the idle timeout begins here."""

    # -- for the exchange ---------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        return not self._transport.is_closing()

    @property
    def paused(self) -> bool:
        """Reading is paused because the consumer is slow; the idle timeout does not count this
        time."""
        return self._resuming is not None

    def send(self, reader: Reader, head: bytes, *, no_body: bool) -> None:
        """Begins an exchange. `no_body`: the reply to HEAD has headers only (RFC 9112, 6.3)."""
        self._reader = reader
        self._reply = ReplyParser(no_body=no_body)
        self._head_told = False
        self.used += 1
        self._transport.write(head)

    def write(self, data: bytes) -> None:
        """Sends a piece of the request's body; wait for `room` before the next."""
        self._transport.write(data)

    async def room(self) -> None:
        """Returns when the socket's buffer has room for more, or when the connection is closed."""
        if self._room is not None:
            await self._room

    def abort(self) -> None:
        """Closes at once, discarding what was not sent. The reader is not called again."""
        self._take_reader()
        self._transport.abort()

    # -- asyncio.BufferedProtocol -------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _view  # a view, because asyncio's TLS writes into slices of it

    def buffer_updated(self, nbytes: int) -> None:
        reader = self._reader
        if reader is None:  # bytes on an idle connection belong to no request
            self._transport.abort()
            return
        try:  # not `_breaks_off`: this is called for every token, and spares the call
            self.last_read = self._loop.time()
            reply = self._reply
            failure = reply.feed(_view[:nbytes])
            if not self._head_told:
                self._tell_head(reader)
                if self._reader is not reader:
                    return
            if reply.parts:
                self._deliver(reader)
            if self._reader is not reader:  # aborted from inside one of its own callbacks
                return
            if failure is not None:
                self._fail(failure)
            elif reply.complete and self._resuming is None:
                self._end(reader)
        except Exception as error:
            self._fail(unforeseen(error))

    def eof_received(self) -> None:
        """Leaves it to asyncio to close the transport, after which `connection_lost` ends the
        exchange."""

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

    # -- inside -------------------------------------------------------------------------------

    def _hear_last_words(self) -> None:
        """Reads the reply that Ollama sent before it closed the connection during an upload.

        When Ollama refuses an upload (a bad digest, say) it answers and closes. The next write then
        fails, and asyncio drops the connection without reading the answer that is already in the
        socket's buffer.
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

    def _tell_head(self, reader: Reader) -> None:
        reply = self._reply
        if not reply.head_ready:
            return
        self._head_told = True
        if 200 <= reply.status <= 599:
            reader.on_head(reply.status, reply.reason, reply.headers)
        else:
            self._fail(UpstreamBroken("Ollama answered with a status that HTTP does not have."))

    def _deliver(self, reader: Reader) -> None:
        if self._resuming is not None:  # TLS had decrypted more before the pause took hold
            return
        parts, self._reply.parts = self._reply.parts, []
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
        if self._reply.parts:
            self._deliver(reader)
        if self._resuming is not None or self._reader is not reader:
            return
        if self._reply.complete:
            self._end(reader)
        elif self.usable:
            self._transport.resume_reading()
        else:
            self._finish_lost(reader)

    def _take_reader(self) -> Reader | None:
        """Ends the exchange for this connection: what arrives from now on belongs to nobody."""
        reader, self._reader = self._reader, None
        if reader is not None:
            self._reply.release()
        return reader

    def _end(self, reader: Reader) -> None:
        self._take_reader()
        if self._reply.surplus or not self._reply.keeps_alive:
            self._transport.abort()
        elif self.usable and not self._transport.is_reading():
            self._transport.resume_reading()
        reader.on_end()

    def _finish_lost(self, reader: Reader) -> None:
        reply, clean = self._reply, self._lost_with is None
        if reply.complete or (reply.head_ready and not reply.framed and clean):
            self._take_reader()  # without a length, the close is the end (RFC 9112, 6.3)
            reader.on_end()
            return
        broken = UpstreamBroken("Ollama broke off the connection before its reply was complete.")
        broken.__cause__ = self._lost_with
        self._fail(broken)

    def _fail(self, error: GatewayError) -> None:
        reader = self._take_reader()
        self._transport.abort()
        if reader is not None:
            reader.on_failure(error, silent=self._reply.head_bytes == 0)
