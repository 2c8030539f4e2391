"""Signals as callbacks of the loop, on every system."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


def on_signal(loop: asyncio.AbstractEventLoop, name: str, callback: Callable[[], object]) -> None:
    """Calls back, on the loop, whenever the signal of this name comes, and when it was held; a name
    that the system does not have is no failure. To be called on the main thread."""
    number = getattr(signal, name, None)
    if number is None:
        return
    try:
        loop.add_signal_handler(number, callback)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(callback))
    else:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


def hold_signal(name: str) -> None:
    """Lets a signal of this name wait until `on_signal` takes it. Without either it would end the
    process. To be called on the main thread, before others are started: they inherit it."""
    number = getattr(signal, name, None)
    if number is not None and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
