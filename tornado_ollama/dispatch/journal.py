"""The journal: makes exactly one record of every unit of work when it ends, and hands it to every
sink.

A unit is an HTTP request, a chat on a socket, or a request frame on a socket. Several requests to
Ollama behind one with `n` choices are summed. The access log is the first sink.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec.structs import force_setattr, replace

from ..access.quota import UNLIMITED, Quota
from ..access.routes import KNOWN_METHODS
from ..wire.parties import Party
from ..wire.target import loggable_path
from .ask import ANONYMOUS, Caller
from .trace import Trace
from .usage import NOTHING_USED, Usage

log = logging.getLogger(__name__)

T = TypeVar("T")

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
_CREDENTIALS = ("to-", "eyJ")
"""How tokens of ours and JWTs begin."""
_MODEL = re.compile(r"[\w./:@+-]{1,200}", re.ASCII)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a unit of work when it ends. Times are in seconds, sizes in bytes.
    Nothing in it is secret: a method, a path or a model name that is not a known one, and so could
    be a secret, is replaced."""

    client: str
    """The address."""
    request_id: str
    caller: str
    """`Caller.key`: what limits go by, since two credentials may have one name."""
    credential: str
    """The principal's name."""
    quota: Quota = UNLIMITED
    """The caller's limits."""
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
    usage: Usage = NOTHING_USED
    ignored: tuple[str, ...] = ()
    """Fields of the request that nothing came of, as `wire/ignored_fields.py` has them."""
    trace: Trace | None = None
    """None where there is no tracing, or none of this unit."""
    ended_at: float = msgspec.field(default_factory=time.time)
    """Unix time."""

    @property
    def computed(self) -> bool:
        """Whether Ollama ran a model for the unit, or was asked to."""
        return self.model is not None or (
            self.usage is not NOTHING_USED and self.usage != NOTHING_USED
        )

    def __post_init__(self) -> None:
        if self.path != self.route:  # a route holds nothing of the client's
            force_setattr(self, "path", loggable_path(self.path))
        if self.method not in _METHODS:
            force_setattr(self, "method", NOTHING)
        force_setattr(self, "model", loggable_model(self.model))
        used = loggable_model(self.usage.model)
        if used != self.usage.model:
            force_setattr(self, "usage", replace(self.usage, model=used))


@lru_cache(maxsize=256)
def loggable_model(model: str | None) -> str | None:
    """The name of a model, or a dash in place of a text that cannot be one, or is a credential."""
    if model is None or (_MODEL.fullmatch(model) and not model.startswith(_CREDENTIALS)):
        return model
    return NOTHING


class Charge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one request to Ollama has cost. The charges of a unit add up to the usage of its
    record."""

    at: float
    """Unix time."""
    account: str
    """`Caller.account`."""
    credential: str
    """The principal's name, or `anonymous`."""
    party: Party
    first: bool
    """It is the unit's first; another choice of the same unit counts as no request of its own."""
    usage: Usage


Sink = Callable[[Record], None]
BatchSink = Callable[[Sequence[Record]], None]
ChargeSink = Callable[[Charge], None]

GATHER_S = 0.05
"""How long records may wait for those who are only told of them: a batch costs half of what its
records cost one by one, since what a sink reads is in the processor's caches from its second record
on."""


class Journal:
    """Hands each record and each charge to all of their sinks. A failure in a sink is logged and
    affects neither the other sinks nor the request."""

    def __init__(
        self,
        *sinks: Sink,
        charges: tuple[ChargeSink, ...] = (),
        told: tuple[BatchSink, ...] = (),
        gather_s: float = 0.0,
    ) -> None:
        """`sinks` and `charges` are called at once, since what they count decides about the next
        request. `told` are called within `gather_s` seconds, with the records in order, and before
        `flush` returns; 0: at once."""
        self._sinks = sinks
        self._charge_sinks = charges
        self._told = told
        self._gather_s = gather_s
        self._gathered: list[Record] = []

    def charge(self, caller: Caller, usage: Usage, party: Party, *, first: bool) -> None:
        """Charges what a request to Ollama has cost, as `Charge` has it. Call it before the last
        bytes of the answer leave, so that whoever has seen the end of an answer has been charged
        for it."""
        model = loggable_model(usage.model)
        if model != usage.model:
            usage = replace(usage, model=model)
        principal = caller.principal
        name = ANONYMOUS if principal is None else principal.name
        _hand(Charge(time.time(), caller.account, name, party, first, usage), self._charge_sinks)

    def write(self, record: Record) -> None:
        """Hands the record to each sink."""
        _hand(record, self._sinks)
        self._gathered.append(record)
        if not self._gather_s:
            self.flush()
        elif len(self._gathered) == 1:
            asyncio.get_running_loop().call_later(self._gather_s, self.flush)

    def flush(self) -> None:
        """Hands over what has been gathered: called before what the sinks have counted is read."""
        records, self._gathered = self._gathered, []
        if records:
            _hand(records, self._told)


def one_by_one(sink: Sink) -> BatchSink:
    """Makes a sink of batches, of whose records one that fails costs no other."""

    def hand(records: Sequence[Record]) -> None:
        for record in records:
            _hand(record, (sink,))

    return hand


def _hand(given: T, sinks: Iterable[Callable[[T], None]]) -> None:
    for sink in sinks:
        try:
            sink(given)
        except Exception:
            log.exception("A sink of the journal failed")
