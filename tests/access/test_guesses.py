from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_ollama.access import guesses
from tornado_ollama.access.guesses import MAX_WRONG, PERIOD_S, WrongTokens

HOME = "192.0.2.1"


def spent(wrong: WrongTokens, address: str = HOME, at: float = 0.0) -> WrongTokens:
    """After as many as an address has."""
    assert [wrong.wait_after(address, at) for _ in range(MAX_WRONG)] == [None] * MAX_WRONG
    return wrong


def test_the_eleventh_within_a_minute_is_one_too_many() -> None:
    wrong = spent(WrongTokens())
    assert wrong.wait_after(HOME, 0.0) == 60
    assert wrong.wait_after(HOME, 59.5) == 1
    assert wrong.wait_after(HOME, 60.0) is None


def test_those_that_were_refused_do_not_prolong_the_wait() -> None:
    wrong = spent(WrongTokens())
    assert all(wrong.wait_after(HOME, second) for second in range(60))
    spent(wrong, at=60.0)
    assert wrong.wait_after(HOME, 61.0) == 59


def test_each_address_has_its_own() -> None:
    wrong = spent(WrongTokens())
    assert wrong.wait_after("192.0.2.2", 0.0) is None
    assert wrong.wait_after("-", 0.0) is None


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::", "2001:db8:0:1::1"),
        ("fe80::1%eth0", "fe80::2%eth1", "fe80:0:0:1::1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"),
    ],
)
def test_an_address_of_ipv6_counts_by_its_network(address: str, same: str, other: str) -> None:
    wrong = spent(WrongTokens(), address)
    assert wrong.wait_after(same, 0.0) == 60
    assert wrong.wait_after(other, 0.0) is None


def test_any_number_of_addresses_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MAX_ADDRESSES", 3)
    wrong = spent(WrongTokens())
    for number in range(100):
        wrong.wait_after(f"10.0.0.{number}", 1.0)
        if number % 2:
            assert wrong.wait_after(HOME, 1.0) == 59  # whoever goes on is not forgotten
    assert len(wrong._times) == 3


@settings(deadline=None)
@given(st.lists(st.floats(0, 300), max_size=60).map(sorted))
def test_no_minute_has_more(times: list[float]) -> None:
    wrong = WrongTokens()
    counted = [time for time in times if wrong.wait_after(HOME, time) is None]
    for time in counted:
        assert sum(time <= other < time + PERIOD_S for other in counted) <= MAX_WRONG
