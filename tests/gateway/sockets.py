"""WebSocket clients for the tests of `/ws`: the `websockets` library, with bounded waits, and one
without manners."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tornado_ollama.config import load

from ..raw_client import RawConnection
from ..waiting import PATIENCE_S

HANDSHAKE = (
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)


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


class RawSocket:
    """A client that does what no library does: it goes on after it was sent away."""

    def __init__(self, connection: RawConnection) -> None:
        self.connection = connection

    async def open(self, *headers: tuple[str, str]) -> RawSocket:
        await self.connection.send_request("GET", "/ws", [*HANDSHAKE, *headers])
        assert (await self.connection.read_head()).status == 101
        return self

    async def send(self, frame: Any) -> None:
        """Masked with zeros, which leaves the payload as it is (RFC 6455, section 5.3)."""
        payload = json.dumps(frame).encode()
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
        await self.connection.send(b"\x81" + size + b"\0\0\0\0" + payload)

    async def close_code(self) -> int:
        """Reads up to the server's close frame, and does not answer it."""
        reader = self.connection.reader
        async with asyncio.timeout(PATIENCE_S):
            while True:
                opcode, length = await reader.readexactly(2)
                if length == 126:
                    length = int.from_bytes(await reader.readexactly(2), "big")
                payload = await reader.readexactly(length)
                if opcode == 0x88:
                    return int.from_bytes(payload[:2], "big")


def reload(app: Any, config_file: Path, config: dict[str, Any]) -> None:
    """Lets the gateway read its file again; `config` replaces what is at its top."""
    whole = json.loads(config_file.read_text(encoding="utf-8")) | config
    config_file.write_text(json.dumps(whole), encoding="utf-8")
    app.reload(load(config_file, {}, {}))
