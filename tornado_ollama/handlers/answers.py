"""Answers of the gateway itself: whole replies, and errors in the form of the route's dialect. The
one place where an error becomes HTTP.

An answer that is given before the request's body has arrived is sent at once, and the rest of the
body is read and discarded for a while: closing while the client still sends would reset the
connection and lose the answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tornado.web import HTTPError, RequestHandler

from .. import __version__
from ..access.credentials import Bearer
from ..access.routes import KNOWN_METHODS, Route
from ..errors import GatewayError, MethodNotAllowed, UpstreamAnswer
from ..wire import ignored_fields
from ..wire.dialects import NATIVE
from ..wire.framing import has_body
from ..wire.target import loggable_path
from .deps import Deps
from .downstream import Downstream

log = logging.getLogger(__name__)

SERVER = f"tornado-ollama/{__version__}"

_OWN_HEADERS = {
    "Server": SERVER,
    "X-Content-Type-Options": "nosniff",
    "Vary": "Origin",  # also of those without one: a cache keeps them
}

LINGER_S = 5.0
"""How long a refused body is still read, so that its sender gets to see the answer."""


class AnsweringHandler(RequestHandler):
    """A handler that can send whole answers and errors. The base of `InFlightHandler`; attributes
    without a value here are set by `BaseHandler`."""

    SUPPORTED_METHODS = KNOWN_METHODS

    deps: Deps
    route: Route
    url_path: str
    """The canonical path (`wire/target.py`)."""
    request_id: str

    sent = 0
    """Bytes of the answer, without framing."""
    first_byte_s: float | None = None
    """When the first of them left, in seconds from the request's arrival."""
    outcome = "ok"
    """As in `journal.Record`."""
    path_token: Bearer | None = None
    """As in `AuthMixin`."""
    cross_origin: Mapping[str, str] = MappingProxyType({})
    """Headers of every answer to a page of another origin."""
    ignored: tuple[str, ...] = ()
    """The fields of the request that nothing came of, as they may be repeated."""
    position: int | None = None
    """In the queue, as it was told last; 0: it waited and has its slot."""
    rate_headers: Mapping[str, str] = MappingProxyType({})
    """What the caller has left of its limits."""
    _first_position: int | None = None
    bounded_fields: tuple[str, ...] = ()
    """As `bounded` has noted them."""
    _answered = False
    _body_ended = False
    _linger: asyncio.TimerHandle | None = None

    def answer(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = "application/json; charset=utf-8",
        reason: str | None = None,
    ) -> None:
        """Sends a whole answer, at once even if the request's body has not arrived yet. `reason`:
        the reason phrase of the status line; None: the usual one."""
        self.set_status(status, reason)
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
        if has_body(self.request.headers):
            self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._end_answer)

    def queued(self, position: int) -> None:
        """Notes the position in the queue. Every answer has the first one, `X-Queue-Position`."""
        self.position = position
        if self._first_position is None:
            self._first_position = position
            self.set_default_headers()

    def bounded(self, fields: tuple[str, ...]) -> None:
        """Notes the fields that were changed to keep within `models.limits`; every answer names
        them, in `X-Model-Limits`."""
        self.bounded_fields = fields
        self.set_default_headers()

    def answer_head(self, status: int, headers: Mapping[str, str], /) -> None:
        """Sends an answer without a body."""
        for name, value in headers.items():
            self.set_header(name, value)
        self.answer(status)

    def answer_json(self, status: int, value: object) -> None:
        self.answer(status, json.dumps(value, ensure_ascii=False).encode())

    def answer_error(self, error: GatewayError) -> None:
        """Sends an error in the form of the route's dialect. For errors after the first byte of a
        reply see `relay.py`."""
        self.outcome = error.outcome
        if error.status >= 500:
            self._log_failure(error)
        self.clear()
        renderer = self.route.dialect.errors
        for name, value in renderer.headers(error).items():
            self.set_header(name, value)
        reason = error.reason if self.route.dialect is NATIVE else None
        self.answer(error.status, renderer.body(error), reason=reason)

    def _log_failure(self, error: GatewayError) -> None:
        """Logs a failure for the operator. Ollama's own messages may quote a prompt or a reply, so
        they are left out."""
        said = type(error).__name__ if isinstance(error, UpstreamAnswer) else error.message
        cause = str(error.__cause__ or "")
        words = (self.request_id, str(error.status), said, cause)
        log.info("%s", " ".join(filter(None, words)))

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Logs an exception without the request, which Tornado's own method would print with its
        query string."""
        if not isinstance(value, HTTPError):
            path = loggable_path(self.url_path)
            log.error("%s %s failed", self.request_id, path, exc_info=value)

    def end_reply(self, down: Downstream, *, closes: bool = False) -> None:
        """Ends a streamed reply. If the request's body has not arrived yet in full, the reply ends
        when the rest of it has been read and discarded. `closes`: close the connection as well."""
        self.sent, self.first_byte_s = down.sent, down.first_byte_at
        if self._body_ended:
            down.finish(closes=closes)
            return
        self._answered = True
        down.flush()
        self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._end_answer)

    def _end_answer(self) -> None:
        if not self._finished:
            self.finish()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answers errors of Tornado's, and exceptions that nobody expected, whose traceback is in
        the log."""
        if status_code == 405:
            self.answer_error(MethodNotAllowed("This method is not known.", allow=KNOWN_METHODS))
        else:
            self.answer_error(GatewayError("The gateway failed; its log says more."))

    def set_default_headers(self) -> None:
        if "request_id" not in self.__dict__:  # Tornado's constructor calls this before initialize
            return
        self.add_own_headers(_OWN_HEADERS)
        for name in self.route.dialect.request_id_headers:
            self._headers[name] = self.request_id
        if self.path_token is not None:
            self.set_header("Referrer-Policy", "no-referrer")
        for name, value in self.cross_origin.items():
            self.set_header(name, value)
        self.add_own_headers(self.rate_headers)
        if self._first_position is not None:
            self.set_header("X-Queue-Position", str(self._first_position))
        if self.bounded_fields:
            self.set_header("X-Model-Limits", ", ".join(self.bounded_fields))
        if self.ignored:
            self.set_header(ignored_fields.HEADER, ignored_fields.header_value(self.ignored))

    def add_own_headers(self, headers: Mapping[str, str]) -> None:
        """Sets headers of which nothing is the client's: `set_header` looks for line ends in each,
        and `update` asks what kind of mapping it has got. The request id has been looked at."""
        for name, value in headers.items():
            self._headers[name] = value

    def compute_etag(self) -> None:
        """None: no ETag is computed, because clients of an API do not use it and hashing every
        reply costs time."""
        return None
