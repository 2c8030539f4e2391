"""An Ollama that is busy: somebody of the test's own holds its only turn."""

from __future__ import annotations

from typing import Any

from ..waiting import until

ONE = {"limits": {"max_parallel": 1}}


class Busy:
    """Takes a turn of the gateway's queue when it is made, and keeps it until it is told."""

    def __init__(self, app: Any) -> None:
        self._turns = app.client.turns
        self._turns.enter(self)

    def go(self) -> None:
        pass

    def queued(self, position: int, timeout: float) -> None:
        raise AssertionError("somebody else has the turn already")

    def over(self) -> None:
        self._turns.leave(self)


async def waiting(app: Any, count: int) -> None:
    """Returns when so many wait for their turn."""
    await until(lambda: app.client.turns.waiting == count, f"{count} wait")
