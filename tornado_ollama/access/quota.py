"""A quota: the limits that a token entry, a group or a default sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much one caller may use. None: not said here; 0: no limit, whatever weaker rules say."""

    requests_per_minute: int | None = None
    """Requests over HTTP, and chats and requests on sockets."""
    tokens_per_minute: int | None = None
    """Of prompts and replies, as Ollama counts them."""
    tokens_per_day: int | None = None
    max_parallel: int | None = None
    """Requests that run inference at once; more of them wait."""
    max_queued: int | None = None
    """Requests that wait for a slot."""
    queue_timeout: float | None = None
    """How long each may wait, in seconds."""
    max_body_bytes: int | None = None
    """The largest JSON body."""
    max_sockets: int | None = None
    """Sockets open at once."""
    messages_per_minute: int | None = None
    """Frames on all of its sockets."""
    priority: int | None = None
    """How many slots it gets where another caller gets one; None: 1."""


UNLIMITED = Quota()
