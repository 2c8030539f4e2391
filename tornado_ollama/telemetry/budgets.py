"""Budgets: how much a credential may use in a day and in a month, before it is refused.

What was used is counted as charges come, and read from the accounts at the start; days and months
are those of UTC. A request that has begun is never cut: the one that goes beyond the budget is the
last.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ..dispatch.ask import ANONYMOUS, Caller
from ..dispatch.journal import Charge
from ..errors import BudgetSpent

log = logging.getLogger(__name__)

MAX_CALLERS = 10_000
"""Whose use is known; when there are more, the one that was charged first is forgotten."""


_LIMITS = ("tokens_per_day", "tokens_per_month", "seconds_per_day", "seconds_per_month")


class Budget(Protocol):
    """An entry of `usage.budgets`. None: no limit."""

    @property
    def tokens_per_day(self) -> int | None: ...
    @property
    def tokens_per_month(self) -> int | None: ...
    @property
    def seconds_per_day(self) -> int | None:
        """Of Ollama's time: loading, prompt and reply."""

    @property
    def seconds_per_month(self) -> int | None: ...


@dataclass(slots=True)
class _Spent:
    """What one credential has used today and in this month."""

    name: str
    day: date
    used: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_LIMITS, 0.0))
    warned: set[str] = field(default_factory=set)

    def turn(self, today: date) -> None:
        """Begins the periods anew that have ended."""
        for limit in _LIMITS:
            ended = self.day != today if limit.endswith("day") else _month(self.day) < _month(today)
            if ended:
                self.used[limit] = 0.0
                self.warned.discard(limit)
        self.day = today

    def add(self, day: date, tokens: float, seconds: float) -> None:
        for limit in _LIMITS:
            counts = day == self.day if limit.endswith("day") else _month(day) == _month(self.day)
            if counts:
                self.used[limit] += tokens if limit.startswith("tokens") else seconds


class Budgets(Collector):
    """The budgets of all credentials; at a scrape, how much of them is used."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.warn_at = 0.8
        """The part of a budget whose use is logged as a warning."""
        self._budgets: Mapping[str, Budget] = {}
        self._found: dict[str, Budget | None] = {}
        self._spent: dict[str, _Spent] = {}
        self._now = now

    def apply(self, budgets: Mapping[str, Budget], warn_at: float) -> None:
        """Takes the budgets of new settings, by globs of credentials' names; the later wins. What
        was used stays."""
        self._budgets, self.warn_at = budgets, warn_at
        self._found.clear()

    @property
    def any(self) -> bool:
        return bool(self._budgets)

    def take_up(self, rows: Iterable[tuple[str, str, str, float, float]]) -> None:
        """Takes what was used in this month: caller, name, day, tokens and seconds."""
        for caller, name, day, tokens, seconds in rows:
            self._of(caller, name).add(date.fromisoformat(day), tokens, seconds)

    def charge(self, charge: Charge) -> None:
        """Adds what was used. The journal's sink."""
        if not self._budgets:
            return
        budget = self._budget(charge.account, charge.credential)
        if budget is None:
            return
        usage = charge.usage
        spent = self._of(charge.account, charge.credential)
        seconds = usage.load_s + usage.prompt_s + usage.completion_s
        spent.add(spent.day, usage.prompt_tokens + usage.completion_tokens, seconds)
        for limit, most in _limits(budget):
            if spent.used[limit] >= self.warn_at * most and limit not in spent.warned:
                spent.warned.add(limit)
                log.warning(
                    "The credential %s has used %d of %d %s (usage.budgets).",
                    *(charge.credential, spent.used[limit], most, _words(limit)),
                )

    def check(self, caller: Caller) -> None:
        """Raises BudgetSpent for a caller that has nothing left."""
        principal = caller.principal
        if principal is None or not self._budgets:
            return
        budget = self._budget(caller.account, principal.name)
        if budget is None:
            return
        spent = self._of(caller.account, principal.name)
        for limit, most in _limits(budget):
            if spent.used[limit] >= most:
                renewed = _tomorrow(spent.day) if limit.endswith("day") else _next_month(spent.day)
                raise BudgetSpent(
                    f"The budget of this credential is used up: {most} {_words(limit)}; "
                    f"it is renewed on {renewed.isoformat()} (UTC)."
                )

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "tornado_ollama_budget_used_ratio",
            "The used part of the budget of a credential, 1: it is used up",
            labels=["credential", "budget"],
        )
        ratios: dict[tuple[str, str], float] = {}
        for spent in tuple(self._spent.values())[-MAX_SHOWN:]:
            budget = self._named(spent.name)
            for limit, most in _limits(budget) if budget is not None else ():
                ratio = spent.used[limit] / most if most else 1.0
                series = spent.name, limit  # of a token and a JWT of one name, who has used more
                ratios[series] = max(ratio, ratios.get(series, 0.0))
        for series, ratio in ratios.items():
            family.add_metric(series, ratio)
        yield family

    def _budget(self, account: str, credential: str) -> Budget | None:
        """`credential`: its name."""
        return None if account == ANONYMOUS else self._named(credential)

    def _named(self, name: str) -> Budget | None:
        if name not in self._found:
            if len(self._found) > MAX_CALLERS:
                self._found.clear()
            matching = [b for glob, b in self._budgets.items() if fnmatchcase(name, glob)]
            self._found[name] = matching[-1] if matching else None
        return self._found[name]

    def _of(self, account: str, name: str) -> _Spent:
        today = datetime.fromtimestamp(self._now(), UTC).date()
        spent = self._spent.get(account)
        if spent is None:
            if len(self._spent) >= MAX_CALLERS:
                del self._spent[next(iter(self._spent))]
            spent = self._spent[account] = _Spent(name, today)
        if spent.day != today:
            spent.turn(today)
        return spent


MAX_SHOWN = 200
"""Credentials that have a series."""


def _limits(budget: Budget) -> Iterator[tuple[str, int]]:
    for limit in _LIMITS:
        most = getattr(budget, limit)
        if most is not None:
            yield limit, most


def _words(limit: str) -> str:
    """`tokens_per_day` as `tokens a day`."""
    return limit.replace("_per_", " a ")


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _tomorrow(day: date) -> date:
    return day + timedelta(days=1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
