"""Handlers of requests whose body is collected whole in memory before it is used."""

from __future__ import annotations

from collections.abc import Awaitable

from tornado.web import stream_request_body

from ..wire.framing import body_length
from .base import BaseHandler
from .request_body import CollectedBody


@stream_request_body
class CollectingHandler(BaseHandler):
    """Collects the body in memory, up to `limits.max_body_bytes`, and gives it to subclasses as
    `whole_body`."""

    def begin(self) -> None:
        self._body: CollectedBody | None = None

    def begin_body(self) -> None:
        """Raises BodyTooLarge and Overloaded before the body is read."""
        self.collect(self.deps.max_body_bytes, "limits.max_body_bytes")

    def collect(self, max_bytes: int, limit_name: str) -> None:
        memory = self.deps.process.body_memory
        self._body = CollectedBody(memory, body_length(self.request.headers), max_bytes, limit_name)

    def take_body(self, chunk: bytes) -> Awaitable[None] | None:
        assert self._body is not None
        self.received += len(chunk)
        self._body.add(chunk)
        return None

    def whole_body(self) -> bytes:
        """Returns the body. To be called once, when the body is complete."""
        assert self._body is not None
        return self._body.whole()

    def _leave(self) -> None:
        super()._leave()
        if self._body is not None:
            self._body.release()
