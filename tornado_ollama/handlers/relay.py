"""Passes one reply of Ollama on to one client, byte for byte.

If Ollama fails after bytes were sent, a stream of lines gets a last line with the error, and the
connection closes without its last chunk, so that the client sees a truncated reply. A failure
before that is an error answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from tornado.httpclient import HTTPResponse

from ..dispatch.usage import Taker
from ..errors import GatewayError
from ..upstream.request import ResponseHead
from ..wire.dialects import NATIVE
from ..wire.headers import to_client
from ..wire.ollama_errors import MAX_ERROR_BYTES, native_error
from .base import BaseHandler
from .downstream import Downstream

NDJSON = "application/x-ndjson"

UNBUFFERED = (("Cache-Control", "no-cache, no-transform"), ("X-Accel-Buffering", "no"))
"""Asks proxies in front (nginx reads the second) not to hold a stream back."""


class Relay:
    """Relays one reply: give `on_head` and `on_data` to the fetch, and the fetch to `follow`."""

    def __init__(self, handler: BaseHandler) -> None:
        self._handler = handler
        self._down = Downstream(handler)
        self._lines = False
        self._error_status = 0
        self._error_body = b""
        native = handler.route.dialect is NATIVE
        # Called for every token; only errors that are translated are kept from the client.
        self.on_data: Taker = self._down.write if native else self._keep_error

    def on_head(self, head: ResponseHead) -> None:
        if self._handler.route.dialect is not NATIVE and head.status >= 400:
            self._error_status = head.status
            return
        headers = to_client(head.headers)
        self._lines = any(
            name.lower() == "content-type" and value.startswith(NDJSON) for name, value in headers
        )
        self._down.start(head.status, [*headers, *UNBUFFERED] if self._lines else headers)

    def _keep_error(self, data: bytes) -> Awaitable[None] | None:
        if self._error_status:
            self._error_body = (self._error_body + data)[:MAX_ERROR_BYTES]
            return None
        return self._down.write(data)

    async def follow(self, fetch: asyncio.Future[HTTPResponse]) -> None:
        """Waits for the fetch, and returns when the reply has been passed on or cut. Raises
        GatewayError while a proper error answer is still possible. So are Ollama's own errors
        raised under `/v1`, whose clients expect OpenAI's form."""
        handler, down = self._handler, self._down
        handler.reply = down
        try:
            await fetch
        except GatewayError as error:
            if not down.flushed:
                raise
            error.__traceback__ = None  # it knows the fetch, and the fetch keeps the error
            if not handler.revoked:
                handler.outcome = error.code or "upstream_error"
            handler.first_byte_s = down.first_byte_at
            await down.cut(self._last_words(error))
            handler.sent = down.sent
        except asyncio.CancelledError:
            handler.sent, handler.first_byte_s = down.sent, down.first_byte_at
            raise
        else:
            if self._error_status:
                raise native_error(self._error_status, self._error_body, input_field="file")
            handler.end_reply(down)

    def _last_words(self, error: GatewayError) -> bytes:
        if not self._lines:
            return b""
        line = NATIVE.errors.event(error)  # the lines are Ollama's, whatever the route's dialect
        return line if self._down.at_line_end else b"\n" + line
