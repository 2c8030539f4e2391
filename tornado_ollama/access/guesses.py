"""Limits how many wrong tokens an address may send in URLs, so that guessing costs the gateway
little.

Only wrong tokens are counted, and valid ones are not limited: a user who shares an address with an
attacker is still served. What protects a token from being guessed is its length.
"""

from __future__ import annotations

from collections import deque
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil

MAX_WRONG = 10
PERIOD_S = 60.0

MAX_ADDRESSES = 4096
"""Addresses remembered; of more, the one that was heard of longest ago is forgotten."""

NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has all of its /64 (RFC 6177)."""


class WrongTokens:
    """Counts the wrong tokens of the last minute, by address."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def wait_after(self, address: str, now: float) -> int | None:
        """Counts a wrong token of an address. Returns None while the address is below MAX_WRONG
        within PERIOD_S; then the token is not counted, and the result is the number of seconds
        until one is counted again."""
        who = _network(address)
        times = self._times.pop(who, None)
        if times is None:
            times = deque(maxlen=MAX_WRONG)
            if len(self._times) >= MAX_ADDRESSES:
                del self._times[next(iter(self._times))]
        self._times[who] = times
        if len(times) == MAX_WRONG and (left := times[0] + PERIOD_S - now) > 0:
            return ceil(left)
        times.append(now)
        return None


def _network(address: str) -> str:
    """The network part of an address, since one attacker may use all addresses of a network; text
    that is no address is returned unchanged."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), NETWORK_BITS), strict=False))
    return str(parsed)
