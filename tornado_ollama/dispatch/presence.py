"""How many sockets each caller has open, and how many messages it sends on them. Pure: times come
in as arguments. Of this process alone."""

from __future__ import annotations

from math import ceil

MINUTE_S = 60.0


class _Caller:
    __slots__ = ("messages", "minute_began", "sockets")

    def __init__(self) -> None:
        self.sockets = 0
        self.messages = 0
        self.minute_began = 0.0


class Presence:
    """The callers with a socket."""

    def __init__(self) -> None:
        self._callers: dict[str, _Caller] = {}

    def sockets(self, key: str) -> int:
        """How many sockets the caller of a key has open."""
        caller = self._callers.get(key)
        return 0 if caller is None else caller.sockets

    def arrive(self, key: str) -> None:
        """Counts an open socket."""
        self._callers.setdefault(key, _Caller()).sockets += 1

    def leave(self, key: str) -> None:
        """Counts a socket that has closed."""
        caller = self._callers[key]
        caller.sockets -= 1
        if not caller.sockets:
            del self._callers[key]

    def message(self, key: str, limit: int, now: float) -> int | None:
        """Counts a message of a caller with an open socket. Returns None while it is within its
        limit a minute, and then the number of seconds until another one is. `now`: of a monotonic
        clock."""
        caller = self._callers[key]
        left = caller.minute_began + MINUTE_S - now
        if not caller.messages or left <= 0:
            caller.minute_began, caller.messages, left = now, 0, MINUTE_S
        caller.messages += 1
        return None if caller.messages <= limit else max(1, ceil(left))
