"""The counts of `rates.py` in this process. Implements `rates.RateStore`.

Requests are counted in a sliding window, so that no minute has twice its limit: the count of the
window before is weighted by how much of it lies within the last minute. Tokens are counted in a
fixed window, because they are only known when they have been used, and count whatever is left. The
package `limits`, which `stores/redis_rates.py` uses, counts in the same way; its own storage in
memory looks at every caller after each request.
"""

from __future__ import annotations

import time

from ..access.quota import Quota
from ..access.rate import DAY_S, MINUTE_S, Admission, Level, Rate, of_tokens

MAX_CALLERS = 16_384
"""Callers kept before those whose counts have ended are dropped; of more that go on, twice as
many."""


_REQUESTS, _MINUTE, _DAY = Rate
"""To find a member of an enumeration takes longer than to count."""


class _Counts:
    """What one caller has used."""

    __slots__ = (
        "before",
        "day_end",
        "day_tokens",
        "minute_end",
        "minute_tokens",
        "number",
        "taken",
    )

    def __init__(self) -> None:
        self.number = 0
        """Of the present window of requests by the clock, since the beginning of Unix time."""
        self.taken = self.before = 0
        """Requests in it, and in the window before."""
        self.minute_tokens = self.day_tokens = 0
        self.minute_end = self.day_end = 0.0
        """When the tokens count no more, in Unix time."""

    def has_ended(self, now: float) -> bool:
        return self.number < now // MINUTE_S - 1 and self.minute_end <= now and self.day_end <= now


class LocalRates:
    """Counts by caller."""

    def __init__(self) -> None:
        self._callers: dict[str, _Counts] = {}
        self._most = MAX_CALLERS

    def __len__(self) -> int:
        """How many callers are kept."""
        return len(self._callers)

    def admit(self, key: str, quota: Quota, computes: bool) -> Admission:
        now = time.time()
        counts = self._callers.get(key) or self._begin(key, now)
        told: tuple[Level, ...] = ()
        if computes:
            minute, day = quota.tokens_per_minute, quota.tokens_per_day
            refused, told = of_tokens(
                _left(_MINUTE, minute, counts.minute_tokens, counts.minute_end - now),
                _left(_DAY, day, counts.day_tokens, counts.day_end - now),
            )
            if refused is not None:
                return refused, told
        limit = quota.requests_per_minute
        if not limit:
            return None, told
        taken, level = _take(counts, limit, now)
        return None if taken else level, (level, *told)

    def add(self, key: str, quota: Quota, amount: int) -> None:
        now = time.time()
        counts = self._callers.get(key) or self._begin(key, now)
        if quota.tokens_per_minute:
            if counts.minute_end <= now:
                counts.minute_tokens, counts.minute_end = 0, now + MINUTE_S
            counts.minute_tokens += amount
        if quota.tokens_per_day:
            if counts.day_end <= now:
                counts.day_tokens, counts.day_end = 0, now + DAY_S
            counts.day_tokens += amount

    async def close(self) -> None:
        """Does nothing: the counts end with the process."""

    def _begin(self, key: str, now: float) -> _Counts:
        """The counts of a caller that has none. Drops those that have ended, when there are
        many."""
        if len(self._callers) >= self._most:
            callers = self._callers.items()
            self._callers = {of: counts for of, counts in callers if not counts.has_ended(now)}
            self._most = max(MAX_CALLERS, 2 * len(self._callers))
        counts = self._callers[key] = _Counts()
        return counts


def _left(rate: Rate, limit: int | None, used: int, rest_s: float) -> Level | None:
    if not limit:
        return None
    if rest_s <= 0:
        return Level(rate, limit, limit, 0.0)
    return Level(rate, limit, limit - used if used < limit else 0, rest_s)


def _take(counts: _Counts, limit: int, now: float) -> tuple[bool, Level]:
    """Counts a request, unless so many have been taken in the last minute."""
    number = int(now // MINUTE_S)
    rest_s = (number + 1) * MINUTE_S - now
    if counts.number != number:
        counts.before = counts.taken if counts.number == number - 1 else 0
        counts.number, counts.taken = number, 0
    before = counts.before
    used = counts.taken + int(before * rest_s / MINUTE_S)
    taken = used < limit
    if taken:
        counts.taken += 1
        used += 1
    # The next one comes free when another of those before leaves the last minute.
    reset_s = rest_s % (MINUTE_S / before) if before else rest_s
    return taken, Level(_REQUESTS, limit, limit - used if used < limit else 0, reset_s)
