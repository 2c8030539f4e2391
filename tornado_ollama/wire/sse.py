"""The framing of server-sent events, in which the translated APIs stream their replies.

Rules: the HTML Standard, section "Server-sent events"; of OpenAI's APIs the older ones send one
`data:` line an event and end with `[DONE]`, the newer one and Anthropic's name each event.
"""

from __future__ import annotations

CONTENT_TYPE = "text/event-stream; charset=utf-8"

DONE = b"data: [DONE]\n\n"
"""The end of a stream that succeeded. A stream that failed never carries it."""

KEEP_ALIVE = b": keep-alive\n"
"""A comment, which keeps proxies and clients from giving up while a model loads or thinks.

To be written between two events only. One line end and no empty line: the comment then belongs to
the event that follows, while openai-go up to 2.7 takes a block of nothing but a comment for an
event and fails on its empty data. The text is another than `: ping`, which the decoder of
`@continuedev/fetch` takes for the end of the stream."""

_LINE_ENDS = (
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
    (b"\xc2\x85", b"\\u0085"),
)


def event(json: bytes) -> bytes:
    """One event whose data is `json`, a JSON text on one line."""
    return b"data: %b\n\n" % safe_line(json)


def named_event(name: bytes, json: bytes) -> bytes:
    """One event with a name, whose data is `json`, a JSON text on one line."""
    return b"event: %b\ndata: %b\n\n" % (name, safe_line(json))


def queue_position(position: int) -> bytes:
    """A comment that tells the position in the queue. It ends with a single line end, for the
    reason that `KEEP_ALIVE` gives."""
    return b": queue position %d\n" % position


def safe_line(json: bytes) -> bytes:
    """`json` with U+2028, U+2029 and U+0085 written as escapes.

    They are legal in JSON and no line ends in SSE, but clients that cut text as Python's
    `str.splitlines` does (httpx' `iter_lines` among them) would break the event there. Outside
    of strings these characters cannot occur in JSON, so replacing bytes is enough.
    """
    if json.isascii():
        return json
    for raw, escape in _LINE_ENDS:
        json = json.replace(raw, escape)
    return json
