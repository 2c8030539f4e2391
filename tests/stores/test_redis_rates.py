"""`stores.redis_rates`: counts in a real Redis, which may go away."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from tornado_ollama.access.quota import Quota
from tornado_ollama.access.rate import Level, StoreAway
from tornado_ollama.dispatch.ask import Caller
from tornado_ollama.dispatch.rates import RateLimiter
from tornado_ollama.errors import ConfigError, RateLimited, RatesUnavailable
from tornado_ollama.stores import redis_rates
from tornado_ollama.stores.redis_rates import RedisRates

from ..redis_server import RedisServer
from ..waiting import until

pytestmark = pytest.mark.gen_test


async def taken(store: RedisRates, count: int, limit: int = 5) -> int:
    """How many of so many requests are admitted."""
    quota = Quota(requests_per_minute=limit)
    return sum([(await store.admit("a", quota, True))[0] is None for _ in range(count)])


TOKENS = Quota(tokens_per_minute=100)


async def admitted(limiter: RateLimiter) -> tuple[Level, ...]:
    quota = Quota(requests_per_minute=1, tokens_per_minute=5)
    levels = limiter.admit(Caller(None, "192.0.2.1", quota), computes=True)
    assert not isinstance(levels, tuple)
    return await levels


async def test_without_its_packages_the_storage_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigError, match=r"tornado-ollama\[redis\]"):
        RedisRates("redis://127.0.0.1:1")


@pytest.fixture
def redis(tmp_path: Any) -> Any:
    with RedisServer(tmp_path) as server:
        yield server


async def test_two_gateways_hold_one_limit_between_them(redis: RedisServer) -> None:
    one, two = RedisRates(redis.url), RedisRates(redis.url)
    found = await asyncio.gather(*(taken(store, 10, limit=12) for store in (one, two)))
    assert sum(found) == 12
    one.add("a", TOKENS, 30)
    two.add("a", TOKENS, 90)
    await until(lambda: not (one._adding or two._adding), "both are counted")
    level, _ = await one.admit("a", TOKENS, True)
    assert level is not None and level.remaining == 0 and 50 < level.reset_s <= 60
    await one.close()
    await two.close()


async def test_while_redis_is_away_the_configured_answer_is_given_and_logged_once(
    redis: RedisServer, expect_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_rates, "RETRY_S", 0.02)
    store = RedisRates(redis.url)
    limiter = RateLimiter(store)
    assert await admitted(limiter)
    redis.stop()
    expect_log("tornado_ollama.stores.redis_rates", "does not answer")
    for _ in range(3):
        assert await admitted(limiter) == ()
    limiter.open_when_away = False
    with pytest.raises(RatesUnavailable):
        await admitted(limiter)
    redis.start()
    for _ in range(200):
        try:
            await store.admit("x", TOKENS, True)
            break
        except StoreAway:
            await asyncio.sleep(0.02)
    assert await admitted(limiter)
    with pytest.raises(RateLimited):
        await admitted(limiter)
    await limiter.close()


async def test_a_redis_that_hangs_holds_nobody_up_for_long(
    redis: RedisServer, expect_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_rates, "ANSWER_S", 0.05)
    store = RedisRates(redis.url)
    assert await taken(store, 1) == 1
    redis.pause()
    expect_log("tornado_ollama.stores.redis_rates", "does not answer")
    for _ in range(20):  # only the first waits
        with pytest.raises(StoreAway):
            await store.admit("a", TOKENS, True)
    store.add("a", TOKENS, 1)  # is lost, and nobody fails
    redis.resume()
    await store.close()
