"""The counts of `rates.py` in this process. Implements `rates.RateStore`.

Requests are counted in a sliding window, so that no minute has twice its limit: the count of the
window before is weighted by how much of it lies within the last minute. Tokens are counted in a
fixed window, because they are only known when they have been used, and count whatever is left. The
package `limits`, which `stores/redis_rates.py` uses, counts in the same way; its own storage in
memory looks at every caller after each request.
"""

from __future__ import annotations

import time
from math import floor

from ..access.rate import Level, Rate

MAX_COUNTS = 16_384
"""Counts kept before those that have ended are dropped; of more that go on, twice as many."""

Name = tuple[Rate, str, int]
"""Rate, caller, and the number of the window where it slides."""


class LocalRates:
    """Counts by window and caller."""

    def __init__(self) -> None:
        self._counts: dict[Name, tuple[int, float]] = {}
        """With the Unix time of their end."""
        self._most = MAX_COUNTS

    async def take(self, rate: Rate, limit: int, key: str) -> tuple[bool, Level]:
        now = time.time()
        number, passed = divmod(now, rate.seconds)
        before = self._count((rate, key, int(number) - 1), now)
        name = (rate, key, int(number))
        rest_s = rate.seconds - passed
        used = floor(before * rest_s / rate.seconds) + self._count(name, now)
        taken = used < limit
        if taken:
            self._add(name, now, 1, now + rest_s + rate.seconds)
            used += 1
        # The next one comes free when another of those before leaves the last minute.
        reset_s = rest_s % (rate.seconds / before) if before else rest_s
        return taken, Level(rate, limit, max(0, limit - used), reset_s)

    async def level(self, rate: Rate, limit: int, key: str) -> Level:
        now = time.time()
        count, end = self._counts.get((rate, key, 0), (0, now))
        if end <= now:
            return Level(rate, limit, limit, 0.0)
        return Level(rate, limit, max(0, limit - count), end - now)

    def add(self, rate: Rate, limit: int, key: str, amount: int) -> None:
        now = time.time()
        self._add((rate, key, 0), now, amount, now + rate.seconds)

    async def close(self) -> None:
        """Does nothing: the counts end with the process."""

    def _count(self, name: Name, now: float) -> int:
        count, end = self._counts.get(name, (0, now))
        return count if end > now else 0

    def _add(self, name: Name, now: float, amount: int, end: float) -> None:
        """Adds to a count; `end` is that of a new one."""
        count, goes_on_until = self._counts.get(name, (0, now))
        if goes_on_until > now:
            self._counts[name] = (count + amount, goes_on_until)
            return
        if len(self._counts) >= self._most:
            self._counts = {of: kept for of, kept in self._counts.items() if kept[1] > now}
            self._most = max(MAX_COUNTS, 2 * len(self._counts))
        self._counts[name] = (amount, end)
