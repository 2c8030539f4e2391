"""The backend's sockets: what arrived, in order and to the byte, and which behaviour answers it.

HTTP is spoken by hand over asyncio streams, because a well-made server library could not send
half a status line. Everything runs on the test's own loop; nothing here waits without a limit
the test can see.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from .. import canary
from ..waiting import PATIENCE_S

READ_BYTES = 64 * 1024

KEPT_BYTES = 256 * 1024
"""As much of each answer as is kept: what it says is a secret (`tests/canary.py`)."""


class Connection:
    """One accepted socket. `closed` is set when the peer has hung up or reset it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.closed = asyncio.Event()
        self.exchanges: list[Exchange] = []

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Exchange:
    """One request as it arrived, and the means to answer it."""

    def __init__(self, number: int, connection: Connection, raw_head: bytes) -> None:
        self.number = number
        """Order of arrival at this backend, from 0."""
        self.connection = connection
        self.raw_head = raw_head
        request_line, *lines = raw_head[:-4].decode("latin-1").split("\r\n")
        self.method, self.target, self.version = request_line.split(" ", 2)
        fields = (line.partition(":") for line in lines)
        self.headers = [(name, value.strip()) for name, _, value in fields]
        self.body = bytearray()
        self.keep_body = True
        self.received = 0
        """Bytes of the body read so far."""
        self.body_complete = asyncio.Event()
        self.sent = 0
        """Bytes of the answer that the socket has taken."""
        self.answer = bytearray()
        """Its body without chunks, as far as it is kept."""
        self.finished = asyncio.Event()
        self.keep_alive = True

    def __repr__(self) -> str:
        return f"<{self.number}: {self.method} {self.target}>"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def closed(self) -> asyncio.Event:
        return self.connection.closed

    def get_list(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        values = self.get_list(name)
        assert len(values) < 2, f"{name} was sent {len(values)} times"
        return values[0] if values else None

    def json(self) -> Any:
        return json.loads(bytes(self.body))

    async def body_pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Not reading on is how a backend slows an upload down."""
        reader = self.connection.reader
        if "chunked" in (self.header("transfer-encoding") or "").lower():
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                async for piece in self._exactly(size):
                    yield piece
                await reader.readexactly(2)
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
        else:
            async for piece in self._exactly(int(self.header("content-length") or 0)):
                yield piece
        self.body_complete.set()

    async def _exactly(self, size: int) -> AsyncIterator[bytes]:
        while size:
            piece = await self.connection.reader.read(min(size, READ_BYTES))
            if not piece:
                raise ConnectionResetError("the peer left in the middle of its body")
            size -= len(piece)
            self.received += len(piece)
            if self.keep_body:
                self.body += piece
            yield piece

    async def read_body(self) -> bytes:
        """The whole body; may be called again."""
        if not self.body_complete.is_set():
            async for _ in self.body_pieces():
                pass
        return bytes(self.body)

    async def write(self, data: bytes) -> None:
        """Sends and waits until the socket took it; raises ConnectionError if the peer left."""
        self._keep(data)
        await self._write(data)

    async def _write(self, data: bytes) -> None:
        self.connection.writer.write(data)
        await self.connection.writer.drain()
        self.sent += len(data)

    def write_head(self, status: int, headers: list[tuple[str, str]], reason: str = "X") -> None:
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
        self.connection.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def write_chunk(self, data: bytes) -> None:
        self._keep(data)
        await self._write(b"%x\r\n%b\r\n" % (len(data), data))

    def _keep(self, data: bytes) -> None:
        self.answer += data[: max(0, KEPT_BYTES - len(self.answer))]

    async def until_closed(self) -> None:
        """Says nothing until the peer hangs up."""
        await self.connection.closed.wait()


Behaviour = Callable[[Exchange], Awaitable[None]]


class _Protocol(asyncio.StreamReaderProtocol):
    def __init__(self, backend: Backend, reader: asyncio.StreamReader) -> None:
        super().__init__(reader, self._begin)
        self._backend = backend
        self._connection: Connection | None = None

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connection = Connection(reader, writer)
        self._backend._accept(self._connection)

    def eof_received(self) -> bool | None:
        if self._connection is not None:
            self._connection.closed.set()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connection.closed.set()
        super().connection_lost(exc)


class Backend:
    """A listening backend. `exchanges` and `connections` keep everything that ever arrived."""

    def __init__(self, default: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._default = default
        self._tls = tls
        self._scripts: dict[str, list[Behaviour]] = {}
        self._arrivals: asyncio.Queue[Exchange] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []
        self.keep_bodies = True
        self.exchanges: list[Exchange] = []
        self.connections: list[Connection] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def on(self, path: str, *behaviours: Behaviour) -> None:
        """Scripts the answers to a path (`"*"` for all others): one each, the last for ever."""
        self._scripts[path] = list(behaviours)

    def forget(self) -> None:
        """Drops all scripts, and what has arrived so far."""
        self._scripts.clear()
        self.exchanges.clear()
        self.connections[:] = [kept for kept in self.connections if not kept.closed.is_set()]
        self._arrivals = asyncio.Queue()

    async def next_request(self, path: str | None = None) -> Exchange:
        """The next request that arrived and was not yet taken; of `path` only, if one is given."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                exchange = await self._arrivals.get()
                if path is None or exchange.path == path:
                    return exchange

    def requests(self, path: str) -> list[Exchange]:
        return [exchange for exchange in self.exchanges if exchange.path == path]

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Protocol(self, asyncio.StreamReader(limit=1 << 20)),
            "127.0.0.1",
            port,
            ssl=self._tls,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def take_errors(self) -> list[BaseException]:
        """What behaviours have raised so far; `stop` will not raise it any more."""
        errors, self._errors = self._errors, []
        return errors

    async def stop(self) -> None:
        """Closes everything; raises what a behaviour raised, so that a broken script fails."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self.connections:
            connection.writer.transport.abort()
        await self._server.wait_closed()
        if self._errors:
            raise self._errors[0]

    def _accept(self, connection: Connection) -> None:
        self.connections.append(connection)
        task = asyncio.ensure_future(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _choose(self, exchange: Exchange) -> Behaviour:
        script = self._scripts.get(exchange.path) or self._scripts.get("*")
        if not script:
            return self._default
        return script.pop(0) if len(script) > 1 else script[0]

    async def _serve(self, connection: Connection) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._serve_one(connection):
                    pass
        except Exception as error:
            self._errors.append(error)
        finally:
            connection.close()

    async def _serve_one(self, connection: Connection) -> bool:
        raw_head = await connection.reader.readuntil(b"\r\n\r\n")
        exchange = Exchange(len(self.exchanges), connection, raw_head)
        exchange.keep_body = self.keep_bodies
        connection.exchanges.append(exchange)
        self.exchanges.append(exchange)
        self._arrivals.put_nowait(exchange)
        target, headers = raw_head.split(b"\r\n", 1)
        canary.current.look("what Ollama gets", target.partition(b"?")[0] + b"\r\n" + headers)
        try:
            await self._choose(exchange)(exchange)
        finally:
            canary.current.said(bytes(exchange.body[:KEPT_BYTES]))
            canary.current.said(bytes(exchange.answer))
            exchange.finished.set()
        no_body = not (exchange.header("content-length") or exchange.header("transfer-encoding"))
        return exchange.keep_alive and (no_body or exchange.body_complete.is_set())
