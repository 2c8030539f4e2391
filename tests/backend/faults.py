"""Broken answers, named for what they do. Each reads the request's body first.

Those that stall do so until the peer hangs up, so a test can wait for `exchange.closed`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .replies import NDJSON, Stream
from .server import Exchange

LINE = b'{"model":"smollm2","message":{"role":"assistant","content":"Hi"},"done":false}\n'


@dataclass
class StallBeforeHeaders:
    """Takes the request and never answers: a model that loads for ever."""

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        await exchange.until_closed()


class StallMidLine(Stream):
    """Sends `lines` whole lines and half of another, then falls silent."""

    def __init__(self, lines: int = 2) -> None:
        super().__init__(*([LINE] * lines), LINE[:30])

    async def end(self, exchange: Exchange) -> None:
        await exchange.until_closed()


class CutMidLine(Stream):
    """Sends `lines` whole lines and half of another, then closes: the runner died.

    `reset` ends with RST instead of FIN.
    """

    def __init__(self, lines: int = 2, *, reset: bool = False) -> None:
        super().__init__(*([LINE] * lines), LINE[:30])
        self.reset = reset

    async def end(self, exchange: Exchange) -> None:
        exchange.keep_alive = False
        if self.reset:
            exchange.connection.reset()


class CutBetweenLines(CutMidLine):
    """Sends `lines` whole lines and closes without the last chunk."""

    def __init__(self, lines: int = 2) -> None:
        super().__init__(lines)
        self.pieces = self.pieces[:-1]


class SlowHeaders:
    """The head arrives byte by byte; after `pause_at` bytes it waits for `gate`."""

    def __init__(self, body: bytes = b"{}", *, pause_at: int = 20, gate: asyncio.Event) -> None:
        self.body = body
        self.pause_at = pause_at
        self.gate = gate

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(self.body)
        )
        for index in range(len(head)):
            if index == self.pause_at:
                await self.gate.wait()
            await exchange.write(head[index : index + 1])
            await asyncio.sleep(0)
        await exchange.write(self.body)


class HugeLine(Stream):
    """One line of `size` bytes without an end, in chunks of 64 KiB."""

    def __init__(self, size: int) -> None:
        super().__init__(*([b"x" * 65536] * (size // 65536)))


@dataclass
class Reset:
    """Resets the connection (RST) once the request has been read; nothing is answered."""

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        exchange.keep_alive = False
        exchange.connection.reset()


@dataclass
class GarbageStatusLine:
    """Answers with something that is not HTTP."""

    text: bytes = b"\x16\x03\x01 not http at all\r\n\r\n"

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        exchange.keep_alive = False
        await exchange.write(self.text)


@dataclass
class HugeHeaders:
    """A head of `size` bytes."""

    size: int = 1 << 20

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        exchange.keep_alive = False
        filler = b"X-Filler: " + b"a" * 1000 + b"\r\n"
        await exchange.write(b"HTTP/1.1 200 OK\r\n" + filler * (self.size // len(filler)))
        await exchange.write(b"Content-Length: 0\r\n\r\n")


@dataclass
class WrongContentLength:
    """Promises `promised` bytes, sends fewer and closes."""

    body: bytes = b'{"models":'
    promised: int = 100

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        exchange.keep_alive = False
        exchange.write_head(
            200, [("Content-Type", "application/json"), ("Content-Length", str(self.promised))]
        )
        await exchange.write(self.body)


@dataclass
class KeepAliveThenClose:
    """Promises keep-alive, answers, and closes the idle connection when `gate` is set."""

    gate: asyncio.Event
    body: bytes = b"{}"

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        headers = [("Content-Type", NDJSON), ("Content-Length", str(len(self.body)))]
        exchange.write_head(200, headers)
        await exchange.write(self.body)
        await self.gate.wait()
        exchange.keep_alive = False
