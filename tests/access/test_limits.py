"""`access.limits`: whose limits a caller has."""

from __future__ import annotations

from typing import Any

import pytest

from tornado_ollama.access import limits
from tornado_ollama.access.limits import LimitRules
from tornado_ollama.access.principal import Kind, Principal, Scope
from tornado_ollama.access.quota import UNLIMITED, Quota

RULES = LimitRules(
    Quota(requests_per_minute=60, max_parallel=4),
    Quota(requests_per_minute=5),
    {
        "students": Quota(requests_per_minute=10, tokens_per_day=1000, priority=1),
        "staff": Quota(requests_per_minute=0, priority=5),
    },
)


def principal(kind: Kind = "token", **more: Any) -> Principal:
    return Principal("somebody", kind, frozenset(Scope), **more)


@pytest.mark.parametrize(
    ("who", "quota"),
    [
        (None, Quota(requests_per_minute=5)),
        (principal("anonymous"), Quota(requests_per_minute=5)),
        (principal(), Quota(requests_per_minute=60, max_parallel=4)),
        (principal("jwt"), Quota(requests_per_minute=60, max_parallel=4)),
        (principal(groups=("strangers",)), Quota(requests_per_minute=60, max_parallel=4)),
        (
            principal(groups=("students",)),
            Quota(requests_per_minute=10, tokens_per_day=1000, max_parallel=4, priority=1),
        ),
        # The later of `limits.groups`, in whatever order the token has them; 0 is no limit.
        *(
            (principal(groups=both), Quota(tokens_per_day=1000, max_parallel=4, priority=5))
            for both in (("staff", "students"), ("students", "staff"))
        ),
        (
            principal(groups=("students",), quota=Quota(requests_per_minute=7, max_parallel=0)),
            Quota(requests_per_minute=7, tokens_per_day=1000, priority=1),
        ),
    ],
)
def test_each_key_is_the_strongest_rules(who: Principal | None, quota: Quota) -> None:
    assert RULES.of(who) == quota
    assert RULES.of(who) is RULES.of(who)


def test_without_rules_nobody_is_limited() -> None:
    assert LimitRules().of(principal()) == LimitRules().of(None) == UNLIMITED


def test_any_number_of_quotas_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MERGED", 3)
    rules = LimitRules()
    for number in range(1, 10):
        quota = Quota(requests_per_minute=number)
        assert rules.of(principal(quota=quota)) == quota
    assert len(rules._merged) <= 3
