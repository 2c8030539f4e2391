"""The counts of `dispatch/rates.py` in a Redis that several gateways share, by the strategies of
the package `limits`. Needs the extra `redis`.

While Redis does not answer it is asked once a second, each time for a bounded time, and that is
logged once; what is counted meanwhile is lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from ..access.quota import Quota
from ..access.rate import Admission, Level, Rate, StoreAway, of_tokens
from ..errors import ConfigError

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import RateLimiter

log = logging.getLogger(__name__)

T = TypeVar("T")

ANSWER_S = 0.5
"""How long Redis may take; one on the same network needs a millisecond."""

RETRY_S = 1.0
"""How long a Redis that did not answer is left alone."""

MAX_ADDING = 1000
"""Counts of tokens that may be on their way; more are not counted."""


class RedisRates:
    """Implements `dispatch.rates.RateStore`."""

    def __init__(self, url: str) -> None:
        """`url`: as `limits.storage` has it. Raises ConfigError where a package is missing."""
        try:
            from limits.aio.storage import RedisStorage
            from limits.aio.strategies import FixedWindowRateLimiter as Fixed
            from limits.aio.strategies import SlidingWindowCounterRateLimiter as Sliding
            from redis import RedisError
        except ImportError:
            raise ConfigError(
                "limits.storage: Redis needs a package: pip install 'tornado-ollama[redis]'"
            ) from None
        timeouts: dict[str, Any] = {"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S}
        self._storage = RedisStorage(
            f"async+{url}", implementation="redispy", key_prefix="tornado-ollama", **timeouts
        )
        self._requests = Sliding(self._storage)
        self._tokens = Fixed(self._storage)
        self._failures: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
        self._asked_again_at = 0.0
        self._away = False
        self._adding: set[asyncio.Task[None]] = set()

    async def admit(self, key: str, quota: Quota, computes: bool) -> Admission:
        return await self._answer(self._admit(key, quota, computes))

    def add(self, key: str, quota: Quota, amount: int) -> None:
        for rate, limit in _token_limits(quota):
            if limit and len(self._adding) < MAX_ADDING:
                task = asyncio.ensure_future(self._add(rate, limit, key, amount))
                self._adding.add(task)
                task.add_done_callback(self._adding.discard)

    async def close(self) -> None:
        if self._adding:
            await asyncio.wait(self._adding)
        await self._storage.bridge.storage.aclose()  # type: ignore[attr-defined]

    async def _add(self, rate: Rate, limit: int, key: str, amount: int) -> None:
        try:
            await self._answer(self._tokens.hit(_item(rate, limit), _name(key), cost=amount))
        except StoreAway:
            pass  # logged already
        except Exception:
            log.exception("The tokens of a request could not be counted")

    async def _admit(self, key: str, quota: Quota, computes: bool) -> Admission:
        minute, day = [
            await self._level(self._tokens, rate, limit, key) if limit and computes else None
            for rate, limit in _token_limits(quota)
        ]
        refused, told = of_tokens(minute, day)
        requests = quota.requests_per_minute
        if refused is not None or not requests:
            return refused, told
        taken = await self._requests.hit(_item(Rate.REQUESTS, requests), _name(key))
        level = await self._level(self._requests, Rate.REQUESTS, requests, key)
        return None if taken else level, (level, *told)

    async def _level(self, strategy: RateLimiter, rate: Rate, limit: int, key: str) -> Level:
        stats = await strategy.get_window_stats(_item(rate, limit), _name(key))
        return Level(rate, limit, stats.remaining, max(0.0, stats.reset_time - time.time()))

    async def _answer(self, question: Coroutine[Any, Any, T]) -> T:
        loop = asyncio.get_running_loop()
        if self._away and loop.time() < self._asked_again_at:
            question.close()
            raise StoreAway
        try:
            async with asyncio.timeout(2 * ANSWER_S):
                answer = await question
        except self._failures as error:
            self._asked_again_at = loop.time() + RETRY_S
            if not self._away:
                self._away = True
                log.error("limits.storage does not answer: %s", type(error).__name__)
            raise StoreAway from None
        if self._away:
            self._away = False
            log.info("limits.storage answers again.")
        return answer


def _token_limits(quota: Quota) -> tuple[tuple[Rate, int | None], tuple[Rate, int | None]]:
    """Those of a minute and of a day."""
    return (Rate.TOKENS, quota.tokens_per_minute), (Rate.TOKENS_OF_DAY, quota.tokens_per_day)


def _item(rate: Rate, limit: int) -> RateLimitItem:
    from limits import RateLimitItemPerSecond

    return RateLimitItemPerSecond(limit, rate.seconds, rate.key)


def _name(key: str) -> str:
    """A caller in a key of Redis: of one length, without a slash, and no name is shown."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
