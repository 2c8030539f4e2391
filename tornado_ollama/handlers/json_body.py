"""Handlers of requests whose body is one JSON object. What the object means is decided in
`wire`."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ..wire.checks import Json, read_json
from .collecting import CollectingHandler

_Parsed = TypeVar("_Parsed")


class JsonBodyHandler(CollectingHandler):
    """Gives subclasses `read_body` and `parsed`, one of which is to be called, once."""

    def read_body(self) -> Json:
        """Returns the object in the body. Raises BadRequest for any other body."""
        return read_json(self.whole_body())

    def parsed(
        self, parse: Callable[[Json], _Parsed], read: Callable[[bytes], Json] = read_json
    ) -> _Parsed:
        """Returns what `parse` makes of the object in the body, which may be a long conversation.
        `read` parses the body. Raises BadRequest for any other body, and what `parse` raises."""
        with _collections_paused():
            return parse(read(self.whole_body()))


@contextmanager
def _collections_paused() -> Iterator[None]:
    """No run of Python's cyclic garbage collector inside of the block, which must not wait.

    A long conversation becomes tens of thousands of objects. Each few hundred of them would start
    a run, and some runs look at all that has been made so far; but JSON has no cycles.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
