"""The HTTP server, which limits how many connections an address may have open.

A connection that is one too many is closed at once, before anything is read from it. Sockets that
have been upgraded (`/ws`) no longer count here; `max_sockets` limits them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from .access.addresses import network_of


class LimitedServer(HTTPServer):
    """Tornado makes it by `initialize`, so its limits are set afterwards."""

    most_per_address: Callable[[], int] = staticmethod(lambda: 0)
    """How many an address may have open now; 0: any number."""
    is_exempt: Callable[[str], bool] = staticmethod(lambda peer: False)
    """Whether a peer is not limited, as a proxy through which many clients come."""

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        super().initialize(*args, **kwargs)
        self._open: Counter[str] = Counter()
        self._clients: dict[IOStream, str] = {}

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        most = self.most_per_address()
        peer = address[0] if isinstance(address, tuple) else None  # a Unix socket has no address
        if most and peer is not None and not self.is_exempt(peer):
            client = network_of(peer)
            if self._open[client] >= most:
                stream.close()
                return
            self._open[client] += 1
            self._clients[stream] = client
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        if isinstance(server_conn, HTTP1ServerConnection):
            client = self._clients.pop(server_conn.stream, None)
            if client is not None:
                self._open[client] -= 1
                if not self._open[client]:
                    del self._open[client]
        super().on_close(server_conn)
