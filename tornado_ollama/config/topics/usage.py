"""The topic `usage`: the accounts of what each credential uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from ..rows import Topic, setting, tables
from ..rules import Rule, texts, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetEntry(Topic):
    """What credentials may use in a period."""

    tokens_per_day: int | None = setting(
        None, whole("a number of tokens", 0), "tokens of prompts and replies", example=100_000
    )
    tokens_per_month: int | None = setting(
        None, whole("a number of tokens", 0), "the same, by month", example=2_000_000
    )
    seconds_per_day: int | None = setting(
        None, whole("seconds", 0), "seconds that Ollama spends", example=3600
    )
    seconds_per_month: int | None = setting(
        None, whole("seconds", 0), "the same, by month", example=36_000
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage(Topic):
    keep_days: int = setting(
        400,
        whole("a number of days", 0, 36500),
        "how long the accounts of a day are kept; `0`: none are",
        more="They are in the database of `state.directory`. See [usage](usage.md).",
    )
    trust_user_headers: tuple[str, ...] = setting(
        (),
        texts("a list of names of tokens"),
        "names of tokens whose `X-OpenWebUI-User-*` headers are believed: "
        "their usage is told apart by person",
        more="For an application with one token and many users; the addresses of these people are "
        "then in the accounts.",
    )
    budgets: dict[str, BudgetEntry] = tables(
        BudgetEntry,
        "how much each credential may use, by glob of its name; the later wins",
        more="See [usage](usage.md#budgets).",
        example="student-*",
    )
    warn_at: float = setting(
        0.8,
        Rule("a part of a budget, from 0 to 1", Annotated[float, Meta(ge=0, le=1)]),
        "the part of a budget whose use is logged as a warning",
    )
