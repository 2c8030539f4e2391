"""An HTTP client for the server that llama.cpp runs inside this process. One connection a request.

Closing a stream closes its connection, by which llama.cpp learns that it can stop: it checks before
every token, and once a second before the first. A slow reader fills the socket's buffer, so nothing
is buffered without bound. llama.cpp's own messages are not passed on, because they quote the
prompt. Knows no route of Ollama.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httptools

from .refusal import Refusal

READ_SIZE = 64 * 1024
DATA = b"data: "
END = b"[DONE]"


class LlamaClient:
    def __init__(self, base_url: str, key: str) -> None:
        """`base_url` is `http://address:port`; `key` is the server's API key."""
        parts = urlsplit(base_url)
        if parts.hostname is None or parts.port is None:
            raise ValueError(f"not an address with a port: {base_url}")
        self._address = (parts.hostname, parts.port)
        self._key = key

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Sends a request to llama.cpp and returns the decoded JSON reply. Raises `Refusal` with
        llama.cpp's status."""
        async with self._exchange(path, body) as reply:
            content = b"".join([part async for part in reply.parts()])
            if reply.status != 200:
                _refuse(reply.status, content)
            return json.loads(content)

    async def stream(
        self, path: str, body: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Sends a request to llama.cpp and yields the decoded events of the streamed reply. Close
        the iterator to make llama.cpp stop. Raises `Refusal`."""
        async with self._exchange(path, body) as reply:
            rest = b""
            async for part in reply.parts():
                rest += part
                if reply.status != 200:
                    continue
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    if line.startswith(DATA) and not line.startswith(DATA + END):
                        yield _event(line[len(DATA) :])
            if reply.status != 200:
                _refuse(reply.status, rest)

    @asynccontextmanager
    async def _exchange(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[_Reply]:
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._address[0]}\r\n"
            f"Authorization: Bearer {self._key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_connection(*self._address)
        except OSError as error:
            raise Refusal(500, f"llama.cpp cannot be reached: {error}") from None
        try:
            writer.write(head.encode() + content)
            await writer.drain()
            yield _Reply(reader)
        finally:
            writer.transport.abort()


class _Reply:
    """The reply on one connection, parsed as it comes (the callbacks are httptools')."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._complete = False

    @property
    def status(self) -> int:
        return int(self._parser.get_status_code())

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        self._complete = True

    async def parts(self) -> AsyncIterator[bytes]:
        while not self._complete:
            try:
                data = await self._reader.read(READ_SIZE)
            except OSError:
                data = b""
            if not data:
                raise Refusal(500, "llama.cpp ended its answer in the middle")
            self._parser.feed_data(data)
            if self._parts:
                yield b"".join(self._parts)
                self._parts.clear()


def _event(line: bytes) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(line)
    if "error" in event:
        _refuse(int(event["error"].get("code", 500)), line)
    return event


def _refuse(status: int, content: bytes) -> NoReturn:
    """Raises a `Refusal` with llama.cpp's status and, where its message has one, the name of the
    field at fault."""
    try:
        field = _FIELD.match(str(json.loads(content)["error"]["message"]))
    except (ValueError, KeyError, TypeError):
        field = None
    if field is not None:
        raise Refusal(status, f"llama.cpp does not take this value of {field[1]}")
    raise Refusal(status, f"llama.cpp answered with status {status}")


_FIELD = re.compile(r"Field ('[a-z_]{1,40}'):")
