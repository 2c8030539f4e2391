"""The base of the embedded backend's handlers: the guard, errors in Ollama's form, and the task of
a request.

The work of a request is a task of its own, which is cancelled when the client leaves; that closes
llama.cpp's stream. A failure before the first byte is a whole reply with its status, afterwards a
last line with `error`, as at Ollama.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from .catalogue import Catalogue
from .engine import Engine
from .refusal import Refusal
from .reply import encode


@dataclass(frozen=True, slots=True)
class Parts:
    engine: Engine
    catalogue: Catalogue


class OllamaHandler(RequestHandler):
    def initialize(self, parts: Parts) -> None:
        self.engine, self.catalogue = parts.engine, parts.catalogue
        self._task: asyncio.Task[None] | None = None

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def prepare(self) -> None:
        """Refuses requests of web pages of other sites with 403 and no body, as Ollama does: a
        foreign `Host` or a cross-origin request must not reach a server on loopback."""
        host = f"//{self.request.headers.get('Host', '')}"
        origin = self.request.headers.get("Origin")
        if not (_is_local(host) and (origin is None or _is_local(origin))):
            self.set_status(403)
            self.clear_header("Content-Type")
            self.finish()

    def compute_etag(self) -> None:
        return None

    def on_connection_close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` until it ends or the client leaves; a `Refusal` becomes the answer."""
        self._task = asyncio.ensure_future(work)
        try:
            await self._task
        except Refusal as refusal:
            await self._refuse(refusal)
        except (asyncio.CancelledError, StreamClosedError):
            # The client has left: there is nobody to answer.
            return

    def say(self, body: bytes, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(body)

    async def write_line(self, line: bytes) -> None:
        """Writes one line of a stream, and waits while the client reads slowly."""
        if not self._headers_written:
            self.set_header("Content-Type", "application/x-ndjson")
            connection: Any = self.request.connection
            connection.stream.set_nodelay(True)
        self.write(line + b"\n")
        await self.flush()

    async def _refuse(self, refusal: Refusal) -> None:
        body = encode({"error": refusal.message})
        if not self._headers_written:
            self.say(body, refusal.status)
            return
        try:
            await self.write_line(body)
        except StreamClosedError:
            return

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == 405:
            allowed = [name for name in ("HEAD", "GET", "POST") if self._answers(name)]
            self.set_header("Allow", ", ".join(allowed))
            self.say_text("405 method not allowed", 405)
        else:
            self.say(encode({"error": self._reason}), status_code)

    def say_text(self, text: str, status: int = 200, content_type: str = "text/plain") -> None:
        self.set_status(status)
        self.set_header("Content-Type", content_type)
        self.finish(text)

    def _answers(self, method: str) -> bool:
        name = method.lower()
        return getattr(type(self), name) is not getattr(RequestHandler, name)


def _is_local(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
