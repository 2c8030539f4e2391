"""The way of a request: `prepare` (is it let in?), then its body, then `respond`.

Whoever raises a `GatewayError` on the way gets it answered.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable

from tornado.http1connection import HTTP1Connection

from ..access.credentials import Bearer
from ..access.routes import Route
from ..errors import BadRequest, GatewayError, ShuttingDown
from ..wire.framing import check_framing
from ..wire.headers import Headers, request_id, to_upstream, without_text
from .deps import Deps
from .in_flight import InFlightHandler

BODY_S = 300.0
"""How long a JSON body may take to arrive; Tornado closes the connection then. Uploads have an
idle timeout instead (`body_pipe.py`)."""


class BaseHandler(InFlightHandler):
    """One request. Subclasses implement `respond`, and have `AuthMixin` beside this class."""

    def initialize(
        self,
        deps: Deps,
        route: Route,
        url_path: str,
        query: str,
        path_token: Bearer | None = None,
        problem: BadRequest | None = None,
    ) -> None:
        """`url_path` is the canonical path, behind the `path_token` where there is one; `problem`
        is set when the target has none."""
        self.deps = deps
        self.route = route
        self.url_path = url_path
        self.query = query
        self.path_token = path_token
        self.problem = problem
        self.request_id = request_id(self.request.headers.get("X-Request-Id"), uuid.uuid4().hex)
        peer = self.request.remote_ip or "-"
        self.client = deps.access.proxies.client(peer, self.request.protocol, self.request.headers)
        self.begin()
        self.register()

    def begin(self) -> None:
        """Where a subclass sets its own state: before anything else, also before requests that
        never come to `admit`."""

    def prepare(self) -> None:
        self.set_default_headers()
        if isinstance(self.request.connection, HTTP1Connection):
            if self.request.connection.stream.closed():
                # The second of two requests that came together; its client has left during the
                # first, and Tornado will not say so again.
                self.closed = self._answered = True
                self.outcome = "client left"
                return
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
            return
        try:
            self.admit()
            if not self._answered:
                self.begin_body()
        except GatewayError as error:
            self.answer_error(error)

    def admit(self) -> None:
        """Raises the error of a request that may not come in. Called before the body is read.
        `AuthMixin` implements it; a handler without that lets nobody in."""
        raise NotImplementedError

    def begin_body(self) -> None:
        """Prepares for the body of a request that was let in; raises GatewayError."""

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Drops the body; routes that want it override `take_body`."""
        if self._answered or self.closed:
            return None
        try:
            return self.take_body(chunk)
        except GatewayError as error:
            self.answer_error(error)
            return None

    def take_body(self, chunk: bytes) -> Awaitable[None] | None:
        return None

    async def dispatch(self, *_: str) -> None:
        self._body_ended = True
        if self._answered:
            self._end_answer()
            return
        try:
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
        """Answers, the body being complete."""
        raise NotImplementedError

    def headers_up(self, passed: Headers = ()) -> list[tuple[str, str]]:
        """The headers of a request to Ollama that is made for this one: `passed` are the client's
        own where its body is passed on, and none of them where the gateway writes the body."""
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
