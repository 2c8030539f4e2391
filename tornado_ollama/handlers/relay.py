"""One reply of Ollama on its way to one client, byte for byte.

The end is as honest as the beginning: a clean end only after Ollama's clean end. When Ollama breaks
off after bytes have been passed on, a stream of lines gets a last line with the error, and the
connection is cut, so that no client takes a part for the whole. Before that, it is an error answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable

from tornado.httpclient import HTTPResponse

from ..errors import GatewayError
from ..upstream.exchange import response_headers
from ..upstream.request import ResponseHead
from ..wire.headers import to_client
from .base import BaseHandler
from .downstream import Downstream

NDJSON = "application/x-ndjson"

UNBUFFERED = (("Cache-Control", "no-cache, no-transform"), ("X-Accel-Buffering", "no"))
"""Asks proxies in front (nginx reads the second) not to hold a stream back."""


class Relay:
    """Give `on_head` and `on_data` to the fetch, and the fetch to `follow`."""

    def __init__(self, handler: BaseHandler) -> None:
        self._handler = handler
        self._down = Downstream(handler)
        self._lines = False

    def on_head(self, head: ResponseHead) -> None:
        headers = to_client(response_headers(head))
        self._lines = any(
            name.lower() == "content-type" and value.startswith(NDJSON) for name, value in headers
        )
        self._down.start(head.status, [*headers, *UNBUFFERED] if self._lines else headers)

    def on_data(self, data: bytes) -> Awaitable[None] | None:
        return self._down.write(data)

    async def follow(self, fetch: asyncio.Future[HTTPResponse]) -> None:
        """Returns when the reply has been passed on, or cut. Raises GatewayError while a proper
        error answer is still possible."""
        handler, down = self._handler, self._down
        handler.reply = down
        try:
            await fetch
        except GatewayError as error:
            if not down.flushed:
                raise
            if not handler.revoked:
                handler.outcome = error.code or "upstream_error"
            handler.first_byte_s = down.first_byte_at
            await down.cut(self._last_words(error))
            handler.sent = down.sent
        except asyncio.CancelledError:
            handler.sent, handler.first_byte_s = down.sent, down.first_byte_at
            raise
        else:
            handler.end_reply(down)

    def _last_words(self, error: GatewayError) -> bytes:
        if not self._lines:
            return b""
        line = json.dumps({"error": error.message}, ensure_ascii=False).encode() + b"\n"
        return line if self._down.at_line_end else b"\n" + line
