"""Limits of rate: requests a minute, tokens a minute and a day, of each caller.

A request is counted when it is admitted; its tokens when it has ended, by its record in the
journal, so that a caller may exceed a limit of tokens by what it has in flight, and waits then. The
counts are kept by a store: in this process, or in one that several gateways share.
"""

from __future__ import annotations

from math import ceil
from typing import Protocol

from ..access.quota import Quota
from ..access.rate import MINUTE_S, TOKEN_RATES, Level, Rate, StoreAway
from ..errors import RateLimited, RatesUnavailable
from .ask import Caller
from .journal import Record


class RateStore(Protocol):
    """Keeps the counts. What is awaited raises StoreAway, after a bounded time."""

    async def take(self, rate: Rate, limit: int, key: str) -> tuple[bool, Level]:
        """Counts one request of the caller `key`, unless the limit is reached: then the first value
        is False."""

    async def level(self, rate: Rate, limit: int, key: str) -> Level:
        """How much is left."""

    def add(self, rate: Rate, limit: int, key: str, amount: int) -> None:
        """Counts tokens that were used, also beyond the limit, now or soon. Raises nothing."""

    async def close(self) -> None: ...


class RateLimiter:
    """Admits requests by the limits of their callers, and counts what they use. A sink of the
    journal."""

    def __init__(self, store: RateStore) -> None:
        self._store = store
        self.open_when_away = True
        """Whether requests are admitted while the store does not answer."""

    @staticmethod
    def limits(quota: Quota) -> bool:
        """Whether a quota has limits of rate; `admit` does nothing where it has none."""
        return bool(quota.requests_per_minute or quota.tokens_per_minute or quota.tokens_per_day)

    async def admit(self, caller: Caller, *, computes: bool) -> tuple[Level, ...]:
        """Counts a request, and returns what its caller has left. `computes`: it may use tokens.
        Raises RateLimited, and RatesUnavailable while the store is away and that is to refuse."""
        quota, key = caller.quota, caller.key
        try:
            levels = []
            for rate in TOKEN_RATES if computes else ():
                if limit := rate.limit(quota):
                    level = await self._store.level(rate, limit, key)
                    if level.remaining <= 0:
                        raise _refusal(level, (level,))
                    levels.append(level)
            if limit := quota.requests_per_minute:
                taken, level = await self._store.take(Rate.REQUESTS, limit, key)
                levels.insert(0, level)
                if not taken:
                    raise _refusal(level, tuple(levels))
        except StoreAway:
            if not self.open_when_away:
                raise RatesUnavailable() from None
            return ()
        return tuple(levels)

    def write(self, record: Record) -> None:
        """Counts the tokens of a unit of work."""
        used = record.usage.prompt_tokens + record.usage.completion_tokens
        quota = record.quota
        if used and (quota.tokens_per_minute or quota.tokens_per_day):
            for rate in TOKEN_RATES:
                if limit := rate.limit(quota):
                    self._store.add(rate, limit, record.caller, used)

    async def close(self) -> None:
        """Closes the store, when what is being counted has been."""
        await self._store.close()


_NAMES = ("X-RateLimit-Limit-", "X-RateLimit-Remaining-", "X-RateLimit-Reset-")
_HEADERS = {
    unit: tuple(f"{name}{unit.capitalize()}" for name in _NAMES) for unit in ("requests", "tokens")
}


def headers(levels: tuple[Level, ...]) -> dict[str, str]:
    """The headers that tell a client what it has left, as OpenAI sends them; of two limits of
    tokens the one of which less is left."""
    told: dict[str, Level] = {}
    for level in levels:
        other = told.get(level.rate.unit)
        if other is None or level.remaining < other.remaining:
            told[level.rate.unit] = level
    found = {}
    for unit, level in told.items():
        limit, remaining, reset = _HEADERS[unit]
        found[limit] = str(level.limit)
        found[remaining] = str(level.remaining)
        found[reset] = _duration(level.reset_s)
    return found


def _refusal(level: Level, levels: tuple[Level, ...]) -> RateLimited:
    wait_s = max(1, ceil(level.reset_s))
    rate = level.rate
    period = "a minute" if rate.seconds == MINUTE_S else "a day"
    return RateLimited(
        f"You may use {level.limit} {rate.unit} {period} ({rate.key}), and have none left; "
        f"try again in {_duration(wait_s)}.",
        retry_after=wait_s,
        headers=headers(levels),
    )


def _duration(seconds: float) -> str:
    """A time as OpenAI writes it: `12ms`, `7.5s`, `6m0s`, `23h59m0s`."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))}ms"
    if seconds < 60:
        return f"{round(seconds, 3):g}s"
    minutes, rest = divmod(ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s"
