"""systemd's protocols: readiness and watchdog by datagrams (sd_notify), and sockets that it hands
over (sd_listen_fds). Without systemd's variables nothing of it has an effect.

Sources: the manual pages sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3).
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress

from .errors import ConfigError

log = logging.getLogger(__name__)

FIRST_DESCRIPTOR = 3
"""Of those that are handed over."""


class ServiceManager:
    """The service manager that started this process, where there is one."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        """Takes its variables out of the environment, so that child processes do not believe they
        were meant."""
        self._address = environ.pop("NOTIFY_SOCKET", "")
        self._watchdog_s = _watchdog_s(environ)
        self._descriptors = _descriptors(environ)
        self._watching: asyncio.Task[None] | None = None

    def sockets(self) -> list[socket.socket]:
        """The listening sockets that were handed over; empty: listen yourself. Raises ConfigError
        for one that is not a listening TCP socket."""
        found = []
        for descriptor in self._descriptors:
            try:
                taken = socket.socket(fileno=descriptor)
                listens = taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            except OSError as error:
                raise ConfigError(f"LISTEN_FDS: descriptor {descriptor}: {error}") from error
            if not listens or taken.family not in (socket.AF_INET, socket.AF_INET6):
                raise ConfigError(
                    f"LISTEN_FDS: descriptor {descriptor} is no listening TCP socket; "
                    "in the socket unit use ListenStream= with an address and a port."
                )
            taken.set_inheritable(False)
            found.append(taken)
        return found

    def ready(self) -> None:
        """Says that requests are answered, and begins to feed the watchdog. Call it on the loop: a
        loop that hangs feeds nothing, and is killed."""
        self._tell("READY=1")
        if self._watchdog_s and self._watching is None:
            self._watching = asyncio.create_task(self._feed(self._watchdog_s))

    def reloading(self) -> None:
        """Says that the configuration is being read again; `ready` says that it has been."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Says that the shutdown has begun. The watchdog is fed until `stop`."""
        self._tell("STOPPING=1")

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def _feed(self, seconds: float) -> None:
        while True:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(seconds / 2)  # as sd_watchdog_enabled(3) advises

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = f"\0{address[1:]}"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(state.encode(), address)
        except (OSError, AttributeError) as error:  # AttributeError: Windows
            log.warning("The service manager cannot be told %s: %s", state.split("\n")[0], error)


def _watchdog_s(environ: MutableMapping[str, str]) -> float:
    """How often the watchdog must be fed, in seconds; 0: there is none."""
    process, microseconds = environ.pop("WATCHDOG_PID", ""), environ.pop("WATCHDOG_USEC", "")
    if process not in ("", str(os.getpid())) or not microseconds.isdecimal():
        return 0.0
    return int(microseconds) / 1e6


def _descriptors(environ: MutableMapping[str, str]) -> range:
    process, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if process != str(os.getpid()) or not count.isdecimal():
        return range(0)
    return range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + int(count))
