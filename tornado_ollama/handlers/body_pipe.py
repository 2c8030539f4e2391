"""Passes a request's body on to Ollama, one piece at a time.

At most one piece is held: the next is read from the client when Ollama has taken the last, so an
upload of any size passes in constant memory.
"""

from __future__ import annotations

import asyncio
import socket

from ..errors import BadRequest
from ..upstream.request import Send
from .peer_closed import peer_closed

WATCH_S = 0.05
"""How often a waiting upload looks whether its client is still there. Tornado does not read while
a piece waits, so it would not notice; a model must not be kept waiting by someone who left."""


STALL_S = 60.0
"""The longest silence of a client in the middle of its upload."""


class BodyPipe:
    """A pipe for one body: `put` takes pieces from the client, `produce` gives them to the request
    to Ollama."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        self._stopped = False

    async def put(self, piece: bytes) -> None:
        """Puts a piece into the pipe, and returns when the next may follow. Raises
        ConnectionResetError where the client has left meanwhile."""
        while not self._stopped:
            try:
                async with asyncio.timeout(WATCH_S):
                    await self._pieces.put(piece)
                return
            except TimeoutError:
                if peer_closed(self._client):
                    raise ConnectionResetError("the client left its upload") from None

    async def end(self) -> None:
        """Marks the body as complete."""
        if not self._stopped:
            await self._pieces.put(b"")

    def stop(self) -> None:
        """Discards the rest of the body: from now on `put` returns at once."""
        self._stopped = True
        while not self._pieces.empty():
            self._pieces.get_nowait()

    async def produce(self, send: Send) -> None:
        """The body producer of the request to Ollama. Raises BadRequest when the client sends
        nothing for too long."""
        while piece := await self._next():
            await send(piece)

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(STALL_S):
                return await self._pieces.get()
        except TimeoutError:
            raise BadRequest(f"The upload stood still for {STALL_S:g} s.") from None
