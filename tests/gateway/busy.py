"""An Ollama that is busy: somebody of the test's own holds its only turn."""

from __future__ import annotations

from typing import Any

from tornado_ollama.access.quota import UNLIMITED
from tornado_ollama.errors import GatewayError

from ..waiting import until

ONE = {"limits": {"max_parallel": 1}}


class Busy:
    """Takes a turn of the gateway's queue when it is made, and keeps it until it is told."""

    def __init__(self, app: Any) -> None:
        self._queue = app.queue
        self._queue.enter(self)

    caller_key = "busy"
    quota = UNLIMITED
    model = None

    def granted(self) -> None:
        pass

    def fail(self, error: GatewayError) -> None:
        pass

    def queued(self, position: int, timeout: float) -> None:
        raise AssertionError("somebody else has the turn already")

    def over(self) -> None:
        self._queue.leave(self)


async def waiting(app: Any, count: int) -> None:
    """Returns when so many wait for their turn."""
    await until(lambda: app.queue.waiting == count, f"{count} wait")
