"""Waiting for a state that no event announces. Every wait is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 60.0
"""A net against hanging, as wide as a busy machine needs: what is waited for happens at once."""
ROUND_S = 0.005
STILL_ROUNDS = 30


async def until(condition: Callable[[], bool], what: str) -> None:
    """Returns when `condition` holds; fails, naming `what`, when it does not in time."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(ROUND_S)
    except TimeoutError:
        raise AssertionError(f"did not happen: {what}") from None


async def settled(value: Callable[[], int]) -> int:
    """The value once it has been still for a while: how far a stalled transfer got."""
    last, still = value(), 0
    while still < STILL_ROUNDS:
        await asyncio.sleep(ROUND_S)
        now = value()
        last, still = now, still + 1 if now == last else 0
    return last
