"""A WebSocket client for the tests of `/ws`: the `websockets` library, with bounded waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE_S = 10.0


class Socket:
    """One connection to `/ws`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, frame: Any) -> None:
        """Sends text as it is, anything else as JSON."""
        await self.connection.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    async def text(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            received = await self.connection.recv()
        assert isinstance(received, str)
        return received

    async def frame(self) -> dict[str, Any]:
        frame = json.loads(await self.text())
        assert isinstance(frame, dict)
        return frame

    async def until(self, type: str, id: str | None = None) -> list[dict[str, Any]]:
        """All frames up to the first of this type (and id)."""
        frames = [await self.frame()]
        while frames[-1]["type"] != type or (id is not None and frames[-1].get("id") != id):
            frames.append(await self.frame())
        return frames

    async def closed(self) -> tuple[int | None, list[str]]:
        """The close code, and the texts that came before it."""
        texts = []
        try:
            while True:
                texts.append(await self.text())
        except ConnectionClosed:
            return self.connection.close_code, texts

    def leave(self) -> None:
        """Gone without a close frame, as when the network is."""
        self.connection.transport.abort()


@asynccontextmanager
async def socket(
    port: int,
    *,
    headers: Sequence[tuple[str, str]] = (),
    subprotocols: Sequence[str] | None = None,
    origin: str | None = None,
    **options: Any,
) -> AsyncIterator[Socket]:
    async with connect(
        f"ws://localhost:{port}/ws",
        additional_headers=list(headers),
        subprotocols=subprotocols,  # type: ignore[arg-type]
        origin=origin,  # type: ignore[arg-type]
        proxy=None,
        compression=None,
        close_timeout=1,
        **options,
    ) as connection:
        yield Socket(connection)
