"""Runs the process: listening, signals, reload, shutdown, and the choice of the backend.

One event loop, one process. SIGHUP reads the configuration again. SIGTERM and SIGINT refuse new
requests, let those in flight finish for `listen.drain_timeout` seconds, close sockets with 1001 and
end the process; a second one, a second or more after the first, ends it at once.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from tornado.httpserver import HTTPServer

from .app import MAX_SOCKET_MESSAGE_BYTES, Gateway
from .backend_switch import BackendSwitch, EmbeddedMode
from .certificates import Certificates
from .config import Settings, SettingsReader
from .connections import LimitedServer
from .dispatch.journal import GATHER_S
from .errors import ConfigError, ShuttingDown
from .listen import Listener, listen, raise_descriptor_limit
from .service_manager import ServiceManager
from .signals import hold_signal, on_signal

log = logging.getLogger(__name__)

HEADER_TIMEOUT_S = 75.0
"""Until a request's headers are complete, and how long a kept connection may be silent."""

MAX_HEAD_BYTES = 80 * 1024
"""Of a request: at `localhost` each program gets the cookies of all the others. A larger head ends
the connection, because Tornado has no answer to it."""

MAX_STRAY_BODY_BYTES = 64 * 1024
"""Of a body sent to a route that takes none; routes with bodies count for themselves."""

LAST_WORDS_S = 1.0
"""How long streams are given to say that they are cut."""

SOCKETS_S = 2.0
"""How long WebSockets are given to answer a close frame."""


KEPT_BLOCK_BYTES = 8 * 1024 * 1024
"""glibc takes blocks up to the largest one that was ever freed from a heap of which it keeps twice
that (mallopt(3), M_MMAP_THRESHOLD). Larger ones go back to the kernel, and come again page by page:
a third of the CPU time of a request of 1 MB. Elsewhere this has no effect."""

GARBAGE_OBJECTS = 10_000
"""How many objects more than before there must be for the garbage collector to look: requests leave
nothing for it, only sockets and errors do. Python's own 700 come with a few requests that run side
by side, and to look at them took a thirtieth of the processor time; to look at this many, 4 ms."""

SAME_STOP_S = 1.0
"""How long after a signal to stop another one is taken for the same request to stop: `timeout` and
terminals send one to `make` and one to all that it has started, milliseconds apart."""


def make_http_server(app: Gateway, certificates: Certificates) -> HTTPServer:
    """Makes the HTTP server of a listener. Tornado's `xheaders` stays off, because
    `access/proxies.py` decides which forwarding headers are trusted."""
    server = LimitedServer(
        app,
        ssl_options=certificates.context,
        max_header_size=MAX_HEAD_BYTES,
        max_body_size=MAX_STRAY_BODY_BYTES,
        max_buffer_size=MAX_SOCKET_MESSAGE_BYTES + MAX_STRAY_BODY_BYTES,
        idle_connection_timeout=HEADER_TIMEOUT_S,
        decompress_request=False,
    )

    server.most_per_address = lambda: app.max_connections
    server.is_exempt = lambda peer: app.deps.access.proxies.trusts(peer)

    def renew(context: ssl.SSLContext) -> None:
        server.ssl_options = context  # which Tornado reads for each connection

    certificates.on_change = renew
    return server


def _as_handed_over(settings: Settings, sockets: list[socket.socket]) -> Settings:
    """The settings with the address at which the sockets that were handed over listen, by which
    anonymous access is decided. Raises ConfigError where anybody could then come in without a
    credential."""
    if not sockets:
        return settings
    addresses = [replace(settings.listen, host=sock.getsockname()[0]) for sock in sockets]
    reachable = [address for address in addresses if not address.loopback]
    listens_at = (reachable or addresses)[0]
    if not listens_at.loopback and settings.listen.loopback:
        settings = replace(settings, listen=listens_at)
        if settings.auth.anonymous == "auto" and not settings.auth.configured:
            raise ConfigError(
                f"LISTEN_FDS: the socket that was handed over listens at {listens_at.host}, which "
                "others can reach, and no token is configured; `tornado-ollama token create` makes "
                "one."
            )
    return settings


