"""Parses Ollama's reply with llhttp: bytes of a socket in, head and payload out.

Owns the framing of one reply: where its head, its payload and its end are, and which bytes do not
belong to it. It has no socket and no event loop, and takes any split of the bytes. Rules: RFC 9112
(message framing: section 6, keep-alive: section 9.3), RFC 9110 sections 5.5 (a field's value ends
before the blanks behind it) and 15.2 (1xx).
"""

from __future__ import annotations

import httptools

from ..errors import GatewayError, UpstreamBroken
from .failures import unforeseen

MAX_HEAD_BYTES = 64 * 1024
"""Status line and headers of one reply; Go's and nginx's own limits are lower."""

MAX_UNPAID_BYTES = 2 * MAX_HEAD_BYTES
"""Received in a row without any payload among it: trailers and the extensions of chunks are kept
by llhttp until they end, and no timeout counts them."""

MAX_INFORMATIONAL = 10
"""1xx replies tolerated before the real one, as many as Tornado tolerates."""

_FAILURES = (
    httptools.HttpParserCallbackError,
    httptools.HttpParserError,
    httptools.HttpParserUpgrade,
)

_ENDED = httptools.HttpResponseParser(object())
"""In place of a parser that is no longer needed."""


class ReplyParser:
    """Parses one reply: `feed` it, then read its attributes. The methods `on_...` are called by
    llhttp."""

    def __init__(self, *, no_body: bool) -> None:
        """`no_body`: the reply to HEAD has headers only (RFC 9112, section 6.3)."""
        self._llhttp = httptools.HttpResponseParser(self)
        self._no_body = no_body
        self._informational = 0
        self._header_bytes = 0
        self._unpaid_bytes = 0
        self._raw_reason = b""
        self.head_bytes = 0
        """Received until the head was complete."""
        self.head_ready = False
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.framed = False
        """The head says where the reply ends; else the connection's end is its end."""
        self.keeps_alive = False
        self.parts: list[bytes] = []
        """Payload that nobody has taken yet."""
        self.complete = False
        self.surplus = False
        """Something came behind the end."""

    @property
    def reason(self) -> str:
        return self._raw_reason.decode("latin-1")

    def release(self) -> None:
        """Lets go of llhttp, which holds methods of this object: the two would live until the
        garbage collector runs. Nothing may be fed from now on."""
        self._llhttp = _ENDED

    def feed(self, data: memoryview) -> GatewayError | None:
        """Parses the next bytes. Returns the error that makes the reply unusable from here on, or
        None; head and payload parsed before the error are valid."""
        if not self.head_ready:
            return self._feed_head(data)
        try:
            self._llhttp.feed_data(data)
        except _FAILURES as error:
            return self._failed(error)
        if self.parts:  # nearly every time
            self._unpaid_bytes = 0
            return None
        return self._without_payload(len(data))

    def _feed_head(self, data: memoryview) -> GatewayError | None:
        self.head_bytes += len(data)
        try:
            self._llhttp.feed_data(data)
        except _FAILURES as error:
            return self._failed(error)
        if self._head_is_too_large:
            self.head_ready, self.parts = False, []  # the same, however the bytes were cut
            return UpstreamBroken("Ollama answered with too many or too large headers.")
        return self._without_payload(len(data))

    def _failed(self, error: Exception) -> GatewayError | None:
        if isinstance(error, httptools.HttpParserCallbackError):  # of one of the methods below
            return unforeseen(error)
        if self.complete:  # garbage after a whole reply: the reply counts
            self.surplus = True
            return None
        broken = UpstreamBroken("Ollama answered with something that is not HTTP.")
        broken.__cause__ = error
        return broken

    def _without_payload(self, size: int) -> GatewayError | None:
        """Counts what may have been without payload."""
        if self.parts or self.complete:
            self._unpaid_bytes = 0
            return None
        self._unpaid_bytes += size
        if self.head_ready and self._unpaid_bytes > MAX_UNPAID_BYTES:
            return UpstreamBroken("Ollama sent too much that is no part of its reply.")
        return None

    @property
    def _head_is_too_large(self) -> bool:
        head_bytes = self._header_bytes if self.head_ready else self.head_bytes
        return self._informational > MAX_INFORMATIONAL or head_bytes > MAX_HEAD_BYTES

    # -- llhttp -------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.complete:  # a second reply, to a request that nobody sent
            self.surplus = True

    def on_status(self, status: bytes) -> None:
        if not self.head_ready:
            self._raw_reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head_ready:  # a trailer; nothing in this field uses them
            return
        self._header_bytes += len(name) + len(value)
        key = name.decode("latin-1")
        if key.lower() in ("content-length", "transfer-encoding"):
            self.framed = True
        self.headers.append((key, value.strip(b" \t").decode("latin-1")))

    def on_headers_complete(self) -> None:
        status = self._llhttp.get_status_code()
        if self.complete:
            return
        if 100 <= status < 200:
            self._informational += 1
            return
        self.status = status
        self.head_ready = True
        self.complete = self._no_body
        self.keeps_alive = self._llhttp.should_keep_alive()  # forgotten at the message's end

    def on_body(self, body: bytes) -> None:
        if self.complete:
            self.surplus = True
        else:
            self.parts.append(body)

    def on_message_complete(self) -> None:
        if self.head_ready:
            self.complete = True
        else:  # a 1xx; the real reply follows
            self.headers, self._raw_reason, self.framed = [], b"", False
