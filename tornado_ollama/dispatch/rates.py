"""Limits of rate: requests a minute, tokens a minute and a day, of each caller.

A request is counted when it is admitted; its tokens when it has ended, by its record in the
journal, so that a caller may exceed a limit of tokens by what it has in flight, and waits then. The
counts are kept by a store: in this process, or in one that several gateways share.
"""

from __future__ import annotations

from collections.abc import Awaitable
from functools import lru_cache
from math import ceil
from typing import Protocol

from ..access.quota import Quota
from ..access.rate import MINUTE_S, Admission, Level, Rate, StoreAway
from ..errors import RateLimited, RatesUnavailable
from .ask import Caller
from .journal import Record

Levels = tuple[Level, ...]


class RateStore(Protocol):
    """Keeps the counts. What is awaited raises StoreAway, after a bounded time."""

    def admit(self, key: str, quota: Quota, computes: bool) -> Admission | Awaitable[Admission]:
        """Counts one request of the caller `key`, unless a limit of its quota is reached: that of
        requests, and those of tokens where it `computes`."""

    def add(self, key: str, quota: Quota, amount: int) -> None:
        """Counts tokens that were used, where the quota limits them; also beyond the limit, now or
        soon. Raises nothing."""

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

    def admit(self, caller: Caller, *, computes: bool) -> Levels | Awaitable[Levels]:
        """Counts a request, and returns what its caller has left, at once where the store knows it.
        `computes`: it may use tokens. Raises RateLimited, and RatesUnavailable while the store is
        away and that is to refuse."""
        answer = self._store.admit(caller.key, caller.quota, computes)
        return _admitted(answer) if isinstance(answer, tuple) else self._when_answered(answer)

    async def _when_answered(self, answer: Awaitable[Admission]) -> Levels:
        try:
            return _admitted(await answer)
        except StoreAway:
            if not self.open_when_away:
                raise RatesUnavailable() from None
            return ()

    def write(self, record: Record) -> None:
        """Counts the tokens of a unit of work."""
        used = record.usage.prompt_tokens + record.usage.completion_tokens
        quota = record.quota
        if used and (quota.tokens_per_minute or quota.tokens_per_day):
            self._store.add(record.caller, quota, used)

    async def close(self) -> None:
        """Closes the store, when what is being counted has been."""
        await self._store.close()


_NAMES = ("X-RateLimit-Limit-", "X-RateLimit-Remaining-", "X-RateLimit-Reset-")
_HEADERS = {rate: tuple(f"{name}{rate.unit.capitalize()}" for name in _NAMES) for rate in Rate}


def headers(levels: Levels) -> dict[str, str]:
    """The headers that tell a client what it has left, as OpenAI sends them."""
    found: dict[str, str] = {}
    for level in levels:
        limit, remaining, reset = _HEADERS[level.rate]
        found[limit] = str(level.limit)
        found[remaining] = str(level.remaining)
        found[reset] = _duration(level.reset_s)
    return found


def _admitted(answer: Admission) -> Levels:
    refused, levels = answer
    if refused is not None:
        raise _refusal(refused, levels)
    return levels


def _refusal(level: Level, levels: Levels) -> RateLimited:
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
    """A time as OpenAI writes it, at least as long as asked: `12ms`, `7.5s`, `6m0s`,
    `23h59m0s`."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))}ms"
    return _in_tenths(ceil(seconds * 10))


@lru_cache(maxsize=2048)
def _in_tenths(tenths: int) -> str:
    """Of a second. There are 600 of them in a minute, and within a second all callers share most of
    the longer ones."""
    if tenths < 600:
        return f"{tenths / 10:g}s"
    minutes, rest = divmod(ceil(tenths / 10), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s"
