"""What all handlers share: request id, the way in, errors as answers, the access log.

The one place where an error becomes HTTP, in the form of the route's dialect. A request goes
through `prepare` (is it let in?), then its body, then `respond`; whoever raises a `GatewayError` on
the way gets it answered. An answer that is given before the body has arrived leaves at once, and
the rest of the body is read and dropped for a while, because closing on a client that is still
sending would reset the connection and lose the answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable
from http.client import responses
from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders
from tornado.iostream import IOStream
from tornado.web import HTTPError, RequestHandler

from .. import __version__
from ..access.principal import Principal
from ..access.proxies import Client
from ..access.routes import KNOWN_METHODS, Route
from ..errors import (
    BadRequest,
    GatewayError,
    MethodNotAllowed,
    Unauthorized,
    UpstreamAnswer,
)
from ..wire.headers import Headers, request_id, to_upstream
from ..wire.target import loggable_path
from . import access_log
from .deps import Deps
from .downstream import Downstream

log = logging.getLogger(__name__)

LINGER_S = 5.0
"""How long a refused body is still read, so that its sender gets to see the answer."""

BODY_S = 300.0
"""How long a JSON body may take to arrive; Tornado closes the connection then. Uploads have an
idle clock instead (`body_pipe.py`)."""

MAX_LENGTH_DIGITS = 18
"""Of a Content-Length: an exabyte is enough, and fits Tornado's own counting."""

NO_LONGER_VALID = "The credential is no longer valid."
"""What someone is told whose credential was withdrawn."""


