"""The gateway's certificate: loaded at the start, and again when its files change or at a reload.

A renewed certificate holds for new connections; those that are open keep theirs. One that cannot be
used is refused, and the old one stays.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import Callable
from contextlib import suppress

from .config.topics.listen import Tls
from .errors import ConfigError

log = logging.getLogger(__name__)

LOOK_S = 10.0
"""How often the files are looked at."""

_State = tuple[tuple[int, int, int], ...]


class Certificates:
    """The certificate of one listener. `start` watches its files, `stop` ends that."""

    def __init__(self, tls: Tls) -> None:
        """Raises ConfigError for a certificate or key that cannot be used."""
        self._tls = tls
        self._seen = self._state()
        self.context = load(tls)
        """None: no certificate is configured."""
        self.on_change: Callable[[ssl.SSLContext], object] = bool
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self.context is not None:
            self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def refresh(self) -> None:
        """Loads the files again if they have changed. Logs a certificate that cannot be used, and
        keeps the old one."""
        if self.context is None:
            return
        state = await asyncio.to_thread(self._state)
        if state == self._seen:
            return
        self._seen = state  # also of one that is refused: the next change is looked at
        try:
            context = await asyncio.to_thread(load, self._tls)
        except ConfigError as error:
            log.error("%s The old certificate stays.", error)
            return
        assert context is not None
        self.context = context
        self.on_change(context)
        log.info("A new certificate is in use.")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self.refresh()

    def _state(self) -> _State:
        """What tells one version of the files from another."""
        found = []
        for path in filter(None, (self._tls.cert_file, self._tls.key_file)):
            with suppress(OSError):
                stat = os.stat(path)
                found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        return tuple(found)


def load(tls: Tls) -> ssl.SSLContext | None:
    """The TLS context of a listener; None where no certificate is configured. Raises
    ConfigError."""
    if tls.cert_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"listen.tls: certificate and key cannot be used: {error}") from error
    return context
