"""The client's socket: pieces go out as they are, replies are taken apart only as far as HTTP says.

Not asyncio's streams: their transport drops what has arrived when a write fails, and a gateway
that refuses a request may close while the rest of it is still being sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

PATIENCE_S = 5.0
"""How long an answer may take that is due at once."""


@dataclass
class Response:
    """One reply. `end` says how its framing ended: `complete`, `cut`, or nothing yet."""

    head: list[str]
    framing: str = ""
    body: bytearray = field(default_factory=bytearray)
    end: str = ""

    @property
    def status(self) -> int:
        parts = self.head[0].split(" ")
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0

    def values(self, name: str) -> list[str]:
        pairs = (line.partition(":") for line in self.head[1:])
        return [value.strip() for key, _, value in pairs if key.lower() == name]


class Replies:
    """Takes the bytes of a connection apart; `methods` are those of the requests, in order."""

    def __init__(self, methods: Sequence[str]) -> None:
        self.methods = list(methods)
        """Of the requests whose replies have not begun."""
        self._left = 0
        self.data = bytearray()
        self.found: list[Response] = []
        self.upgraded = False

    def feed(self, data: bytes) -> None:
        self.data += data
        while not self.upgraded and self._step():
            pass

    def close(self) -> None:
        """The connection has ended."""
        if self.found and not self.found[-1].end:
            last = self.found[-1]
            last.end = "complete" if last.framing == "until close" else "cut"

    @property
    def at_rest(self) -> bool:
        """No reply is under way."""
        return not self.found or bool(self.found[-1].end)

    @property
    def final(self) -> list[Response]:
        """Those that are complete and not 1xx."""
        return [reply for reply in self.found if reply.end and reply.status >= 200]

    def _step(self) -> bool:
        if not self.found or self.found[-1].end:
            return self._head()
        reply = self.found[-1]
        if reply.framing == "chunked":
            return self._chunk(reply)
        if reply.framing == "until close":
            reply.body += self._take(len(self.data))
            return False
        piece = self._take(min(self._left, len(self.data)))
        self._left -= len(piece)
        reply.body += piece
        if not self._left:
            reply.end = "complete"
        return not self._left

    def _head(self) -> bool:
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return False
        text = self._take(end + 4)[:-4].decode("latin-1")
        reply = Response(text.split("\r\n"))
        self.found.append(reply)
        if reply.status == 101:
            reply.end, self.upgraded = "complete", True
            return False
        if reply.status < 200:
            reply.end = "complete"
            return True
        method = self.methods.pop(0) if self.methods else "GET"
        lengths = reply.values("content-length")
        if method == "HEAD" or reply.status in (204, 304):
            reply.end = "complete"
        elif "chunked" in reply.values("transfer-encoding"):
            reply.framing = "chunked"
        elif lengths and lengths[0].isdigit():
            reply.framing, self._left = "length", int(lengths[0])
        else:
            reply.framing = "until close"
        return True

    def _chunk(self, reply: Response) -> bool:
        end = self.data.find(b"\r\n")
        if end < 0:
            return False
        size = int(self.data[:end].split(b";")[0], 16)
        whole = end + 2 + size + 2
        if len(self.data) < whole:
            return False
        reply.body += self.data[end + 2 : whole - 2]
        del self.data[:whole]
        if not size:
            reply.end = "complete"
        return True

    def _take(self, size: int) -> bytes:
        taken = bytes(self.data[:size])
        del self.data[:size]
        return taken


class Client:
    """One connection to a gateway. `pause` is awaited between the pieces of what is sent, so that
    the gateway has read each before the next."""

    def __init__(self, port: int, pause: Callable[[], Awaitable[None]]) -> None:
        self._port = port
        self._pause = pause
        self.closed = False
        """The gateway has ended the connection."""

    async def open(self) -> Client:
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self._loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        return self

    async def send(self, *pieces: bytes) -> None:
        """A gateway that does not take it is no failure: what it answered is still to be read."""
        with contextlib.suppress(ConnectionError):
            for number, piece in enumerate(pieces):
                if number:
                    await self._pause()
                async with asyncio.timeout(PATIENCE_S):
                    await self._loop.sock_sendall(self._socket, piece)

    async def receive(self, seconds: float = PATIENCE_S) -> bytes | None:
        """The next bytes; nothing at the end of the connection; None when there is silence."""
        if self.closed:
            return b""
        try:
            async with asyncio.timeout(seconds):
                data = await self._loop.sock_recv(self._socket, 1 << 18)
        except TimeoutError:
            return None
        except ConnectionError:
            data = b""
        self.closed = not data
        return data

    def waiting(self) -> bytes:
        """What has arrived and was not yet received, without waiting for more."""
        data = b""
        try:
            while not self.closed:
                piece = self._socket.recv(1 << 18)
                data += piece
                self.closed = not piece
        except BlockingIOError:
            pass
        except ConnectionError:
            self.closed = True
        return data

    def half_close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def leave(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()
