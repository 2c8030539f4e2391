"""Registers a request among those in flight, and writes its record to the journal when it ends.

It may end answered, left by its client, or cut because its credential was withdrawn or the gateway
shuts down.
"""

from __future__ import annotations

from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream

from ..access.principal import Principal
from ..access.proxies import Client
from ..dispatch.ask import Caller
from ..dispatch.journal import CLIENT_LEFT, REVOKED, SHUT_DOWN, UNANSWERED, Record
from ..dispatch.trace import Trace
from ..dispatch.usage import NOTHING_USED, Usage
from ..errors import GatewayError, Unauthorized
from ..wire.parties import party_of
from .answers import AnsweringHandler
from .deps import Deps
from .downstream import Downstream

NO_LONGER_VALID = "The credential is no longer valid."
"""What someone is told whose credential was withdrawn."""


class InFlightHandler(AnsweringHandler):
    """A handler that is registered while its request is in flight. Implements `deps.Revocable`; the
    base of `BaseHandler`."""

    client: Client
    principal: Principal | None = None
    """None on a public route, and until a socket has said who it is."""

    upgraded = False
    """The request has become a WebSocket."""
    closed = False
    """The client has closed its connection, or the gateway has cut it."""
    revoked = False
    """The credential was withdrawn in the middle of the reply."""
    reply: Downstream | None = None
    """The way out of a streamed reply; there is one a request."""
    trace: Trace | None = None
    received = 0
    """Bytes of the body."""
    model: str | None = None
    """As the client named it."""
    usage = NOTHING_USED
    """What the requests to Ollama behind it have cost."""
    _recorded = False
    _caller: Caller | None = None

    def register(self) -> None:
        """Registers the request: from now on a reload and a shutdown can end it, and its end writes
        a record to the journal."""
        self.deps.in_flight.add(self)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if not self.closed:
            self.closed = True
            if self.outcome == "ok":
                self.outcome = CLIENT_LEFT
            self.client_left()
        if not self._body_ended:  # Tornado does not finish such a request
            self._leave()

    def watched_stream(self) -> IOStream | None:
        """The connection to watch for its end while a reply is awaited, because Tornado may not
        notice it; see `peer_closed.py`."""
        connection = self.request.connection
        if self._body_ended and isinstance(connection, HTTP1Connection):
            return connection.stream
        return None

    def client_left(self) -> None:
        """Cancels the work for a client that has left. Overridden by handlers that have such
        work."""

    def break_off(self, error: GatewayError) -> None:
        """Fails the work for this client with the error. Overridden together with `client_left`."""

    def revoke(self) -> None:
        """Closes the connection, because the request's credential is no longer valid. A client
        whose reply has begun is sent an error first, as when Ollama fails."""
        if self.reply is None or not self.reply.flushed or self._answered:
            self._cut(REVOKED)
            return
        self.outcome, self.revoked = REVOKED, True
        self.break_off(Unauthorized(NO_LONGER_VALID))

    def renew(self, deps: Deps, principal: Principal | None) -> None:
        """Does nothing: a request keeps the settings it began with. Sockets override it, since they
        make further requests."""

    def drain(self, *, now: bool = False) -> None:
        """Lets the request finish while the gateway shuts down; `now`: ends it, because the time is
        up."""
        if now:
            self._cut(SHUT_DOWN)

    def _cut(self, why: str) -> None:
        self.outcome = why
        self.closed = True
        self.client_left()
        if isinstance(self.request.connection, HTTP1Connection):
            self.request.connection.close()

    def on_finish(self) -> None:
        self._leave()

    def _leave(self) -> None:
        self.deps.in_flight.discard(self)
        if self._linger is not None:
            self._linger.cancel()
        if not self._recorded:
            self._recorded = True
            self.deps.process.journal.write(self._record())
            self.reply = None  # which knows this handler

    def caller(self) -> Caller:
        """The caller, for the dispatcher and the journal."""
        known = self._caller
        if known is None or known.principal is not self.principal:
            quota = self.deps.access.limits.of(self.principal)
            known = self._caller = Caller(self.principal, self.client.address, quota)
        return known

    def add_usage(self, usage: Usage) -> None:
        """Adds what a request to Ollama has cost, and charges it to the caller."""
        first = not self.usage.runs
        self.usage += usage
        if usage.runs:
            party = party_of(self.request.headers)
            self.deps.process.journal.charge(self.caller(), usage, party, first=first)

    def _record(self) -> Record:
        caller = self.caller()
        return Record(
            client=self.client.address,
            request_id=self.request_id,
            caller=caller.key,
            quota=caller.quota,
            credential=self.principal.name if self.principal is not None else "-",
            method=self.request.method or "-",
            path=self.url_path,
            route=self.route.path or "-",
            dialect=self.route.dialect.name,
            status=UNANSWERED if self._never_answered else self.get_status(),
            received=self.received,
            sent=self.sent,
            first_byte_s=self.first_byte_s,
            duration_s=self.request.request_time(),
            outcome=self.outcome,
            model=self.model,
            usage=self.usage,
            ignored=self.ignored,
            trace=self.trace,
        )

    @property
    def _never_answered(self) -> bool:
        """Whether the connection ended before anything was sent, so that the client has seen no
        status."""
        begun = self.first_byte_s is not None or (self.reply is not None and self.reply.flushed)
        return self.closed and not begun and self.get_status() != 101
