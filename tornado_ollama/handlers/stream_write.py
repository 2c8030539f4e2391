"""Writes to a client's stream directly where possible, with backpressure.

While nothing is queued, the bytes go straight to the socket: no future, no buffer. What the socket
does not take, and all that TLS encrypts, goes through `IOStream`. Every piece is written whole, so
Tornado's own writes (a ping's frame, say) never fall inside one.
"""

from __future__ import annotations

import asyncio
import sys

from tornado.iostream import IOStream, StreamClosedError


def write_now(stream: IOStream, data: bytes) -> asyncio.Future[None] | None:
    """Sends `data`. Returns a future where the client is slow: wait for it before the next piece.
    Raises nothing when the client has left: its stream is closed then, and reports that itself."""
    socket = stream.socket
    if socket is None:  # closed
        return None
    if type(stream) is IOStream and not stream.writing():  # TLS has a class of its own
        try:
            sent = socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            stream.close(exc_info=sys.exc_info())
            return None
        if sent == len(data):
            return None
        data = data[sent:]
    try:
        written = stream.write(data)
    except StreamClosedError:
        return None
    return None if written.done() else written