async def serve(
    settings: Settings,
    reader: SettingsReader,
    embedded: EmbeddedMode = "never",
    announce: Callable[[str], None] = print,
) -> int:
    """Runs the gateway until a signal ends it; returns the exit code. `reader` has read the
    settings, and is used again for a reload. `announce` is called with the line that holds the
    page's address, once the gateway answers there."""
    manager = ServiceManager()
    certificates = Certificates(settings.listen.tls)
    sockets: list[socket.socket] = [Listener.of(taken) for taken in manager.sockets()]
    app = Gateway(_as_handed_over(settings, sockets), GATHER_S)
    server = make_http_server(app, certificates)
    raise_descriptor_limit()
    for line in settings.warnings:
        log.warning("%s", line)
    backend_switch = BackendSwitch(app.backend, app.client, embedded)
    signals = SignalHandler(app, reader, manager, certificates)
    signals.listen_to_signals()  # before the port answers
    try:
        if not sockets:
            address = settings.listen
            sockets = listen(address.host, address.port, reuse_port=address.reuse_port)
        if await signals.comes_before(backend_switch.start()):
            return 0
        await app.start()
        server.add_sockets(sockets)
        bytes(KEPT_BLOCK_BYTES)  # freed at once
        gc.collect()
        gc.freeze()  # what was built at the start lives as long as the process
        gc.set_threshold(GARBAGE_OBJECTS)
        port = sockets[0].getsockname()[1]
        announce(_address(settings, port, app.backend.kind))
        manager.ready()
        certificates.start()
        await signals.requested.wait()
        manager.stopping()
        server.stop()
        await _drain(app, settings.listen.drain_timeout)
    finally:
        hold_signal("SIGHUP")  # the loop takes its handlers along; none may end us meanwhile
        for listening in sockets:
            listening.close()
        await backend_switch.stop()
        await app.close()
        await server.close_all_connections()
        await certificates.stop()
        await manager.stop()
    return 0


class SignalHandler:
    """Handles the process's signals: a reload on SIGHUP, the shutdown on SIGTERM and SIGINT."""

    def __init__(
        self,
        app: Gateway,
        reader: SettingsReader,
        manager: ServiceManager,
        certificates: Certificates,
    ) -> None:
        self._app = app
        self._reader = reader
        self._manager = manager
        self._certificates = certificates
        self._reloading: asyncio.Task[None] | None = None
        self._reload_wanted = False
        self.requested = asyncio.Event()
        self._requested_at = 0.0

    def listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGINT"):
            on_signal(loop, name, self._stop)
        on_signal(loop, "SIGHUP", self._reload)

    async def comes_before(self, work: Coroutine[Any, Any, None]) -> bool:
        """Waits for the work or for a signal. Returns true when the signal comes first, and then
        cancels the work. Raises what the work raises."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self.requested.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done():
            working.result()
            return False
        working.cancel()
        await asyncio.wait({working})
        return True

    def _stop(self) -> None:
        now = asyncio.get_running_loop().time()
        if self.requested.is_set():
            if now - self._requested_at < SAME_STOP_S:
                return
            log.warning("A second signal: ending at once.")
            raise SystemExit(1)
        self._requested_at = now
        log.info("Shutting down: %d requests under way.", len(self._app.in_flight))
        self.requested.set()

    def _reload(self) -> None:
        self._reload_wanted = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._read_and_apply())

    async def _read_and_apply(self) -> None:
        while self._reload_wanted:  # those that come meanwhile want one more, and no more
            self._reload_wanted = False
            self._manager.reloading()
            await self._certificates.refresh()
            try:
                settings, widened = await self._reader.reload()
                self._app.reload(settings)
            except Exception as error:
                self._app.last_reload.refused = True
                foreseen = isinstance(error, ConfigError)
                log.error("The configuration was not reloaded: %s", error, exc_info=not foreseen)
            else:
                self._app.last_reload.refused = False
                for line in widened:
                    log.warning("%s", line)
                log.info("The configuration was reloaded.")
        self._manager.ready()


async def _drain(app: Gateway, seconds: float) -> None:
    app.begin_drain()
    if not await _all_gone(app, seconds):
        log.warning("%d requests did not end in %g s and are cut.", len(app.in_flight), seconds)
        app.fail_all(ShuttingDown())  # streams say so in their last line or event
        await _all_gone(app, LAST_WORDS_S)
        for request in app.in_flight:
            request.drain(now=True)
        await _all_gone(app, SOCKETS_S)


async def _all_gone(app: Gateway, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            while len(app.in_flight):
                await asyncio.sleep(0.05)
    except TimeoutError:
        return False
    return True


def _address(settings: Settings, port: int, kind: str) -> str:
    where = (
        "the embedded backend, a small model for trying things out"
        if kind == "embedded"
        else f"Ollama at {settings.service.base_url}"
    )
    return f"tornado-ollama is at {settings.listen.url(port)}/ and uses {where}."
