"""How many sockets a caller may open, and how many messages it may send on them."""

from __future__ import annotations

import time

from ..dispatch.ask import Caller
from ..dispatch.presence import Presence
from ..errors import RateLimited, TooManySockets
from ..wire.socket import commands as protocol


class SocketAllowance:
    """The part of one socket in its caller's limits."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._key: str | None = None
        """Of the caller under which the socket is counted."""

    def check_room(self, caller: Caller) -> None:
        """Raises TooManySockets where the caller may not open another one."""
        limit = caller.quota.max_sockets
        if limit and self._presence.sockets(caller.key) >= limit:
            raise TooManySockets(limit)

    def arrive(self, caller: Caller) -> None:
        """Counts the socket, now that its caller is known. Raises TooManySockets."""
        self.check_room(caller)
        self._key = caller.key
        self._presence.arrive(self._key)

    def leave(self) -> None:
        """Called when the socket has closed, counted or not."""
        if self._key is not None:
            self._presence.leave(self._key)
            self._key = None

    def count_message(self, caller: Caller) -> RateLimited | None:
        """Counts a message. Returns the refusal of one that is too many."""
        limit = caller.quota.messages_per_minute
        if not limit or self._key is None:
            return None
        wait_s = self._presence.message(self._key, limit, time.monotonic())
        if wait_s is None:
            return None
        return RateLimited(
            f"You may send {limit} messages a minute (messages_per_minute); "
            f"try again in {wait_s} s.",
            retry_after=wait_s,
        )


def always_allowed(command: protocol.Command) -> bool:
    """Whether a command is carried out however many were sent: what is under way can always be
    cancelled."""
    return isinstance(command, protocol.Cancel)
