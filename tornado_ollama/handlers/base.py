"""The base of all handlers: `prepare` admits the request, its body is read, then `respond` answers.
A `GatewayError` raised on the way becomes the answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable

from tornado.http1connection import HTTP1Connection

from ..access.credentials import Bearer
from ..access.routes import HandlerKind, Requirement, Route
from ..dispatch.ask import Caller
from ..dispatch.rates import Levels, RateLimiter, headers
from ..errors import BadRequest, GatewayError, NotFound, ShuttingDown, UnknownKey
from ..wire.framing import check_framing
from ..wire.headers import Headers, in_trace, request_id, to_upstream, trace_context, without_text
from .deps import Deps
from .in_flight import InFlightHandler

BODY_S = 300.0
"""How long a JSON body may take to arrive; Tornado closes the connection then. Uploads have an
idle timeout instead (`body_pipe.py`)."""


class BaseHandler(InFlightHandler):
    """Handles one request. Subclasses implement `respond`, and have `AuthMixin` as a base before
    this class."""

    def initialize(
        self,
        deps: Deps,
        route: Route,
        url_path: str,
        query: str,
        path_token: Bearer | None = None,
        problem: BadRequest | NotFound | None = None,
    ) -> None:
        """`url_path` is the canonical path, without the `path_token` that stood before it;
        `problem` is the error of a target that is served nowhere."""
        self.deps = deps
        self.route = route
        self.url_path = url_path
        self.query = query
        self.path_token = path_token
        self.problem = problem
        self.request_id = request_id(self.request.headers.get("X-Request-Id"), os.urandom(16).hex())
        peer = self.request.remote_ip or "-"
        self.client = deps.access.proxies.client(peer, self.request.protocol, self.request.headers)
        if deps.process.tracing is not None and self._is_traced:
            self.trace = deps.process.tracing.begin(trace_context(self.request.headers))
        self.begin()
        self.register()

    def begin(self) -> None:
        """Called first, for subclasses to set their own state; also for requests that are refused
        before `admit`."""

    def prepare(self) -> Awaitable[None] | None:
        self.set_default_headers()
        if isinstance(self.request.connection, HTTP1Connection):
            if self.request.connection.stream.closed():
                # The second of two requests that came together; its client has left during the
                # first, and Tornado will not say so again.
                self.closed = self._answered = True
                self.outcome = "client left"
                return None
            # Every route counts for itself; this must be set before Tornado looks at the length.
            self.request.connection.set_max_body_size(1 << 62)
            if not self.route.body.is_upload:
                self.request.connection.set_body_timeout(BODY_S)
        try:
            check_framing(self.request.headers)
        except BadRequest as error:
            # Tornado reads the body next, and would answer a second time.
            self.answer_error(error)
            self.request.connection.close()  # type: ignore[union-attr]
            return None
        try:
            return self._begin_admitted()
        except UnknownKey as error:
            return self._admit_with_new_keys(error)
        except GatewayError as error:
            self.answer_error(error)
        return None

    def _begin_admitted(self) -> Awaitable[None] | None:
        """Admits the request and begins its body; where others count the requests of its caller,
        when the result is awaited. Raises GatewayError."""
        self.admit()
        if self._answered:
            return None
        caller = self._limited_caller()
        if caller is not None:
            route = self.route
            computes = route.requirement is Requirement.GENERATE and self.request.method == "POST"
            levels = self.deps.process.rates.admit(caller, computes=computes)
            if not isinstance(levels, tuple):
                return self._begin_within_limits(levels)
            self._tell(levels)
        self.begin_body()
        return None

    async def _admit_with_new_keys(self, refusal: UnknownKey) -> None:
        """Admits the request after its issuer's keys have been fetched, or refuses it. Its body is
        not read before."""
        deps = await self.deps.process.refresh_keys(refusal.issuer)
        if self.closed:  # its client has left
            self._answered = True
            return
        try:
            if deps is None:
                raise refusal
            self.deps = deps
            counted = self._begin_admitted()
            if counted is not None:
                await counted
        except GatewayError as error:
            self.answer_error(error)

    @property
    def _is_traced(self) -> bool:
        """Not the page and other public routes; of a socket, its jobs have traces."""
        route = self.route
        return route.requirement is not Requirement.NOTHING and route.kind is not HandlerKind.SOCKET

    def _limited_caller(self) -> Caller | None:
        """The caller, where its requests are counted: those that need a credential, or would."""
        if self.route.requirement is Requirement.NOTHING or self.route.kind is HandlerKind.SOCKET:
            return None
        caller = self.caller()
        return caller if RateLimiter.limits(caller.quota) else None

    async def _begin_within_limits(self, counted: Awaitable[Levels]) -> None:
        """Goes on where the limits of the caller allow it."""
        try:
            levels = await counted
            if self.closed:  # its client has left
                self._answered = True
                return
            self._tell(levels)
            self.begin_body()
        except GatewayError as error:
            if not self.closed:
                self.answer_error(error)

    def _tell(self, levels: Levels) -> None:
        """Every answer says what the caller has left."""
        self.rate_headers = headers(levels)
        self.add_own_headers(self.rate_headers)

    def admit(self) -> None:
        """Raises the error of a request that is refused. Called before the body is read.
        `AuthMixin` implements it; a handler without that refuses everything."""
        raise NotImplementedError

    def begin_body(self) -> None:
        """Prepares for the body of an admitted request. Raises GatewayError."""

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Discards a piece of the body; routes that need the body override `take_body`."""
        if self._answered or self.closed:
            return None
        try:
            return self.take_body(chunk)
        except GatewayError as error:
            self.answer_error(error)
            return None

    def take_body(self, chunk: bytes) -> Awaitable[None] | None:
        return None

    async def end_body(self) -> None:
        """The body is complete; raises GatewayError."""

    async def dispatch(self, *_: str) -> None:
        self._body_ended = True
        if self._answered:
            self._end_answer()
            return
        try:
            await self.end_body()
            await self.respond()
        except GatewayError as error:
            if not self.closed:
                self.answer_error(error)
        except asyncio.CancelledError:  # its client has left, or the process ends at once
            if self.closed:
                return
            if self.reply is not None and self.reply.flushed:
                self.drain(now=True)
            else:
                self.answer_error(ShuttingDown())

    get = head = post = put = patch = delete = options = dispatch

    async def respond(self) -> None:
        """Answers the request. Called when the body is complete."""
        raise NotImplementedError

    def headers_up(self, passed: Headers = ()) -> list[tuple[str, str]]:
        """The headers of a request to Ollama made for this one. `passed`: the client's own headers
        where its body is passed on; none where the gateway writes the body."""
        if not passed:
            passed = trace_context(self.request.headers)
        if self.trace is not None:
            passed = in_trace(passed, self.trace.headers)
        if self.path_token is not None:
            passed = without_text(passed, self.path_token.text)
        return to_upstream(
            passed,
            peer=self.request.remote_ip or "-",
            chain=self.client.chain,
            scheme=self.client.scheme,
            host=self.request.host,
            request_id=self.request_id,
        )
