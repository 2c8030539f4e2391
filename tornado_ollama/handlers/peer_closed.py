"""Detects that a client has closed its connection where Tornado does not notice.

Tornado listens for the end of a connection only while its read buffer is empty. A request with
surplus bytes behind it (a pipelined one, a stray line break) or one whose upload waits for Ollama
could otherwise end unseen, and a model would go on computing for nobody. A look costs a system call
and reads nothing.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterable
from typing import Protocol

from tornado.iostream import IOStream

SWEEP_MS = 500
"""How often all requests in flight are looked at, in milliseconds."""


class Request(Protocol):
    """A request in flight whose connection is checked."""

    def watched_stream(self) -> IOStream | None:
        """The connection to look at, whether the client has closed it; None while Tornado itself
        would notice that."""

    def on_connection_close(self) -> None: ...


def sweep(requests: Iterable[Request]) -> None:
    """Ends the requests whose clients have closed their connections."""
    for request in requests:
        stream = request.watched_stream()
        if stream is not None and not stream.closed() and peer_closed(stream.socket):
            request.on_connection_close()
            stream.close()


def peer_closed(client: socket.socket) -> bool:
    """Whether either side has closed the connection. Reads nothing of what the peer may have sent
    before."""
    if client.fileno() < 0:
        return True
    told = getattr(select, "POLLRDHUP", 0)  # Linux
    if told:
        poll = select.poll()
        poll.register(client.fileno(), told)
        return any(event & (told | select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        return True
