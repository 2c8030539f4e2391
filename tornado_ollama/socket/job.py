"""The jobs of a socket: one for each chat or request in flight.

A job owns one fetch. Its frames go through the socket's one writer; while the client is slow, this
job stops reading from Ollama, and others do not. However it ends, it sends exactly one last frame
about it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from ..access.routes import find
from ..dispatch.ask import Ask, Sink
from ..dispatch.fitting import FittedBody, also_ending
from ..dispatch.journal import CANCELLED
from ..dispatch.rates import RateLimiter
from ..dispatch.usage import Usage
from ..errors import GatewayError, UpstreamBroken
from ..handlers.exchanges import OWN_HEADERS
from ..handlers.request_body import too_large
from ..upstream.request import ResponseHead
from ..wire.headers import Headers, in_trace, trace_context
from ..wire.socket import frames
from .account import Account
from .frame_sink import FrameSink, caller_of

log = logging.getLogger(__name__)

MAX_REPLY_BYTES = 64 * 1024 * 1024
"""Largest reply that is not a stream of lines; it is sent as one frame."""


class Job:
    """Base of chats and native requests on a socket: `run` it in a task, `cancel` it from outside.
    It ends with a record in the journal."""

    method: str
    """As in `journal.Record`."""
    path: str

    def __init__(
        self, sink: FrameSink, id: str | None, body_bytes: int, model: str | None = None
    ) -> None:
        """`body_bytes`: the size of the client's frame as long as it is held. `model`: the name as
        the client wrote it."""
        self.id = id
        self._body_bytes = body_bytes
        self._sink = sink
        tracing = sink.deps.process.tracing
        trace = None if tracing is None else tracing.begin(trace_context(dict(sink.asker.headers)))
        self.account = Account(model, trace)
        self._fetch: asyncio.Future[Any] | None = None
        self._status = 200
        self._is_stream = False
        self._collected: list[bytes] = []
        self._collected_bytes = 0
        self._error: Exception | None = None
        self.cancelled = False
        self._why = CANCELLED

    def cancel(self, why: str = CANCELLED) -> None:
        """Cancels the request to Ollama. `why`: the outcome for the journal, of which the first
        counts. The caller decides whether to tell the client."""
        if not self.cancelled:
            self.cancelled, self._why = True, why
        if self._fetch is not None:
            self._fetch.cancel()

    async def run(self) -> None:
        """Runs the job until its last frame is sent. A failure becomes a frame and is not
        raised."""
        try:
            with self._sink.deps.process.body_memory.holding(self._body_bytes):
                await self.work()
        except GatewayError as error:
            self.failed(error)
        except asyncio.CancelledError:
            if not self.cancelled:
                raise
            self.account.outcome = self._why
            self.stopped()
        except Exception:
            log.exception("A job of a socket failed in an unforeseen way")
            self.failed(GatewayError("The gateway failed; its log says more."))
        finally:
            record = self.account.record(self._sink, self.method, self.path)
            self._sink.deps.process.journal.write(record)

    async def work(self) -> None:
        raise NotImplementedError

    def emit(self, frame: bytes) -> Awaitable[None] | None:
        self.account.sent += len(frame)
        return self._sink.emit(frame)

    def queued(self, position: int) -> None:
        """Tells the client its position in the queue for Ollama; 0 when it got its slot."""
        self.emit(frames.frame("queued", self.id, position=position))

    def failed(self, error: GatewayError) -> None:
        self.account.failed(error)
        self.emit(frames.error_frame(self.id, error))

    def stopped(self) -> None:
        self.emit(frames.frame("done", self.id, reason="cancelled"))

    async def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        fitted: FittedBody | None = None,
        **more: Any,
    ) -> None:
        """Sends the request, and passes the reply to `on_stream`, or keeps it in `collected`.
        `fitted`: makes the body that is sent of `body`. Raises BodyTooLarge for too large a
        request, and the GatewayError of an exchange that fails.
        """
        self._go_on()
        self._collected.clear()
        self._collected_bytes = 0
        deps, size = self._sink.deps, len(body or b"")
        caller = caller_of(self._sink)
        self.account.received = size
        max_bytes, limit_name = deps.body_limit(caller.quota)
        if size > max_bytes:
            raise too_large(max_bytes, limit_name)
        if RateLimiter.limits(caller.quota):
            levels = deps.process.rates.admit(caller, computes=find(path).computes)
            if not isinstance(levels, tuple):
                await levels
                self._go_on()
        ask = Ask(method, path, headers=self.own_headers(), body=fitted or body, **more)
        on_usage = also_ending(fitted, self._add_usage)
        sink = Sink(self._on_head, self._on_data, self.queued, on_usage=on_usage)
        self._fetch = deps.dispatcher.submit(caller, ask, sink)
        try:
            await self._fetch
        except asyncio.CancelledError:
            if self._error is None:
                raise
        if self._error is not None:
            raise self._error
        if self._is_stream:
            self.on_stream(b"\n")  # what came without a line's end is a line too

    def own_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of a request to Ollama."""
        headers: Headers = self._sink.asker.headers
        if self.account.trace is not None:
            headers = in_trace(headers, self.account.trace.headers)
        return (*OWN_HEADERS, *headers)

    def _go_on(self) -> None:
        """Raises CancelledError where the job was cancelled between two fetches."""
        if self.cancelled:
            raise asyncio.CancelledError

    def _add_usage(self, usage: Usage) -> None:
        self.account.add_usage(usage, self._sink)

    @property
    def collected(self) -> bytes:
        return b"".join(self._collected)

    def on_head(self, head: ResponseHead) -> None:
        """Called before any data, when `_status` and `_is_stream` are set."""

    def on_stream(self, data: bytes) -> Awaitable[None] | None:
        """Takes the bytes that one read of Ollama's socket brought of a streamed reply."""
        raise NotImplementedError

    def _on_head(self, head: ResponseHead) -> None:
        self._status = head.status
        self.account.answered(head.status)
        self._is_stream = any(
            name.lower() == "content-type" and "ndjson" in value for name, value in head.headers
        )
        self.on_head(head)

    def _on_data(self, data: bytes) -> Awaitable[None] | None:
        """Takes the next bytes of the reply. An exception here is raised in the job's own task
        instead of in the client's callback."""
        try:
            if self._is_stream:
                return self.on_stream(data)
            self._collected_bytes += len(data)
            if self._collected_bytes > MAX_REPLY_BYTES:
                raise UpstreamBroken("Ollama's reply is too large for one frame.")
            self._collected.append(data)
        except Exception as error:
            self._error = error
            if self._fetch is not None:
                self._fetch.cancel()
        return None
