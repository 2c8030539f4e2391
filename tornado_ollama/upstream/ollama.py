"""Ollama as the handlers see it: takes a method, a path and a body, and returns a future of the
reply's end.

Joins the client, the address of the server that serves now (the real Ollama, or the embedded
backend while there is none), and the timeouts of `service.*`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from tornado.httpclient import HTTPResponse

from ..errors import GatewayError
from ..wire.headers import Headers
from ..wire.target import Upstream
from .client import UpstreamClient
from .request import BodyProducer, ResponseHead, UpstreamRequest

Kind = Literal["ollama", "embedded"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The timeouts of a request, in seconds; 0 means none. `UpstreamRequest` says what each
    limits."""

    connect: float
    first_byte: float
    idle: float


class Backend:
    """The server that requests go to: the real Ollama, or the embedded backend while there is none.
    After a switch requests in flight stay where they are, and new ones go to the new server."""

    def __init__(self, base_url: str) -> None:
        """`base_url`: `service.base_url`."""
        self.real = self.upstream = Upstream(base_url)
        self.kind: Kind = "ollama"

    def set_real(self, base_url: str) -> None:
        """Sets the address of the real Ollama, after a reload of the settings. New requests go
        there at once unless the embedded backend serves them now."""
        self.real = Upstream(base_url)
        if self.kind == "ollama":
            self.upstream = self.real

    def use_real(self) -> None:
        self.upstream, self.kind = self.real, "ollama"

    def use_embedded(self, base_url: str) -> None:
        self.upstream, self.kind = Upstream(base_url), "embedded"


class Ollama:
    """Sends requests to the server that serves now, without a slot. Requests that run inference
    must get a slot first: they go through the dispatcher."""

    def __init__(self, client: UpstreamClient, backend: Backend, timeouts: Timeouts) -> None:
        self.client = client
        self.backend = backend
        self._timeouts = timeouts

    @property
    def url(self) -> str:
        """The server that serves now."""
        return self.backend.upstream.base_url

    def fetch(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Headers = (),
        body: bytes | None = None,
        producer: BodyProducer | None = None,
        on_head: Callable[[ResponseHead], None] | None = None,
        on_data: Callable[[bytes], Awaitable[None] | None] | None = None,
        on_end: Callable[[], None] | None = None,
        runs_long: bool = False,
        whole_reply: bool = False,
        replayable: bool | None = None,
        timeout: float | None = None,
    ) -> asyncio.Future[HTTPResponse]:
        """Sends a request to a canonical path. Every status is a result; cancelling closes the
        connection.

        `on_end` is `end_callback` of `UpstreamRequest`, `runs_long` switches the idle timeout off,
        `whole_reply` is as in `UpstreamRequest`. `timeout` shortens all timeouts to that many
        seconds, for probes. Raises `UpstreamUnavailable`, `UpstreamTimeout` and `UpstreamBroken`.
        """
        timeouts = self._timeouts
        if timeout is not None:
            timeouts = Timeouts(timeout, timeout, timeout)
        return self.client.fetch(
            UpstreamRequest(
                self.backend.upstream.url(path, query),
                method,
                headers,
                body,
                body_producer=producer,
                head_callback=on_head,
                streaming_callback=on_data,
                end_callback=on_end,
                connect_timeout=timeouts.connect,
                first_byte_timeout=timeouts.first_byte,
                idle_timeout=0 if runs_long else timeouts.idle,
                whole_reply=whole_reply,
                replayable=replayable,
            ),
            raise_error=False,
        )

    def fail(self, fetch: asyncio.Future[HTTPResponse], error: GatewayError) -> None:
        """Closes the connection as cancelling does, but the future of `fetch` raises this error."""
        self.client.fail(fetch, error)
