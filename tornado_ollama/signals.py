"""Signals as callbacks on the event loop, on every operating system."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


def on_signal(loop: asyncio.AbstractEventLoop, name: str, callback: Callable[[], object]) -> None:
    """Registers a callback that runs on the event loop whenever the signal of this name arrives, or
    has arrived while it was held. A name that the operating system does not know is ignored. To be
    called on the main thread."""
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
    """Holds signals of this name until `on_signal` registers a callback; otherwise they would end
    the process. To be called on the main thread before other threads are started, which inherit
    this."""
    number = getattr(signal, name, None)
    if number is not None and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
