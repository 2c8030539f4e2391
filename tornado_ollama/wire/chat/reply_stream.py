"""Turns the native replies to one request into a stream of events over HTTP, in any dialect.

Owns what the dialects share: native bytes of one or several choices in, events out, the ending once
after the last choice, an error and nothing more after a failure. The events themselves are made by
the writers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

from ...errors import GatewayError
from .. import sse
from .reader import Reader
from .writer import AnyLine


class ReplyStream(Generic[AnyLine]):
    """The streamed reply to one request: native bytes of each choice in, events out.

    `started`: an event was returned. `error`: the failure that ended the stream, after which
    everything fed is ignored. `stopped`: the reply is complete, but Ollama's is not, and the
    request is to be cancelled. While the caller has sent nothing to its client, not even a comment,
    and the stream has not `started`, it may drop the bytes and answer the `error` with its own
    status.
    """

    def __init__(
        self,
        readers: Sequence[Reader[AnyLine]],
        ending: Callable[[Sequence[AnyLine]], bytes],
        keep_alive: Callable[[], bytes] = lambda: sse.KEEP_ALIVE,
        said_in_stream: frozenset[str] = frozenset(),
    ) -> None:
        """`readers`: one for each choice. `ending`: makes the bytes after all choices, from the
        records that ended them. `keep_alive`: the bytes to send while the model is silent; some
        dialects have an event for it. `said_in_stream`: codes of errors that are sent as an event
        even when nothing has been sent yet, because the dialect's clients look for them there."""
        self._readers = readers
        self._ending = ending
        self.keep_alive = keep_alive
        self.said_in_stream = said_in_stream
        self._open = len(readers)
        self.started = False
        self.stopped = False
        self.error: GatewayError | None = None

    @property
    def finished(self) -> bool:
        """Whether the reply is complete: its ending was returned."""
        return self._open == 0

    def feed(self, data: bytes, choice: int = 0) -> bytes:
        """Returns the events for the next bytes of the native reply of `choice`."""
        reader = self._readers[choice]
        if self.error is not None or reader.ended:
            return b""
        events = b"".join(reader.feed(data))
        if events:
            self.started = True
        if reader.ended:
            events += self._after(reader)
        return events

    def close(self, choice: int = 0) -> bytes:
        """Returns the events for the end, without a failure, of the native reply of `choice`."""
        reader = self._readers[choice]
        if self.error is not None or reader.ended:
            return b""
        events = b"".join(reader.close())
        if events:
            self.started = True
        return events + self._after(reader)

    def fail(self, error: GatewayError) -> bytes:
        """Returns the last event, for a failure outside of the native reply: a lost connection, a
        timeout. Empty once the reply is complete."""
        if self.error is not None or self.finished:
            return b""
        self.error = error
        return self._readers[0].writer.fail(error)

    def _after(self, reader: Reader[AnyLine]) -> bytes:
        """The events after a choice has ended."""
        if reader.error is not None:
            return self.fail(reader.error)
        self._open -= 1
        self.stopped = self.finished and any(one.stopped for one in self._readers)
        lasts = [one.last for one in self._readers if one.last is not None]
        return b"" if self._open else self._ending(lasts)
