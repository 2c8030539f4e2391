"""Keeps what chosen credentials ask and what is answered (the topic `capture`). Off by default.

Every request that runs inference passes `Submission`, whichever API it came by, so the tap is
there: what is kept is the native request that leaves for Ollama, and Ollama's own reply.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from .ask import Ask, Caller
from .usage import Taker


class Chosen(Protocol):
    """The settings."""

    @property
    def credentials(self) -> tuple[str, ...]: ...
    @property
    def max_bytes(self) -> int: ...


Put = Callable[[Mapping[str, object]], None]
"""Takes what was kept when the request has ended: texts, numbers, and bytes that are texts. It must
not block."""


class Capture:
    """What is kept of one request. Give `before` what takes the reply, and call `end` once."""

    def __init__(self, caller: str, ask: Ask, body: bytes, max_bytes: int, put: Put) -> None:
        self._caller, self._ask, self._body = caller, ask, body
        self._max, self._put = max_bytes, put
        self._reply = bytearray()
        self._reply_bytes = 0

    def before(self, on_data: Taker) -> Taker:
        """Combines `feed` and what takes the reply into one function."""

        def take(data: bytes) -> Awaitable[None] | None:
            self.feed(data)
            return on_data(data)

        return take

    def feed(self, data: bytes) -> None:
        """Takes the next piece of the reply."""
        self._reply_bytes += len(data)
        room = self._max - len(self._reply)
        if room > 0:
            self._reply += data[:room]

    def end(self) -> None:
        """Hands on what was kept, however the request has ended."""
        self._put(
            {
                "credential": self._caller,
                "model": self._ask.model,
                "path": self._ask.path,
                "request": self._body[: self._max],
                "request_bytes": len(self._body),
                "reply": bytes(self._reply),
                "reply_bytes": self._reply_bytes,
            }
        )


class Tap:
    """Decides of which requests something is kept."""

    def __init__(self, chosen: Chosen, put: Put) -> None:
        self._names = frozenset(chosen.credentials)
        self._max_bytes = chosen.max_bytes
        self._put = put

    def __call__(self, caller: Caller, ask: Ask, body: bytes | None) -> Capture | None:
        """What keeps this request; None where nothing is kept of it."""
        principal = caller.principal
        if principal is None or principal.name not in self._names:
            return None
        return Capture(principal.name, ask, body or b"", self._max_bytes, self._put)


def tap_of(chosen: Chosen, put: Put) -> Tap | None:
    """The tap of these settings; None where nothing is kept of anybody."""
    return Tap(chosen, put) if chosen.credentials else None
