"""What a client that watches the queue is sent: its state, as `GET /queue` tells it, at once and
whenever it has changed, once a second at most."""

from __future__ import annotations

import asyncio
import contextlib

from tornado.iostream import StreamClosedError

from ..dispatch.journal import CANCELLED
from ..handlers.queue import queue_state
from ..wire.socket import frames
from .frame_sink import FrameSink, caller_of

INTERVAL_S = 1.0
"""Shortest time between two frames."""


class WatchJob:
    """One `watch` of a socket. It asks nothing of Ollama and is no unit of work. Each frame is made
    for what the credential may see at that time."""

    def __init__(self, sink: FrameSink, id: str) -> None:
        self.id: str | None = id
        self._sink = sink
        self._over = asyncio.Event()

    def cancel(self, why: str = CANCELLED) -> None:
        self._over.set()

    async def run(self) -> None:
        """Sends frames until it is cancelled. While the client is slow to read them, no further one
        is made."""
        told: bytes | None = None
        with contextlib.suppress(StreamClosedError):
            while not self._over.is_set():
                state = queue_state(self._sink.deps.dispatcher, caller_of(self._sink))
                frame = frames.frame("activity", self.id, **state)
                if frame != told:
                    told = frame
                    await self._send(frame)
                await self._pause()
            await self._send(frames.frame("done", self.id, reason="cancelled"))

    async def _send(self, frame: bytes) -> None:
        written = self._sink.emit(frame)
        if written is not None:
            await written

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INTERVAL_S):
                await self._over.wait()
