"""Raises an exception in one chosen call on the way to Ollama, to see who survives it.

A call counts when it begins a piece of work that somebody else is in charge of: asyncio, httptools
or a timer calls into `upstream/` or `dispatch/`, a guard there calls what it guards, or they call
back into a handler. The guards themselves (functions that are one `try`) and what cleans up after
a request are left alone.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import tornado_ollama

PACKAGE = str(Path(tornado_ollama.__file__).parent)
WAY = tuple(str(Path(PACKAGE) / room) for room in ("dispatch", "upstream"))
HANDLERS = tuple(str(Path(PACKAGE) / room) for room in ("handlers", "socket"))
TESTS = str(Path(__file__).parent)

GUARDS = {"guarded", "buffer_updated", "settled", "on_data", "_connect", "_upload", "_tell"}
GUARDS |= {"granted", "queued", "_fetched", "_release"}
PARSED = {"on_message_begin", "on_status", "on_header", "on_headers_complete", "on_body"}
PARSED |= {"on_message_complete"}
CLEANERS = {
    "abort",
    "connection_made",  # one assignment; asyncio has no way to tell anybody that it failed
    "done",  # of the client's; `_tell` calls it again
    "fail",
    "leave",
    "unforeseen",
    "unwanted",
    "<lambda>",
    "getMessage",  # of the access log: its own thread formats a line
    "__post_init__",  # of a value, called by whoever makes it and not from outside
    "_stop",
    "_fail",
}


class Injected(Exception):
    """What the injector raises."""


class Injector:
    """Counts the calls of one request from 0, and raises in the one whose number is `at`."""

    def __init__(self, at: int | None) -> None:
        self._at = at
        self.seen: list[str] = []

    def trace(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and _counts(frame):
            self.seen.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_qualname}")
            if len(self.seen) - 1 == self._at:
                raise Injected(self.seen[-1])


@functools.cache
def _side(code: CodeType) -> tuple[str, ...] | None:
    """`WAY`, or `HANDLERS`, or None for what lies elsewhere or is left alone."""
    if code.co_name in CLEANERS:
        return None
    return next((side for side in (WAY, HANDLERS) if code.co_filename.startswith(side)), None)


def _counts(frame: FrameType) -> bool:
    side = _side(frame.f_code)
    if side is None:
        return False
    name, caller = frame.f_code.co_name, frame.f_back
    called_from = caller.f_code.co_filename if caller is not None else ""
    if side is WAY:
        if name in GUARDS or called_from.startswith(TESTS):
            return False
        by_guard = caller is not None and caller.f_code.co_name in GUARDS
        return by_guard or name in PARSED or not called_from.startswith(PACKAGE)
    return called_from.startswith(WAY) or name == "produce"


@contextmanager
def injector(at: int | None) -> Iterator[Injector]:
    """Watches the calls of this thread."""
    injector, before = Injector(at), sys.gettrace()  # coverage is measured by one, too
    sys.settrace(injector.trace)
    try:
        yield injector
    finally:
        sys.settrace(before)
