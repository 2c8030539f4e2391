"""Requests whose body is one JSON object: collected up to a limit, then read.

Owns the size of such a body and its encoding; what the object means is the translation's.
"""

from __future__ import annotations

from tornado.web import stream_request_body

from ..errors import UnsupportedMedia
from ..wire.openai.checks import Json, read_json
from .auth_mixin import AuthMixin
from .base import too_large


@stream_request_body
class JsonBodyHandler(AuthMixin):
    """Gives subclasses `read_body`."""

    def begin(self) -> None:
        self._parts: list[bytes] = []
        self._taken = 0

    def admit(self) -> None:
        super().admit()
        if self._answered:
            return
        if (self.body_length() or 0) > self.deps.max_body_bytes:
            raise too_large(self.deps.max_body_bytes)
        if self.request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMedia("Compressed request bodies are not taken; send it as it is.")

    def take_body(self, chunk: bytes) -> None:
        self._taken += len(chunk)
        if self._taken > self.deps.max_body_bytes:
            self._parts.clear()
            raise too_large(self.deps.max_body_bytes)
        self._parts.append(chunk)

    def read_body(self) -> Json:
        """The object in the body; raises BadRequest. To be called once: the bytes are let go."""
        body = b"".join(self._parts)
        self._parts.clear()
        return read_json(body)
