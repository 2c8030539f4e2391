"""One request and its reply: which connection it uses, which timeout is running, how it ends.

An exchange walks through connecting, sending, waiting for the head, and reading; in each of these
`abort` closes the connection at once, which is what makes Ollama stop computing. It ends exactly
once: `done` is called with a response or an error, or, after `abort`, not at all. An exception in
any call from outside is such an end, too.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, Protocol

from tornado.httputil import HTTPHeaders, HTTPInputError

from ..errors import (
    ClientStalled,
    GatewayError,
    UpstreamBroken,
    UpstreamTimeout,
)
from .connection import Connection
from .failures import unforeseen, unreachable
from .request import PIECE_BYTES, BodyProducer, ResponseHead, UpstreamRequest, in_pieces

MAX_COLLECTED_BYTES = 128 * 1024 * 1024
"""Largest reply kept whole, for those who did not ask to have it piece by piece: 2048 embeddings of
4096 numbers fit. A translated one takes three times its size for a moment."""

STALLED_CLIENT_S = 120.0
"""How long a client may leave its reply unread: meanwhile Ollama has a slot taken for it."""


class Pool(Protocol):
    """Gives an exchange its connection and takes it back."""

    def take(self) -> Connection | None:
        """An idle connection, or None when there is none."""

    async def connect(self) -> Connection: ...

    def give_back(self, connection: Connection) -> None: ...


OnData = Callable[[bytes], Awaitable[None] | None]


def _take_nothing(_: bytes) -> None:
    """Of an exchange that has ended."""


P = ParamSpec("P")


def _ends_it(
    call: Callable[Concatenate[Exchange, P], None],
) -> Callable[Concatenate[Exchange, P], None]:
    """Decorates a method that is called from outside: an exception in it ends the exchange with an
    error."""

    @functools.wraps(call)
    def guarded(self: Exchange, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            call(self, *args, **kwargs)
        except Exception as error:
            self.fail(unforeseen(error))

    return guarded


class Exchange:
    """A request in flight. Implements `connection.Reader`."""

    def __init__(
        self,
        request: UpstreamRequest,
        head: bytes,
        pool: Pool,
        done: Callable[[GatewayError | None], None],
    ) -> None:
        """`head`: request line and headers as bytes. `done` gets None after a whole reply."""
        self._request = request
        # The connection calls it for every token, so nothing of ours stands between.
        self.on_data: OnData = request.streaming_callback or self._collect
        self._head = head
        self._pool = pool
        self._done: Callable[[GatewayError | None], None] | None = done
        """None: it was called, or nobody wants to hear of the end."""
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None  # connecting, then uploading
        self._timer: asyncio.TimerHandle | None = None
        self._sent_at = 0.0
        self._blocked = False  # Ollama does not take more of the upload
        self.unwanted: Callable[[], bool] = bool
        """Whether whoever asked has cancelled; the abort that follows may be a moment away."""
        self.response: ResponseHead | None = None
        self.headers = HTTPHeaders()
        self.collected: list[bytes] = []
        self._collected_bytes = 0

    @property
    def url(self) -> str:
        return self._request.url

    @_ends_it
    def start(self) -> None:
        connection = self._pool.take()
        if connection is not None:
            self._send_on(connection)
        else:
            self._task = self._loop.create_task(self._connect())

    def abort(self) -> None:
        """Ends the exchange in whatever phase it is, and closes its connection; `done` is not
        called."""
        self._done = None
        self._stop()

    # -- connecting and sending ---------------------------------------------------------------

    async def _connect(self) -> None:
        seconds = self._request.connect_timeout
        try:
            async with asyncio.timeout(seconds or None):
                connection = await self._pool.connect()
        except TimeoutError:
            self.fail(
                UpstreamTimeout(
                    f"Ollama did not accept a connection within {seconds:g} s "
                    "(service.connect_timeout)."
                )
            )
        except (OSError, UnicodeError) as error:  # UnicodeError: no possible host name
            self.fail(unreachable(error))
        except Exception as error:
            self.fail(unforeseen(error))
        else:
            self._task = None
            self._send_on(connection)

    @_ends_it
    def _send_on(self, connection: Connection) -> None:
        request = self._request
        self._connection = connection
        body, producer = request.body or b"", request.producer
        chunked = request.body_length is None
        if len(body) > PIECE_BYTES:
            body, producer = b"", in_pieces(body)
        connection.send(self, self._head + body, no_body=request.method == "HEAD")
        self._sent_at = self._loop.time()
        if request.first_byte_timeout:
            self._timer = self._loop.call_later(self._to_first_byte[0], self._tick)
        if producer is not None:
            self._task = self._loop.create_task(self._upload(connection, producer, chunked))

    async def _upload(self, connection: Connection, producer: BodyProducer, chunked: bool) -> None:
        async def send(data: bytes) -> None:
            if data and connection.usable:
                connection.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                self._blocked = True
                await connection.room()
                self._blocked = False
                self._sent_at = self._loop.time()

        try:
            await producer(send)
            if chunked and connection.usable:
                connection.write(b"0\r\n\r\n")
        except GatewayError as error:
            self.fail(error)
        except Exception as error:
            self.fail(unforeseen(error))
        else:
            self._sent_at = self._loop.time()
            self._task = None

    # -- connection.Reader --------------------------------------------------------------------

    @_ends_it
    def on_head(self, status: int, reason: str, headers: list[tuple[str, str]]) -> None:
        self.response = ResponseHead(status, reason, headers)
        try:
            self.headers = self.response.http_headers()
        except HTTPInputError as error:
            broken = UpstreamBroken("Ollama answered with a header that HTTP does not allow.")
            broken.__cause__ = error
            self.fail(broken)
            return
        self._stop_timer()
        if self._request.idle_timeout:
            self._timer = self._loop.call_later(self._request.idle_timeout, self._tick)
        if self._request.header_callback is not None:
            for line in self.response.lines():
                self._request.header_callback(line)
        if self._request.head_callback is not None:
            self._request.head_callback(self.response)

    def _collect(self, data: bytes) -> None:
        self._collected_bytes += len(data)
        if self._collected_bytes > MAX_COLLECTED_BYTES:
            self.fail(UpstreamBroken("Ollama's reply is too large to be collected."))
        else:
            self.collected.append(data)

    @_ends_it
    def on_end(self) -> None:
        connection = self._connection
        assert connection is not None
        if self._task is None and connection.usable:
            self._pool.give_back(connection)
            self._connection = None
        self._stop()  # still uploading: Ollama answered early, and does not want the rest
        self._tell(None)

    @_ends_it
    def on_failure(self, error: GatewayError, *, silent: bool) -> None:
        connection = self._connection
        if silent and connection is not None and connection.used > 1 and self._request.replayable:
            # The pooled connection was dead before it was used: once more, on a new one.
            self._connection = None
            self._stop_timer()
            self._task = self._loop.create_task(self._connect())
            return
        self.fail(error)

    # -- timeouts and ends --------------------------------------------------------------------

    @property
    def _to_first_byte(self) -> tuple[float, str]:
        """The timeout until the reply's first byte, in seconds, and the names of the settings it is
        made of."""
        request = self._request
        if request.whole_reply and request.idle_timeout:
            seconds = request.first_byte_timeout + request.idle_timeout
            return seconds, "service.load_timeout and service.timeout"
        return request.first_byte_timeout, "service.load_timeout"

    @_ends_it
    def _tick(self) -> None:
        """Checks how long Ollama has sent nothing, and sets the timer again while that is within
        the timeout. There is one timer for each phase instead of one for each chunk, which would be
        set 20 times a second."""
        connection, request = self._connection, self._request
        assert connection is not None
        if self.response is None:
            limit, key = self._to_first_byte
            since = self._sent_at
            resting = self._task is not None and not self._blocked
        else:
            limit, since, key = request.idle_timeout, connection.last_read, "service.timeout"
            resting = connection.paused
        left = since + limit - self._loop.time()
        if resting:  # the client is the slow one
            left = limit
            if connection.paused:
                left = min(left, connection.paused_at + STALLED_CLIENT_S - self._loop.time())
                if left <= 0:
                    self.fail(ClientStalled(f"The reply was not taken for {STALLED_CLIENT_S:g} s."))
                    return
        if left > 0:
            self._timer = self._loop.call_later(left, self._tick)
            return
        what = "begun to answer" if self.response is None else "sent anything"
        self.fail(UpstreamTimeout(f"Ollama has not {what} for {limit:g} s ({key})."))

    def fail(self, error: GatewayError) -> None:
        """Ends the exchange in whatever phase it is, with this error."""
        self._stop()
        self._tell(error)

    def _tell(self, error: GatewayError | None) -> None:
        """Calls `done` once; later calls have no effect."""
        done, self._done = self._done, None
        if done is None:
            return
        try:
            done(error)
        except Exception as fault:
            done(unforeseen(fault))

    def _stop(self) -> None:
        """Closes the connection, unless the pool has it back, stops the exchange's timers and
        tasks, and drops the request's body and callbacks."""
        self._stop_timer()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._task = None
        if self._connection is not None:
            self._connection.abort()
        self._request.release()
        self.on_data = _take_nothing

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
