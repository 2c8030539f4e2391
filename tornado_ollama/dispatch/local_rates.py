"""The counts of `rates.py` in this process. Implements `rates.RateStore`.

Requests are counted in a sliding window, so that no minute has twice its limit: the count of the
window before is weighted by how much of it lies within the last minute. Tokens are counted in a
fixed window, because they are only known when they have been used, and count whatever is left. The
package `limits`, which `stores/redis_rates.py` uses, counts in the same way; its own storage in
memory looks at every caller after each request.
"""

from __future__ import annotations

import time

from ..access.rate import TOKEN_RATES, Admission, Level, Limits, Rate, of_tokens

MAX_COUNTS = 16_384
"""Counts kept before those that have ended are dropped; of more that go on, twice as many."""


class _Sliding:
    """The requests of one caller in two windows by the clock, the present one and that before."""

    __slots__ = ("before", "count", "number")

    def __init__(self) -> None:
        self.number = 0
        """Of the present window, since the beginning of Unix time."""
        self.count = self.before = 0


class LocalRates:
    """Counts by caller."""

    def __init__(self) -> None:
        self._requests: dict[str, _Sliding] = {}
        self._tokens: dict[Rate, dict[str, tuple[int, float]]] = {rate: {} for rate in TOKEN_RATES}
        """With the Unix time of their end."""
        self._most = MAX_COUNTS

    def __len__(self) -> int:
        """How many counts are kept."""
        return len(self._requests) + sum(map(len, self._tokens.values()))

    def admit(self, key: str, tokens: Limits, requests: int | None) -> Admission:
        now = time.time()
        refused, told = of_tokens([self._level(rate, limit, key, now) for rate, limit in tokens])
        if refused is not None or not requests:
            return refused, told
        taken, level = self._take(requests, key, now)
        return None if taken else level, (level, *told)

    def _take(self, limit: int, key: str, now: float) -> tuple[bool, Level]:
        rate = Rate.REQUESTS
        seconds = rate.seconds
        number = int(now // seconds)
        rest_s = (number + 1) * seconds - now
        counts = self._requests.get(key)
        if counts is None:
            self._make_room(now)
            counts = self._requests[key] = _Sliding()
        if counts.number != number:
            counts.before = counts.count if counts.number == number - 1 else 0
            counts.number, counts.count = number, 0
        before = counts.before
        used = counts.count + int(before * rest_s / seconds)
        taken = used < limit
        if taken:
            counts.count += 1
            used += 1
        # The next one comes free when another of those before leaves the last minute.
        reset_s = rest_s % (seconds / before) if before else rest_s
        return taken, Level(rate, limit, limit - used if used < limit else 0, reset_s)

    def _level(self, rate: Rate, limit: int, key: str, now: float) -> Level:
        known = self._tokens[rate].get(key)
        if known is None or known[1] <= now:
            return Level(rate, limit, limit, 0.0)
        count, end = known
        return Level(rate, limit, limit - count if count < limit else 0, end - now)

    def add(self, rate: Rate, limit: int, key: str, amount: int) -> None:
        counts, now = self._tokens[rate], time.time()
        known = counts.get(key)
        if known is not None and known[1] > now:
            counts[key] = known[0] + amount, known[1]
            return
        if known is None:
            self._make_room(now)
        counts[key] = amount, now + rate.seconds

    async def close(self) -> None:
        """Does nothing: the counts end with the process."""

    def _make_room(self, now: float) -> None:
        """Drops the counts that have ended, when there are many."""
        if len(self) < self._most:
            return
        oldest = int(now // Rate.REQUESTS.seconds) - 1
        self._requests = {of: kept for of, kept in self._requests.items() if kept.number >= oldest}
        for rate, counts in self._tokens.items():
            self._tokens[rate] = {of: kept for of, kept in counts.items() if kept[1] > now}
        self._most = max(MAX_COUNTS, 2 * len(self))
