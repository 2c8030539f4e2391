"""The journal: makes exactly one record of every unit of work when it ends, and hands it to every
sink.

A unit is an HTTP request, a chat on a socket, or a request frame on a socket. Several requests to
Ollama behind one with `n` choices are summed. The access log is the first sink.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..access.routes import KNOWN_METHODS
from ..wire.target import loggable_path
from .usage import Usage

log = logging.getLogger(__name__)

UNANSWERED = 499
"""The status of a unit that ended before its client was told one; nginx's number."""

CLIENT_LEFT = "client left"
CANCELLED = "cancelled"
REVOKED = "revoked"
SHUT_DOWN = "shut down"
"""Reasons of an end that is neither `ok` nor an error."""

CHAT = "CHAT"
"""In place of a method: a chat on a socket."""

NOTHING = "-"

_METHODS = frozenset((*KNOWN_METHODS, CHAT))
_MODEL = re.compile(r"[\w./:@+-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known about a unit of work when it ends. Times are in seconds, sizes in bytes.
    Nothing in it is secret: a method, a path or a model name that is not a known one, and so could
    be a secret, is replaced."""

    client: str
    """The address."""
    request_id: str
    caller: str
    """`Caller.key`: what accounts go by, since two credentials may have one name."""
    credential: str
    """The principal's name."""
    method: str
    path: str
    route: str
    """The path of its row in the route table; `-` where it has none."""
    dialect: str
    status: int
    received: int
    """Of the body."""
    sent: int
    first_byte_s: float | None
    duration_s: float
    outcome: str
    """The reason of the end: `ok`, the code of an error, `client left`, `cancelled`, `revoked` or
    `shut down`."""
    model: str | None = None
    """As the client named it."""
    usage: Usage = field(default_factory=Usage)
    ignored: tuple[str, ...] = ()
    """Fields of the request that nothing came of, as `wire/ignored_fields.py` has them."""

    @property
    def computed(self) -> bool:
        """Whether Ollama ran a model for the unit, or was asked to."""
        return self.model is not None or self.usage != Usage()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "path", loggable_path(self.path))
        if self.method not in _METHODS:
            put(self, "method", NOTHING)
        put(self, "model", loggable_model(self.model))
        if self.usage.model is not None:
            put(self, "usage", replace(self.usage, model=loggable_model(self.usage.model)))


def loggable_model(model: str | None) -> str | None:
    """The name of a model, or a dash in place of a text that cannot be one."""
    return model if model is None or _MODEL.fullmatch(model) else NOTHING


Sink = Callable[[Record], None]


class Journal:
    """Hands each record to all sinks."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks

    def write(self, record: Record) -> None:
        """Hands the record to each sink. A failure in a sink is logged and affects neither the
        other sinks nor the request."""
        for sink in self._sinks:
            try:
                sink(record)
            except Exception:
                log.exception("A sink of the journal failed")
