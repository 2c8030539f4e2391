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
from ..access.rate import (
    MINUTE_S,
    Admission,
    Level,
    Limits,
    Rate,
    StoreAway,
    token_limits,
)
from ..errors import RateLimited, RatesUnavailable
from .ask import Caller
from .journal import Record


class RateStore(Protocol):
    """Keeps the counts. What is awaited raises StoreAway, after a bounded time."""

    def admit(
        self, key: str, tokens: Limits, requests: int | None
    ) -> Admission | Awaitable[Admission]:
        """Counts one request of the caller `key`, unless one of its limits is reached. `tokens`:
        the limits of tokens; `requests`: that of requests, None where it has none."""

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
        quota = caller.quota
        try:
            tokens = token_limits(quota) if computes else ()
            answer = self._store.admit(caller.key, tokens, quota.requests_per_minute)
            refused, levels = answer if isinstance(answer, tuple) else await answer
        except StoreAway:
            if not self.open_when_away:
                raise RatesUnavailable() from None
            return ()
        if refused is not None:
            raise _refusal(refused, levels)
        return levels

    def write(self, record: Record) -> None:
        """Counts the tokens of a unit of work."""
        used = record.usage.prompt_tokens + record.usage.completion_tokens
        if used:
            for rate, limit in token_limits(record.quota):
                self._store.add(rate, limit, record.caller, used)

    async def close(self) -> None:
        """Closes the store, when what is being counted has been."""
        await self._store.close()


_NAMES = ("X-RateLimit-Limit-", "X-RateLimit-Remaining-", "X-RateLimit-Reset-")
_HEADERS = {rate: tuple(f"{name}{rate.unit.capitalize()}" for name in _NAMES) for rate in Rate}


def headers(levels: tuple[Level, ...]) -> dict[str, str]:
    """The headers that tell a client what it has left, as OpenAI sends them."""
    found: dict[str, str] = {}
    for rate, most, left, reset_s in levels:
        limit, remaining, reset = _HEADERS[rate]
        found[limit] = str(most)
        found[remaining] = str(left)
        found[reset] = _duration(reset_s)
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