class BaseHandler(RequestHandler):
    """One request. Subclasses implement `respond`, and `admit` through `AuthMixin`."""

    SUPPORTED_METHODS = KNOWN_METHODS

    def initialize(
        self,
        deps: Deps,
        route: Route,
        url_path: str,
        query: str,
        problem: BadRequest | None = None,
    ) -> None:
        """`url_path` is the canonical path; `problem` is set when the target has none."""
        self.deps = deps
        self.route = route
        self.url_path = url_path
        self.query = query
        self.problem = problem
        self.request_id = request_id(self.request.headers.get("X-Request-Id"), uuid.uuid4().hex)
        peer = self.request.remote_ip or "-"
        self.client: Client = deps.gate.proxies.client(
            peer, self.request.protocol, self.request.headers
        )
        self.principal: Principal | None = None
        self.gone = False
        """The client has left."""
        self.sent = 0
        self.first_byte_s: float | None = None
        self.outcome = "ok"
        self.revoked = False
        """The credential was withdrawn in the middle of the reply."""
        self.reply: Downstream | None = None
        """The way out of a streamed reply; there is one a request."""
        self._answered = False
        self._body_ended = False
        self._logged = False
        self._linger: asyncio.TimerHandle | None = None
        self._cross_origin: dict[str, str] = {}
        self.begin()
        self.deps.live.add(self)

    def begin(self) -> None:
        """Where a subclass sets its own state: before anything else, also before requests that
        never come to `admit`."""

    # -- the way of a request -----------------------------------------------------------------

    def prepare(self) -> None:
        self.set_default_headers()
        if isinstance(self.request.connection, HTTP1Connection):
            if self.request.connection.stream.closed():
                # The second of two requests that came together; its client has left during the
                # first, and Tornado will not say so again.
                self.gone = self._answered = True
                self.outcome = "client left"
                return
            # Every route counts for itself; this must be set before Tornado looks at the length.
            self.request.connection.set_max_body_size(1 << 62)
            if not self.route.body.is_upload:
                self.request.connection.set_body_timeout(BODY_S)
        try:
            self._check_framing()
        except BadRequest as error:
            # Tornado reads the body next, and would answer a second time.
            self.answer_error(error)
            self.request.connection.close()  # type: ignore[union-attr]
            return
        try:
            self.admit()
        except GatewayError as error:
            self.answer_error(error)

    def admit(self) -> None:
        """Raises the error of a request that may not come in. Called before the body is read."""
        raise NotImplementedError

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Drops the body; routes that want it override `take_body`."""
        if self._answered or self.gone:
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
            if not self.gone:
                self.answer_error(error)
        except asyncio.CancelledError:
            if not self.gone:
                raise

    get = head = post = put = patch = delete = options = dispatch

    async def respond(self) -> None:
        """Answers, the body being complete."""
        raise NotImplementedError

    # -- answers ------------------------------------------------------------------------------

    def answer(
        self, status: int, body: bytes = b"", content_type: str = "application/json; charset=utf-8"
    ) -> None:
        """A whole answer of the gateway's own. Leaves at once, even before the body has come."""
        self.set_status(status)
        if body:
            self.set_header("Content-Type", content_type)
        else:
            self.clear_header("Content-Type")
        if status not in (204, 304):
            self.set_header("Content-Length", len(body))
        self.sent = len(body)
        self.first_byte_s = self.request.request_time()
        self._answered = True
        if body and self.request.method != "HEAD":
            self.write(body)
        waits_to_send = "100-continue" in self.request.headers.get("Expect", "").lower()
        if self._body_ended or waits_to_send:
            self.finish()
            return
        self.flush()  # `dispatch` finishes it; to finish now would close the connection
        if self._sends_body():
            self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._end_answer)

    def answer_json(self, status: int, value: object) -> None:
        self.answer(status, json.dumps(value, ensure_ascii=False).encode())

    def answer_error(self, error: GatewayError) -> None:
        """An error as this route's clients expect it. After the first byte: see `relay.py`."""
        self.outcome = error.code or responses.get(error.status, str(error.status)).lower()
        if error.status >= 500:
            self._log_failure(error)
        self.clear()
        renderer = self.route.dialect.errors
        for name, value in renderer.headers(error).items():
            self.set_header(name, value)
        self.answer(error.status, renderer.body(error))

    def _log_failure(self, error: GatewayError) -> None:
        """What happened, for the operator. Ollama's own sentences may quote a prompt or a reply,
        so they are not repeated."""
        said = type(error).__name__ if isinstance(error, UpstreamAnswer) else error.message
        log.info("%s %d %s %s", self.request_id, error.status, said, error.__cause__ or "")

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Tornado's would show the whole request, query string and all."""
        if not isinstance(value, HTTPError):
            path = loggable_path(self.url_path)
            log.error("%s %s failed", self.request_id, path, exc_info=value)

    def end_reply(self, down: Downstream) -> None:
        """Ends a streamed reply; one that was complete before the request's body was, as soon as
        the rest of that has been read."""
        self.sent, self.first_byte_s = down.sent, down.first_byte_at
        if self._body_ended:
            down.finish()
            return
        self._answered = True
        down.flush()
        self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._end_answer)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tornado's own failures, and ours that nobody foresaw; the log has the traceback."""
        if status_code == 405:
            self.answer_error(MethodNotAllowed("This method is not known.", allow=KNOWN_METHODS))
        else:
            self.answer_error(GatewayError("The gateway failed; its log says more."))

    def headers_up(self, passed: Headers | None = None) -> list[tuple[str, str]]:
        """The headers of a request to Ollama that is made for this one: `passed` are the client's
        own where its body is passed on, and none of them where the gateway writes the body."""
        return to_upstream(
            HTTPHeaders() if passed is None else passed,
            peer=self.request.remote_ip or "-",
            chain=self.client.chain,
            scheme=self.client.scheme,
            host=self.request.host,
            request_id=self.request_id,
        )

    # -- Tornado's hooks ----------------------------------------------------------------------

    def set_default_headers(self) -> None:
        self.set_header("Server", f"tornado-ollama/{__version__}")
        self.set_header("X-Content-Type-Options", "nosniff")
        if "request_id" in self.__dict__:  # Tornado's constructor calls this before initialize
            self.set_header("X-Request-Id", self.request_id)
            self.set_header("Vary", "Origin")  # also of those without one: a cache keeps them
            for name, value in self._cross_origin.items():
                self.set_header(name, value)

    def compute_etag(self) -> None:
        """None: hashing replies for a header that no client of an API uses is wasted."""
        return None

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if not self.gone:
            self.gone = True
            if self.outcome == "ok":
                self.outcome = "client left"
            self.client_left()
        if not self._body_ended:  # Tornado does not finish such a request
            self._leave()

    def watched_stream(self) -> IOStream | None:
        """While an answer is awaited: Tornado may be deaf on this connection, see `hang_up.py`."""
        connection = self.request.connection
        if self._body_ended and isinstance(connection, HTTP1Connection):
            return connection.stream
        return None

    def client_left(self) -> None:
        """Stops whatever runs for this client. Overridden by handlers that have something."""

    def break_off(self, error: GatewayError) -> None:
        """Lets whatever runs for this client fail with the error. Overridden together with
        `client_left`."""

    def revoke(self) -> None:
        """The credential of this request is gone. What a client sees is a cut connection; one
        whose reply has begun is told first, as when Ollama breaks off."""
        if self.reply is None or not self.reply.flushed or self._answered:
            self._cut("revoked")
            return
        self.outcome, self.revoked = "revoked", True
        self.break_off(Unauthorized(NO_LONGER_VALID))

    def renew(self, deps: Deps, principal: Principal | None) -> None:
        """A request keeps the settings it began with; a socket, which asks again, does not."""

    def drain(self, *, now: bool = False) -> None:
        """The gateway is going down. A request ends by itself; `now`: time is up."""
        if now:
            self._cut("shut down")

    def _cut(self, why: str) -> None:
        self.outcome = why
        self.gone = True
        self.client_left()
        if isinstance(self.request.connection, HTTP1Connection):
            self.request.connection.close()

    def on_finish(self) -> None:
        self._leave()

    def _leave(self) -> None:
        self.deps.live.discard(self)
        if self._linger is not None:
            self._linger.cancel()
        if not self._logged:
            self._logged = True
            access_log.write(self._record())

    def _record(self) -> access_log.AccessRecord:
        return access_log.AccessRecord(
            client=self.client.address,
            request_id=self.request_id,
            credential=self.principal.name if self.principal is not None else "-",
            method=self.request.method or "-",
            path=self.url_path,
            status=access_log.UNANSWERED if self._never_answered else self.get_status(),
            sent=self.sent,
            first_byte_s=self.first_byte_s,
            duration_s=self.request.request_time(),
            outcome=self.outcome,
        )

    @property
    def _never_answered(self) -> bool:
        """The connection ended before anything was sent: nobody has seen a status."""
        begun = self.first_byte_s is not None or (self.reply is not None and self.reply.flushed)
        return self.gone and not begun and self.get_status() != 101

    def _end_answer(self) -> None:
        if not self._finished:
            self.finish()

    def _check_framing(self) -> None:
        """Raises BadRequest where the body's end is not certain (RFC 9112, section 6.3)."""
        encoding = self.request.headers.get("Transfer-Encoding")
        if encoding is not None and (
            encoding.lower() != "chunked" or "Content-Length" in self.request.headers
        ):
            raise BadRequest("Transfer-Encoding must be chunked, without a Content-Length.")
        self.body_length()

    def body_length(self) -> int | None:
        """The declared length of the body in bytes; None when it is not known beforehand.

        Raises BadRequest for what is no number; Tornado looks at it only after `prepare`. The
        same number said twice is one (RFC 9110, section 8.6).
        """
        declared = self.request.headers.get("Content-Length")
        if declared is None:
            return None
        said = {length.strip() for length in declared.split(",")}
        length = said.pop()
        if said or not (length.isascii() and length.isdigit()) or len(length) > MAX_LENGTH_DIGITS:
            raise BadRequest("Content-Length must be one number of bytes.")
        return int(length)

    def _sends_body(self) -> bool:
        headers = self.request.headers
        return "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"
