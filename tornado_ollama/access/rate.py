"""The rates at which a caller may use requests and tokens, and how much of one is
left: what `dispatch/rates.py` and its stores say to each other."""

from __future__ import annotations

from enum import Enum

import msgspec

MINUTE_S, DAY_S = 60, 24 * 3600


class Rate(Enum):
    """What is counted, and over how many seconds."""

    REQUESTS = ("requests_per_minute", "requests", MINUTE_S)
    TOKENS = ("tokens_per_minute", "tokens", MINUTE_S)
    TOKENS_OF_DAY = ("tokens_per_day", "tokens", DAY_S)

    def __init__(self, key: str, unit: str, seconds: int) -> None:
        self.key = key
        """The name of the limit in a quota."""
        self.unit = unit
        self.seconds = seconds

    __hash__ = object.__hash__
    """There is one object for each; the hash of `Enum` is a function in Python, and the counts are
    asked by it."""


class Level(msgspec.Struct, frozen=True, gc=False):
    """How much of a rate is left."""

    rate: Rate
    limit: int
    remaining: int
    reset_s: float
    """Until some of it comes free, in seconds."""


Admission = tuple[Level | None, tuple[Level, ...]]
"""The level because of which a request is refused, None where it is admitted and counted; and what
is left: the level of requests, then of tokens the one of which less is left."""


def of_tokens(minute: Level | None, day: Level | None) -> Admission:
    """What the levels of tokens say of a request: it is refused where nothing is left of one. None:
    there is no such limit."""
    least = minute
    if minute is None or (day is not None and day.remaining < minute.remaining):
        least = day
    if least is None:
        return None, ()
    return (least if least.remaining <= 0 else None), (least,)


class StoreAway(Exception):
    """The store of the counts does not answer."""
