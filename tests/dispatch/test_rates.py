"""`dispatch.rates` with its counts in this process: how much is admitted, and what is told."""

from __future__ import annotations

import pytest

from tornado_ollama.access.quota import Quota
from tornado_ollama.access.rate import Level
from tornado_ollama.dispatch import local_rates
from tornado_ollama.dispatch.ask import Caller
from tornado_ollama.dispatch.local_rates import LocalRates
from tornado_ollama.dispatch.rates import RateLimiter, headers

pytestmark = pytest.mark.gen_test


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000_060.0  # 40 s into its minute

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(local_rates, "time", clock)
    return clock


def taken(store: LocalRates, count: int, key: str = "a", limit: int = 5) -> int:
    """How many of so many requests are admitted."""
    quota = Quota(requests_per_minute=limit)
    return sum(store.admit(key, quota, True)[0] is None for _ in range(count))


TOKENS = Quota(tokens_per_minute=100)


def level(store: LocalRates, key: str) -> Level:
    """What a caller has left of 100 tokens a minute."""
    return store.admit(key, TOKENS, True)[1][0]


async def test_no_minute_has_more_than_its_limit(clock: Clock) -> None:
    store = LocalRates()
    assert taken(store, 8) == 5
    clock.now += 30  # the next minute by the clock, and most of the last 60 s
    assert taken(store, 8) == 1
    _, [at] = store.admit("a", Quota(requests_per_minute=5), True)
    clock.now += at.reset_s + 0.01
    assert taken(store, 1) == 1
    clock.now += 120
    assert taken(store, 8) == 5
    assert taken(store, 8, "b") == 5


async def test_a_steady_caller_gets_its_limit_and_no_more(clock: Clock) -> None:
    store = LocalRates()
    admitted = []
    for _ in range(600):
        clock.now += 1
        admitted.append(taken(store, 1, limit=30))
    minutes = [sum(admitted[at : at + 60]) for at in range(60, 540)]
    assert max(minutes) <= 36 and 28 <= sum(minutes) / len(minutes) <= 31


async def test_what_was_used_counts_beyond_the_limit_until_the_window_ends(clock: Clock) -> None:
    store = LocalRates()
    for _ in range(2):
        store.add("a", TOKENS, 70)
    used_up = level(store, "a")
    assert (used_up.remaining, used_up.reset_s) == (0, 60)
    assert level(store, "b").remaining == 100
    clock.now += 60
    assert level(store, "a").remaining == 100


async def test_counts_that_have_ended_are_forgotten(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_rates, "MAX_CALLERS", 10)
    store = LocalRates()
    store._most = 10
    for number in range(1000):
        clock.now += 10
        store.add(str(number), TOKENS, 1)
    assert len(store) <= 30


async def test_headers_are_those_of_openai(clock: Clock) -> None:
    store = LocalRates()
    quota = Quota(requests_per_minute=5, tokens_per_minute=100, tokens_per_day=1000)
    caller = Caller(None, "192.0.2.1", quota)
    store.add(caller.key, Quota(tokens_per_day=1000), 990)
    levels = RateLimiter(store).admit(caller, computes=True)
    assert isinstance(levels, tuple)
    assert headers(levels) == {
        "X-RateLimit-Limit-Requests": "5",
        "X-RateLimit-Remaining-Requests": "4",
        "X-RateLimit-Reset-Requests": "20s",
        "X-RateLimit-Limit-Tokens": "1000",
        "X-RateLimit-Remaining-Tokens": "10",
        "X-RateLimit-Reset-Tokens": "24h0m0s",
    }
