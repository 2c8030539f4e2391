"""A client that sends exactly the bytes it is given and sees exactly the bytes that come back.

No test of a proxy can trust a client library: it would repair what it reads.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .waiting import PATIENCE_S

Headers = Sequence[tuple[str, str]]


@dataclass
class RawResponse:
    """A reply. `complete` is True only if its framing said that this is all of it."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    chunks: list[bytes] = field(default_factory=list)
    complete: bool = False

    def get_list(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        values = self.get_list(name)
        assert len(values) < 2, f"{name} was answered {len(values)} times"
        return values[0] if values else None

    def json(self) -> Any:
        return json.loads(self.body)


class RawConnection:
    """One TCP connection to a server. All waits are bounded by PATIENCE_S."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, port

    async def open(
        self, tls: ssl.SSLContext | None = None, source: str | None = None
    ) -> RawConnection:
        """Connects; `source` is the address of 127.0.0.0/8 to come from (Linux)."""
        self.reader, self.writer = await asyncio.open_connection(
            self.host,
            self.port,
            limit=1 << 20,
            ssl=tls,
            # A proxy need not answer to `close_notify`: other clients do not wait for it either.
            ssl_shutdown_timeout=0.01 if tls else None,
            family=socket.AF_INET if source else socket.AF_UNSPEC,
            local_addr=(source, 0) if source else None,
        )
        return self

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_request(
        self, method: str, target: str, headers: Headers = (), body: bytes | None = None
    ) -> None:
        await self.send(request_bytes(method, target, headers, body))

    async def request(
        self, method: str, target: str, headers: Headers = (), body: bytes | None = None
    ) -> RawResponse:
        await self.send_request(method, target, headers, body)
        return await self.read_response(head_only=method == "HEAD")

    async def read_head(self) -> RawResponse:
        """Status line and headers, 1xx included."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
        status_line, *lines = head[:-4].decode("latin-1").split("\r\n")
        _, status, reason = (status_line + " ").split(" ", 2)
        pairs = [(name, value.strip()) for name, _, value in (x.partition(":") for x in lines)]
        return RawResponse(int(status), reason.strip(), pairs)

    async def read_response(self, *, head_only: bool = False) -> RawResponse:
        response = await self.read_head()
        if head_only or response.status in (204, 304) or response.status < 200:
            response.complete = True
            return response
        return await self.read_body(response)

    async def read_body(self, response: RawResponse) -> RawResponse:
        """Reads to the end that the framing names, or to the point where it was cut."""
        length = response.header("content-length")
        if response.header("transfer-encoding") == "chunked":
            while chunk := await self.read_chunk(response):
                response.chunks.append(chunk)
            response.body = b"".join(response.chunks)
        elif length is not None:
            response.body = await self._read(int(length))
            response.complete = len(response.body) == int(length)
        else:
            async with asyncio.timeout(PATIENCE_S):
                response.body = await self.reader.read()
            response.complete = True
        return response

    async def read_chunk(self, response: RawResponse) -> bytes:
        """The next chunk; empty at the end, and `response.complete` then says if it was clean."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
                data = await self.reader.readexactly(size)
                assert await self.reader.readexactly(2) == b"\r\n"
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        response.complete = size == 0
        return data

    async def _read(self, size: int) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.reader.readexactly(size)
        except asyncio.IncompleteReadError as error:
            return error.partial

    async def at_eof(self) -> bool:
        """True once the peer has closed without sending any more."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True

    def leave(self) -> None:
        """Hangs up at once, whatever is still under way."""
        self.writer.transport.abort()


def request_bytes(
    method: str, target: str, headers: Headers = (), body: bytes | None = None
) -> bytes:
    """A request with Host (unless given) and, for a body, Content-Length (unless given)."""
    given = {name.lower() for name, _ in headers}
    lines = [f"{method} {target} HTTP/1.1"]
    if "host" not in given:
        lines.append("Host: localhost")
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not given & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")
