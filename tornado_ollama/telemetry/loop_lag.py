"""Measures the lag of the event loop: how much later than planned a timer is called."""

from __future__ import annotations

import asyncio

from prometheus_client.registry import CollectorRegistry

from .series import Histogram

EVERY_S = 0.25

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class LoopLag:
    """Measures from `start` until `stop`, four times a second."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lag = Histogram(
            "tornado_ollama_event_loop_lag_seconds",
            "How much later than planned a timer of the event loop was called",
            BUCKETS,
            (),
            registry,
        ).series()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Must be called inside the running loop."""
        loop = asyncio.get_running_loop()
        due = loop.time() + EVERY_S
        self._timer = loop.call_at(due, self._called, due)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _called(self, due: float) -> None:
        self._lag.observe(max(0.0, asyncio.get_running_loop().time() - due))
        self.start()
