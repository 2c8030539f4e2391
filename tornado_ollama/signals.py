"""Signals as callbacks of the loop, on every system."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


def on_signal(
    loop: asyncio.AbstractEventLoop, name: str, callback: Callable[[], object]
) -> None:
    """Calls back, on the loop, whenever the signal of this name comes; a name that the system does
    not have is no failure. To be called on the main thread."""
    number = getattr(signal, name, None)
    if number is None:
        return
    try:
        loop.add_signal_handler(number, callback)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(callback))
