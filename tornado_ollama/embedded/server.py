"""The child process of the embedded backend: listens, prints its address, loads the model, ends on
request.

Prints exactly one line on stdout, when it listens: `embedded backend on http://HOST:PORT`.
Everything else goes to the log. It ends on SIGTERM and SIGINT and, where asked, when its stdin
reaches its end, which happens whenever the parent process ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from .base import Parts
from .catalogue import Catalogue
from .engine import Engine
from .installed import ModelFile
from .routes import make_app

READY = "embedded backend on "
"""What the line on stdout begins with; the address follows."""

MAX_BODY_BYTES = 64 * 1024 * 1024

logger = logging.getLogger(__name__)


async def serve(
    file: ModelFile,
    *,
    host: str,
    port: int,
    threads: int | None,
    exit_with_stdin: bool,
    announce: Callable[[str], None],
) -> None:
    """Serves until a signal or the end of stdin; `announce` is called with the line to print.
    Raises `OSError` when it cannot listen, `LoadFailed` or `ValueError` when the model cannot be
    loaded."""
    engine = Engine(file.path, threads)
    app = make_app(Parts(engine, Catalogue(file)))
    server = HTTPServer(app, max_body_size=MAX_BODY_BYTES, max_buffer_size=2 * MAX_BODY_BYTES)
    stop = asyncio.Event()
    _stop_on_signals(stop)  # before the port answers: a client may end us as soon as it does
    sockets = bind_sockets(port, host)
    server.add_sockets(sockets)
    if exit_with_stdin:
        _stop_at_end_of_stdin(stop)
    address = f"[{host}]" if ":" in host else host
    announce(f"{READY}http://{address}:{sockets[0].getsockname()[1]}")
    loading = asyncio.ensure_future(_load(engine))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if loading.done():
            loading.result()
        await stopping
    finally:
        server.stop()
        stopping.cancel()
        await asyncio.wait({loading})
        await server.close_all_connections()
        await engine.close()


async def _load(engine: Engine) -> None:
    async with engine.use():
        return


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            # Windows has no signals on its loop.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _stop_at_end_of_stdin(stop: asyncio.Event) -> None:
    """Stops the server when stdin ends. It waits in a thread, because not every event loop can wait
    for every kind of stdin; and by `os.read`, because a thread inside `sys.stdin` would hold a lock
    that the interpreter needs to exit."""
    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()

    def wait() -> None:
        try:
            while os.read(number, 1024):
                continue
        except OSError as error:
            logger.debug("stdin: %s", error)
        try:
            loop.call_soon_threadsafe(stop.set)
        except RuntimeError:
            # The loop has ended first.
            return

    threading.Thread(target=wait, name="stdin", daemon=True).start()
