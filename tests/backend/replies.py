"""Honest answers: what a sound server may send, from the usual to the rarely seen.

A piece of a stream is bytes (one HTTP chunk) or an `asyncio.Event`, at which the stream waits
until the test sets it. Each behaviour reads the request's body first unless it says otherwise.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from .server import Exchange
from .transcripts import load

JSON = "application/json; charset=utf-8"
NDJSON = "application/x-ndjson"

Piece = bytes | asyncio.Event


@dataclass
class Reply:
    """An answer with Content-Length. To HEAD it sends the headers only."""

    body: bytes = b""
    status: int = 200
    content_type: str | None = JSON
    headers: Sequence[tuple[str, str]] = ()
    reason: str = "OK"

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        headers = [("Content-Type", self.content_type)] if self.content_type else []
        if self.status not in (204, 304):
            headers.append(("Content-Length", str(len(self.body))))
        exchange.write_head(self.status, [*headers, *self.headers], self.reason)
        await exchange.write(b"" if exchange.method == "HEAD" else self.body)


def json_reply(value: object, status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), status)


class Stream:
    """A chunked answer, piece by piece. `head_gate` holds back even the headers."""

    def __init__(
        self,
        *pieces: Piece,
        status: int = 200,
        content_type: str = NDJSON,
        headers: Sequence[tuple[str, str]] = (),
        head_gate: asyncio.Event | None = None,
    ) -> None:
        self.pieces = pieces
        self.status = status
        self.headers = [
            ("Content-Type", content_type),
            ("Transfer-Encoding", "chunked"),
            *headers,
        ]
        self.head_gate = head_gate

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        if self.head_gate is not None:
            await self.head_gate.wait()
        exchange.write_head(self.status, self.headers)
        await self.send_pieces(exchange)
        await self.end(exchange)

    async def send_pieces(self, exchange: Exchange) -> None:
        for piece in self.pieces:
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            elif piece:
                await exchange.write_chunk(piece)

    async def end(self, exchange: Exchange) -> None:
        await exchange.write(b"0\r\n\r\n")


class NdjsonStream(Stream):
    """A chunked stream of JSON objects, one a chunk, as Ollama sends them."""

    def __init__(self, *lines: object, head_gate: asyncio.Event | None = None) -> None:
        pieces = [
            line
            if isinstance(line, (bytes, asyncio.Event))
            else json.dumps(line, ensure_ascii=False).encode() + b"\n"
            for line in lines
        ]
        super().__init__(*pieces, head_gate=head_gate)


class ErrorLine(NdjsonStream):
    """Some lines, then Ollama's own `{"error"}` line, then a clean end (status stays 200)."""

    def __init__(self, *lines: object, message: str = "model runner has unexpectedly stopped"):
        super().__init__(*lines, {"error": message})


class UntilClose(Stream):
    """A body without any length: the close of the connection is its end (RFC 9112, 6.3)."""

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        exchange.keep_alive = False
        exchange.write_head(self.status, [self.headers[0], ("Connection", "close")])
        for piece in self.pieces:
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                await exchange.write(piece)


class ChunkExtensions(Stream):
    """Chunks with extensions, and a trailer after the last: legal, and sent by nobody we know."""

    async def send_pieces(self, exchange: Exchange) -> None:
        for piece in self.pieces:
            assert isinstance(piece, bytes)
            await exchange.write(b'%x;note="a;b"\r\n%b\r\n' % (len(piece), piece))

    async def end(self, exchange: Exchange) -> None:
        await exchange.write(b"0;last\r\nX-Trailer: one\r\n\r\n")


@dataclass
class Informational:
    """`count` answers 103 before the real one."""

    then: Reply | Stream
    count: int = 1

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * self.count)
        await self.then(exchange)


@dataclass
class EarlyAnswer:
    """Answers after `after` bytes of an upload, then leaves the rest unread, as Go does."""

    status: int = 400
    body: bytes = b'{"error":"digest mismatch"}'
    after: int = 1

    async def __call__(self, exchange: Exchange) -> None:
        exchange.keep_alive = False
        async for _ in exchange.body_pieces():
            if exchange.received >= self.after:
                break
        headers = [("Content-Type", JSON), ("Content-Length", str(len(self.body)))]
        exchange.write_head(self.status, [*headers, ("Connection", "close")])
        await exchange.write(self.body)
        await exchange.until_closed()


ENDS = 250
"""Bytes at either end of a chunk that are sent one by one; shorter chunks are lines of streams."""


def _single_bytes(chunk: bytes) -> list[bytes]:
    first = min(ENDS, len(chunk))
    last = max(first, len(chunk) - ENDS)
    pieces = [chunk[i : i + 1] for i in range(first)]
    pieces += [chunk[first:last]] if first < last else []
    return pieces + [chunk[i : i + 1] for i in range(last, len(chunk))]


@dataclass
class Transcript:
    """Replays a recorded exchange: status, headers in order, chunks exactly.

    `one_byte` sends each byte as a chunk of its own (or, with a Content-Length, a write of its
    own), so that a reader meets every possible split of the stream. Of a long chunk the middle,
    which holds no end of a line and more of the same, is one piece.
    """

    name: str
    version: str = "0.32"
    one_byte: bool = False

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        record = load(self.name, self.version)
        headers = [pair for pair in record.headers if pair[0] != "Connection"]
        exchange.write_head(record.status, headers, record.reason)
        chunked = ("Transfer-Encoding", "chunked") in headers
        for chunk in record.chunks if exchange.method != "HEAD" else ():
            for part in _single_bytes(chunk) if self.one_byte else [chunk]:
                await (exchange.write_chunk(part) if chunked else exchange.write(part))
                if self.one_byte:
                    await asyncio.sleep(0)
        if chunked and exchange.method != "HEAD":
            await exchange.write(b"0\r\n\r\n")
