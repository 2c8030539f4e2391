"""The client to Ollama: Tornado's `AsyncHTTPClient` interface over our own connections.

Why not Tornado's two: neither can abort a request, so a model would go on computing for a client
that left; one opens a connection per request, the other cannot stream uploads or slow down a
stream (`docs/architecture.md` has the figures). Here, cancelling the future of `fetch` closes the
connection in every phase, connections are kept and used again, and a callback that returns an
awaitable stops the reading.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from io import BytesIO
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit
from weakref import WeakSet

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from ..errors import GatewayError, ShuttingDown
from ..keepalive import keep_alive
from ..wire.headers import request_head
from .connection import Connection
from .exchange import Exchange
from .request import UpstreamRequest

IDLE_SECONDS = 55.0
"""How long an unused connection is kept: below the 60 s after which most proxies close theirs."""

MAX_IDLE = 256
"""Unused connections kept per origin; above this they are closed when their request ends."""


class OriginPool:
    """The connections to one scheme, host and port. Implements `exchange.Pool`."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._idle: dict[Connection, float] = {}
        """With the time of the event loop at which it is closed, the earliest first."""
        self._expiry: asyncio.TimerHandle | None = None
        """One timer for all of them: setting one for each reply would cost more than the pool."""
        self._open: WeakSet[Connection] = WeakSet()

    def take(self) -> Connection | None:
        """Returns the idle connection that was used last, because it is the least likely to have
        been closed by Ollama."""
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.usable:
                return connection
        return None

    async def connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        transport, connection = await loop.create_connection(
            lambda: Connection(loop, self._forget),
            self._host,
            self._port,
            ssl=self._tls,
        )  # no `happy_eyeballs_delay`: cancelled at the wrong moment it loses the open socket
        self._open.add(connection)
        keep_alive(transport.get_extra_info("socket"))
        return connection

    def give_back(self, connection: Connection) -> None:
        if len(self._idle) >= MAX_IDLE:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        until = self._idle[connection] = loop.time() + IDLE_SECONDS
        if self._expiry is None:
            self._expiry = loop.call_at(until, self._expire)

    def close(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._idle.clear()
        for connection in tuple(self._open):
            connection.abort()

    def _expire(self) -> None:
        """Closes the connections whose time has come, and waits for the next."""
        loop = asyncio.get_running_loop()
        self._expiry = None
        for connection, until in tuple(self._idle.items()):
            if until > loop.time():
                self._expiry = loop.call_at(until, self._expire)
                return
            del self._idle[connection]
            connection.abort()

    def _forget(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._idle.pop(connection, None)


class UpstreamClient(AsyncHTTPClient):
    """`fetch(UpstreamRequest)`: a future of the response; cancelling it closes the connection.

    `raise_error=False` is what a proxy wants: every status is a result then. Raises
    `UpstreamUnavailable`, `UpstreamTimeout` and `UpstreamBroken`, never Tornado's 599.
    Make it with `UpstreamClient(force_instance=True)`, inside the running loop.
    """

    def initialize(self, defaults: dict[str, Any] | None = None) -> None:
        super().initialize(defaults)
        self._pools: dict[tuple[str, str, int], OriginPool] = {}
        self._under_way: dict[asyncio.Future[HTTPResponse], Exchange] = {}
        self._newest: Exchange

    def fetch(
        self, request: str | HTTPRequest, raise_error: bool = True, **kwargs: Any
    ) -> asyncio.Future[HTTPResponse]:
        """See `AsyncHTTPClient.fetch`. Cancelling the future closes the connection. Raises
        `ShuttingDown` after `close`."""
        if self._closed:
            raise ShuttingDown()
        if isinstance(request, str):
            request = UpstreamRequest(request, **kwargs)
            kwargs = {}
        if not isinstance(request, UpstreamRequest):
            raise TypeError("fetch takes a URL or an UpstreamRequest")
        future = super().fetch(request, raise_error, **kwargs)
        exchange = self._newest  # fetch_impl has just run, inside the call above
        del self._newest  # it holds the request's body
        exchange.unwanted = future.cancelled

        def settled(future: asyncio.Future[HTTPResponse]) -> None:
            del self._under_way[future]
            if future.cancelled():
                exchange.abort()

        self._under_way[future] = exchange
        future.add_done_callback(settled)
        exchange.start()
        return future

    def fetch_impl(self, request: HTTPRequest, callback: Callable[[HTTPResponse], None]) -> None:
        asked = cast(UpstreamRequest, cast(Any, request).request)  # out of Tornado's proxy
        url = urlsplit(asked.url)
        end_callback = asked.end_callback

        def done(error: GatewayError | None) -> None:
            head = exchange.response
            if exchange.unwanted():
                return
            if error is not None or head is None:
                response = HTTPResponse(request, 599, error=error)
            else:
                body = b"".join(exchange.collected)
                exchange.collected.clear()  # a reply may be large, and what is made of it too
                response = HTTPResponse(
                    request,
                    head.status,
                    reason=head.reason,
                    headers=exchange.headers,
                    buffer=BytesIO(body),
                )
            callback(response)
            if end_callback is not None:
                end_callback()

        head = request_head(asked.method, url, asked.fields, asked.body_length)
        exchange = Exchange(asked, head, self._pool(url), done)
        self._newest = exchange

    def is_asking(self, base_url: str) -> bool:
        """Whether a request to this server is in flight."""
        return any(exchange.url.startswith(f"{base_url}/") for exchange in self._under_way.values())

    def fail(self, fetch: asyncio.Future[HTTPResponse], error: GatewayError) -> None:
        """Ends the exchange behind this future of `fetch` with this error."""
        exchange = self._under_way.get(fetch)
        if exchange is not None:
            exchange.fail(error)

    def fail_all(self, error: GatewayError) -> None:
        """Ends every exchange in flight with this error."""
        for exchange in tuple(self._under_way.values()):
            exchange.fail(error)

    def close(self) -> None:
        """Ends every exchange with `ShuttingDown`, and closes all connections."""
        super().close()
        self.fail_all(ShuttingDown())
        for pool in self._pools.values():
            pool.close()

    def _pool(self, url: SplitResult) -> OriginPool:
        tls = url.scheme == "https"
        key = (url.scheme, url.hostname or "", url.port or (443 if tls else 80))
        pool = self._pools.get(key)
        if pool is None:
            context = ssl.create_default_context() if tls else None
            pool = self._pools[key] = OriginPool(key[1], key[2], context)
        return pool
