"""The gateway's side of the embedded backend: starts the child process, restarts it when it fails,
and ends it.

The child never outlives the gateway: its stdin is a pipe from here, and it ends when that pipe
closes, however this process ends. It has its own process group, so that a Ctrl-C in the terminal
ends the gateway first, which lets running streams finish. Its log lines are written to the
gateway's log.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

READY = "embedded backend on "
"""What the child's one line on stdout begins with; the address follows."""

COMMAND = (sys.executable, "-m", "tornado_ollama", "embedded", "--port", "0", "--exit-with-stdin")

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
"""How long the child may take to end when asked; then it is killed."""

BACKOFF_S = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Waits before the restarts in a row; after the last one has failed too, no more."""

STABLE_S = 60.0
"""A child that lived this long has done well: the restarts are counted anew."""

logger = logging.getLogger(__name__)


class EmbeddedFailed(Exception):
    """The embedded backend could not be started; the message is one sentence."""


class Supervisor:
    def __init__(
        self,
        on_moved: Callable[[str], None] | None = None,
        *,
        command: Sequence[str] = COMMAND,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        """`on_moved` is called with the new base URL after a restart."""
        self._on_moved = on_moved
        self._command = command
        self._backoff_s = backoff_s
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._last_words = ""
        self._watch: asyncio.Task[None] | None = None
        self.url: str | None = None
        """Base URL of the child that serves now."""

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> str:
        """Starts the child, unless it still runs, and waits until it listens. Returns its base
        URL; raises `EmbeddedFailed`. May be called again after `let_go` and `stop`."""
        await self.let_go()
        if not self.alive or self.url is None:
            await self._end_child()
            await self._launch()
        self._watch = asyncio.create_task(self._keep_alive())
        assert self.url is not None
        return self.url

    async def let_go(self) -> None:
        """Stops restarting: the child is not started again when it ends."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
            self._watch = None

    async def stop(self) -> None:
        """Ends the child and waits for its end. May be called at any time, and twice."""
        await self.let_go()
        await self._end_child()

    async def _launch(self) -> str:
        self._last_words = ""
        # A session of its own: Ctrl-C reaches the gateway alone. uvloop has no `process_group`.
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            **options,
        )
        assert process.stdout is not None and process.stderr is not None
        log_reader = asyncio.create_task(self._pass_log_on(process.stderr))
        self._readers = [log_reader]
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                line = (await process.stdout.readline()).decode("utf-8", "replace").strip()
                if not line.startswith(READY):
                    # It has ended, or is about to; its last line says why.
                    await log_reader
                    reason = self._last_words or f"it said {line!r}"
                    raise EmbeddedFailed(f"The embedded backend does not start: {reason}")
        except TimeoutError:
            await self._end_child()
            raise EmbeddedFailed(
                f"The embedded backend does not start within {READY_TIMEOUT_S:.0f} s."
            ) from None
        except BaseException:
            await self._end_child()
            raise
        self._readers.append(asyncio.create_task(_drain(process.stdout)))
        self.url = line.removeprefix(READY)
        return self.url

    async def _keep_alive(self) -> None:
        """Restarts the child each time it ends, until too many restarts in a row have failed."""
        loop, failures = asyncio.get_running_loop(), 0
        while self._process is not None:
            began = loop.time()
            code = await self._process.wait()
            await self._end_child()
            if loop.time() - began >= STABLE_S:
                failures = 0
            while True:
                if failures == len(self._backoff_s):
                    logger.error("The embedded backend ended again and again; giving up.")
                    return
                wait = self._backoff_s[failures]
                failures += 1
                logger.warning(
                    "The embedded backend ended with code %s; starting it again in %g s.",
                    code,
                    wait,
                )
                await asyncio.sleep(wait)
                try:
                    url = await self._launch()
                    break
                except (EmbeddedFailed, OSError) as failure:
                    logger.warning("%s", failure)
            if self._on_moved is not None:
                self._on_moved(url)

    async def _end_child(self) -> None:
        """Asks the child to end by closing its stdin, then by signal, and collects it."""
        process, self.url = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            logger.warning("The embedded backend does not end; killing it.")
            process.kill()
            await process.wait()
        await asyncio.wait(self._readers)
        self._process = None  # only now: who is cancelled on the way may come again

    async def _pass_log_on(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                raw = await stream.readline()
            except ValueError:
                # A line beyond the reader's limit; what follows of it is read as another one.
                continue
            if not raw:
                return
            line = raw.decode("utf-8", "replace").rstrip()
            if line:
                self._last_words = line
                logger.info("embedded: %s", line)


async def _drain(stream: asyncio.StreamReader) -> None:
    """Reads and discards the child's stdout after its first line. The child should write nothing
    more; if it does, a full pipe must not block it."""
    while await stream.read(4096):
        continue
