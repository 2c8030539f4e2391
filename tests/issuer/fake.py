"""An issuer that answers what a test wants, at its worst."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any


class FakeIssuer:
    """Serves raw HTTP on a free port. `answers`: bytes by path, or None to never answer; what is
    missing is a 404. `asked`: the paths, in order."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | None] = {}
        self.asked: list[str] = []
        self._handlers: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()
        for task in self._handlers:
            task.cancel()
        if self._handlers:
            await asyncio.wait(self._handlers)
        await self._server.wait_closed()

    def publish(self, *keys: Any) -> None:
        """Answers as a good issuer with these keys does."""
        described = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.answers["/.well-known/openid-configuration"] = ok(json.dumps(described).encode())
        self.answers["/keys"] = ok(json.dumps({"keys": keys}).encode())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ")[1].decode()
                self.asked.append(path)
                answer = self.answers.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
                if answer is None:
                    await reader.read()
                else:
                    writer.write(answer)
                    await writer.drain()
        finally:
            writer.close()
            self._handlers.discard(task)


def ok(body: bytes, *headers: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""])
    return head.encode() + body
