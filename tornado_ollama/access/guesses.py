"""Limits how many wrong credentials an address may send, so that guessing costs the gateway little
and tells nothing.

Only wrong tokens are counted, and valid ones are not limited: a user who shares an address with an
attacker is still served. What protects a token from being guessed is its length.
"""

from __future__ import annotations

from collections import deque
from math import ceil

from .addresses import network_of

MAX_WRONG = 10
"""Of tokens in URLs, where no client has to put one."""

PERIOD_S = 60.0

MAX_ADDRESSES = 4096
"""Addresses remembered; of more, the one that was heard of longest ago is forgotten."""


class WrongTokens:
    """Counts the wrong tokens of the last minute, by address."""

    def __init__(self, most: int = MAX_WRONG) -> None:
        """`most`: how many an address may send within PERIOD_S; 0: any number."""
        self.most = most
        self._times: dict[str, deque[float]] = {}

    def wait_after(self, address: str, now: float) -> int | None:
        """Counts a wrong token of an address. Returns None while the address is below `most`
        within PERIOD_S; then the token is not counted, and the result is the number of seconds
        until one is counted again."""
        if not self.most:
            return None
        who = network_of(address)
        times = self._times.pop(who, None)
        if times is None:
            times = deque()
            if len(self._times) >= MAX_ADDRESSES:
                del self._times[next(iter(self._times))]
        self._times[who] = times
        while times and times[0] + PERIOD_S <= now:
            times.popleft()
        if len(times) >= self.most:
            return ceil(times[0] + PERIOD_S - now)
        times.append(now)
        return None
