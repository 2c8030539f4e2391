"""The APIs whose clients are served: Ollama's own, and OpenAI's.

A route belongs to one of them (`access.routes`), and whatever its clients are told is in the form
that they expect.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API."""

    name: str


NATIVE = Dialect("native")
OPENAI = Dialect("openai")
