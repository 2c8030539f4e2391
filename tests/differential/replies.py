"""Ollama's replies as bytes on the wire, so that they can be cut anywhere."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ..backend import Exchange, Recorded

Pause = Callable[[], Awaitable[None]]


@dataclass
class Wire:
    """Sends the pieces as they are, with a pause between them that lets the gateway read each.
    `close`: ends the connection afterwards."""

    pieces: Sequence[bytes]
    pause: Pause
    close: bool = False

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        exchange.keep_alive = not self.close
        for number, piece in enumerate(self.pieces):
            if number:
                await self.pause()
            await exchange.write(piece)


def recorded(record: Recorded) -> bytes:
    """A recorded reply as it was on the wire, but for `Connection`."""
    kept = [pair for pair in record.headers if pair[0] != "Connection"]
    chunked = ("Transfer-Encoding", "chunked") in kept
    head = reply_head(record.status, record.reason, kept)
    if record.method == "HEAD":
        return head
    return head + (in_chunks(record.chunks) if chunked else record.body)


def streamed(chunks: Sequence[bytes], status: int = 200) -> bytes:
    """A stream of NDJSON."""
    fields = [("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")]
    return reply_head(status, "OK", fields) + in_chunks(chunks)


def whole(body: bytes, status: int = 200, kind: str = "application/json; charset=utf-8") -> bytes:
    """A reply with Content-Length."""
    return (
        reply_head(status, "OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        + body
    )


def reply_head(status: int, reason: str, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def in_chunks(chunks: Sequence[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks if one) + b"0\r\n\r\n"


def cut_up(data: bytes, chance: random.Random, cuts: int) -> list[bytes]:
    """The data in so many cuts more pieces, none of them empty."""
    places = sorted(chance.sample(range(1, len(data)), min(cuts, len(data) - 1))) if data else []
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
