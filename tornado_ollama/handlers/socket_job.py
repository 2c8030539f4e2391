"""What runs behind a socket: one job for each chat or request under way.

A job owns one fetch. Its frames go through the socket's one writer; while the client is slow, the
job's own reading of Ollama rests, and nobody else's. However it ends, it says so exactly once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any, Protocol

from tornado.httpclient import HTTPResponse

from ..access.principal import Principal
from ..errors import GatewayError, UpstreamAnswer, UpstreamBroken
from ..upstream.request import ResponseHead
from ..wire import socket as protocol
from ..wire.ndjson import LineSplitter
from ..wire.openai.errors import native_error
from .deps import Deps

MAX_REPLY_BYTES = 64 * 1024 * 1024
"""Largest reply that is not a stream of lines; it is sent as one frame."""


class Outlet(Protocol):
    """The socket, as a job sees it."""

    deps: Deps
    principal: Principal | None

    def emit(self, frame: str) -> Awaitable[None] | None:
        """Sends a frame; an awaitable: the client is slow, wait for it."""

    def headers_up(self) -> list[tuple[str, str]]: ...


class Job:
    """Base of both kinds: `run` it in a task, `cancel` it from outside."""

    def __init__(self, outlet: Outlet, id: str | None) -> None:
        self.id = id
        self._outlet = outlet
        self._fetch: asyncio.Future[HTTPResponse] | None = None
        self._status = 200
        self._lines = LineSplitter()
        self._is_stream = False
        self._collected: list[bytes] = []
        self._collected_bytes = 0
        self._error: GatewayError | None = None
        self.cancelled = False

    def cancel(self) -> None:
        """Hangs up on Ollama. Whether the client is told is the caller's business."""
        self.cancelled = True
        if self._fetch is not None:
            self._fetch.cancel()

    async def run(self) -> None:
        """Ends when everything has been said; a failure is said as a frame, not raised."""
        try:
            await self.work()
        except GatewayError as error:
            self.failed(error)
        except asyncio.CancelledError:
            if not self.cancelled:
                raise
            self.stopped()

    async def work(self) -> None:
        raise NotImplementedError

    def failed(self, error: GatewayError) -> None:
        self._outlet.emit(protocol.error_frame(self.id, error.status, error.message))

    def stopped(self) -> None:
        self._outlet.emit(protocol.frame("done", self.id, reason="cancelled"))

    async def exchange(self, method: str, path: str, body: bytes | None, **more: Any) -> None:
        """Sends the request and hands the reply to `on_line` or keeps it in `collected`."""
        if self.cancelled:
            raise asyncio.CancelledError
        self._fetch = self._outlet.deps.ollama.fetch(
            method,
            path,
            headers=[("Content-Type", "application/json"), *self._outlet.headers_up()],
            body=body,
            on_head=self._on_head,
            on_data=self._on_data,
            **more,
        )
        try:
            await self._fetch
        except asyncio.CancelledError:
            if self._error is None:
                raise
        if self._error is not None:
            raise self._error
        rest = self._lines.close()
        if rest:
            self.on_line(rest)

    @property
    def collected(self) -> bytes:
        return b"".join(self._collected)

    def on_head(self, head: ResponseHead) -> None:
        """Before any data. `_status` and `_is_stream` are set."""

    def on_line(self, line: bytes) -> Awaitable[None] | None:
        raise NotImplementedError

    def _on_head(self, head: ResponseHead) -> None:
        self._status = head.status
        self._is_stream = any(
            name.lower() == "content-type" and "ndjson" in value for name, value in head.headers
        )
        self.on_head(head)

    def _on_data(self, data: bytes) -> Awaitable[None] | None:
        try:
            if self._is_stream:
                rest = None
                for line in self._lines.feed(data):
                    rest = self.on_line(line) or rest
                return rest
            self._collected_bytes += len(data)
            if self._collected_bytes > MAX_REPLY_BYTES:
                raise UpstreamBroken("Ollama's reply is too large for one frame.")
            self._collected.append(data)
        except GatewayError as error:
            self._error = error
            if self._fetch is not None:
                self._fetch.cancel()
        return None


def read_record(line: bytes) -> dict[str, Any]:
    """A line of Ollama's, decoded. Raises what it says, when it says an error."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise UpstreamBroken("Ollama answered with something that cannot be read.")
    if record.get("error"):
        failure = native_error(500, line)
        raise UpstreamAnswer(failure.message, status=failure.status)
    return record
