"""Handlers of requests whose body is collected whole in memory before it is used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from tornado.web import stream_request_body

from ..wire.content_codings import content_coding, refuse_coding
from ..wire.framing import body_length, has_body
from .base import BaseHandler
from .request_body import CollectedBody


@stream_request_body
class CollectingHandler(BaseHandler):
    """Collects the body in memory, up to `limits.max_body_bytes`, and gives it to subclasses,
    decoded, as `whole_body`."""

    def begin(self) -> None:
        self._body: CollectedBody | None = None
        self._coding: str | None = None

    def begin_body(self) -> None:
        """Raises UnsupportedCoding, BodyTooLarge and Overloaded before the body is read."""
        if has_body(self.request.headers):
            content_encoding = self.request.headers.get("Content-Encoding")
            if self.route.body.is_upload:
                refuse_coding(content_encoding)
            else:
                self._coding = content_coding(content_encoding)
        self.expect_body()

    def expect_body(self) -> None:
        """Decides what becomes of the body; raises BodyTooLarge and Overloaded."""
        self.collect(*self.deps.body_limit(self.caller().quota))

    def collect(self, max_bytes: int, limit_name: str) -> None:
        memory = self.deps.process.body_memory
        self._body = CollectedBody(memory, body_length(self.request.headers), max_bytes, limit_name)

    def take_body(self, chunk: bytes) -> Awaitable[None] | None:
        assert self._body is not None
        self.received += len(chunk)
        self._body.add(chunk)
        return None

    async def end_body(self) -> None:
        if self._body is None or self._coding is None:
            return
        steps = self._body.decode(self._coding)
        under_way = True
        while under_way:
            async with self.deps.process.decoding:  # however many decode, the loop turns after each
                under_way = next(steps, False)
                await asyncio.sleep(0)
            if self.closed:
                raise asyncio.CancelledError

    def whole_body(self) -> bytes:
        """Returns the body. To be called once, when the body is complete."""
        assert self._body is not None
        return self._body.whole()

    def _leave(self) -> None:
        super()._leave()
        if self._body is not None:
            self._body.release()
