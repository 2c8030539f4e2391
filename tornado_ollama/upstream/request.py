"""A request to Ollama: Tornado's `HTTPRequest` with the timeouts and callbacks that a stream
needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tornado.httpclient import HTTPRequest
from tornado.httputil import HTTPHeaders

Send = Callable[[bytes], Awaitable[None]]
"""Given to a body producer: sends a piece, and returns when the next one is welcome."""

BodyProducer = Callable[[Send], Awaitable[None]]
"""Makes a request's body piece by piece; Tornado's `body_producer`, typed as it is used."""

PIECE_BYTES = 256 * 1024
"""A larger body is written in pieces, as Ollama takes them: asyncio copies what it cannot send."""

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""RFC 9110, section 9.2.2."""


class ResponseHead(NamedTuple):
    """Status line and headers of a reply, before any of its body."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    """In order, repeated ones repeated, names as Ollama spelled them."""

    def http_headers(self) -> HTTPHeaders:
        """The headers as Tornado's `HTTPHeaders`. Raises HTTPInputError for a name or a value with
        characters that are not allowed there."""
        headers = HTTPHeaders()
        for name, value in self.headers:
            headers.add(name, value)
        return headers

    def lines(self) -> Iterator[str]:
        """The head as lines, for Tornado's `header_callback`: the start line, each header, an empty
        line."""
        yield f"HTTP/1.1 {self.status} {self.reason}\r\n"
        for name, value in self.headers:
            yield f"{name}: {value}\r\n"
        yield "\r\n"


class UpstreamRequest(HTTPRequest):
    """One request. All timeouts are in seconds; 0 means none.

    `connect_timeout` runs until the connection stands; `first_byte_timeout` from the last piece
    of the request that went out until the reply's headers are here; `idle_timeout` is the longest
    silence after that. There is no timeout over the whole: a good stream may last for hours.
    """

    def __init__(
        self,
        url: str,
        method: str = "GET",
        headers: Sequence[tuple[str, str]] | Mapping[str, str] = (),
        body: bytes | None = None,
        *,
        body_producer: BodyProducer | None = None,
        head_callback: Callable[[ResponseHead], None] | None = None,
        header_callback: Callable[[str], None] | None = None,
        streaming_callback: Callable[[bytes], Awaitable[None] | None] | None = None,
        end_callback: Callable[[], None] | None = None,
        connect_timeout: float = 5.0,
        first_byte_timeout: float = 600.0,
        idle_timeout: float = 600.0,
        whole_reply: bool = False,
        replayable: bool | None = None,
    ) -> None:
        """`headers` become `fields`, names and values in order as they are sent; Tornado's own
        `headers`, which its client copies for every request, stays empty.
        `head_callback` gets the whole head at once, `header_callback` a line at a time, as
        Tornado's clients do. `streaming_callback` may return an awaitable: reading rests until it
        is done. `end_callback` is called when the future of `fetch` has its result or error, a turn
        of the event loop before the future's own callbacks; not after a cancel.
        `whole_reply`: the reply is sent when it is complete, so the time until its headers is
        that of loading and of writing: `first_byte_timeout` and `idle_timeout` together.
        `replayable`: the request may be sent twice, when the pooled connection it was first sent
        on turns out to be dead. Default: the idempotent methods without a producer.
        """
        super().__init__(
            url,
            method=method,
            body=body,
            header_callback=header_callback,
            streaming_callback=streaming_callback,
            connect_timeout=connect_timeout,
            request_timeout=0,
            follow_redirects=False,
            decompress_response=False,
            allow_nonstandard_methods=True,
        )
        self.fields = tuple(headers.items() if isinstance(headers, Mapping) else headers)
        self.producer = body_producer
        self.head_callback = head_callback
        self.end_callback = end_callback
        self.first_byte_timeout = first_byte_timeout
        self.idle_timeout = idle_timeout
        self.whole_reply = whole_reply
        if replayable is None:
            replayable = method in IDEMPOTENT
        self.replayable = replayable and body_producer is None

    def release(self) -> None:
        """Drops the body and the callbacks, when the request has ended: a response names its
        request, and what is called about it often holds that response."""
        self.body = None  # type: ignore[assignment]
        self.header_callback = self.streaming_callback = None
        self.head_callback = self.end_callback = None

    @property
    def body_length(self) -> int | None:
        """Bytes of the body; None when a producer makes it and has not said how much."""
        if self.producer is None:
            return len(self.body or b"")
        declared = [value for name, value in self.fields if name.lower() == "content-length"]
        return int(declared[0]) if declared else None


def in_pieces(body: bytes) -> BodyProducer:
    """A body producer that sends a body held in memory in pieces of `PIECE_BYTES`."""

    async def produce(send: Send) -> None:
        view = memoryview(body)
        for start in range(0, len(view), PIECE_BYTES):
            await send(bytes(view[start : start + PIECE_BYTES]))

    return produce
