"""A limit for what would otherwise compute for minutes or for ever."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deadline(seconds: float = 10.0) -> Iterator[None]:
    """Fails the test when the block, which should take milliseconds, has computed that long: what
    other processes compute meanwhile is not counted."""

    def over(*_: object) -> None:
        raise AssertionError(f"still computing after {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
