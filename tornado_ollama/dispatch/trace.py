"""The trace of a unit of work, as far as the handlers and the journal know it."""

from __future__ import annotations

from typing import Protocol

from ..wire.headers import Headers


class Trace(Protocol):
    """A span that has begun. It ends when the journal gets the record that names it."""

    @property
    def headers(self) -> Headers:
        """W3C Trace Context of a request to Ollama that is made for the unit."""
