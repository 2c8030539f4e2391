"""Who may come in: target, Host, Origin, method, credential, scope, in this order.

Runs before a byte of the body is read. Every decision is made elsewhere (`access`); this mixin
asks the questions and keeps the answers.
"""

from __future__ import annotations

import time

from ..access.authorisation import refuse_method, refuse_models, refuse_need
from ..access.credentials import Bearer, extract
from ..access.principal import Principal
from ..access.routes import Door, Need
from ..errors import BadRequest, Forbidden, NotFound, ShuttingDown
from ..wire.target import loggable_path
from .base import BaseHandler

EXPOSED = "X-Request-Id, Retry-After, WWW-Authenticate, X-Should-Retry"
PREFLIGHT_SECONDS = 7200
"""How long a browser may keep a preflight's answer; Chromium caps it at this."""


class AuthMixin(BaseHandler):
    """`admit` for every handler; afterwards `principal` says who it is."""

    def admit(self) -> None:
        self._check_host()
        self._check_origin_header()
        if self.problem is not None:
            raise self.problem
        if self.deps.live.draining and self.route.door is not Door.LIVE:
            raise ShuttingDown()
        if self.route.door is Door.NOWHERE:
            raise NotFound(
                f"There is nothing at {loggable_path(self.url_path)}; the routes are those of "
                "Ollama's API, /v1 as OpenAI's, /ws, /health and the page at /."
            )
        if self.request.method == "OPTIONS":
            self._answer_preflight()
            return
        refuse_method(self.route, self.url_path, self.request.method or "")
        self.authenticate()

    def authenticate(self) -> None:
        """Who it is, by the request's headers; raises Unauthorized or Forbidden."""
        if self.route.need is Need.NOTHING:
            return
        self.identify(extract(self.request.headers))

    def identify(self, credential: Bearer | None) -> Principal:
        """The principal of a credential, with the scope that this route needs. The credential is
        not kept: `Authenticator.still_valid` needs only the principal."""
        principal = self.deps.gate.authenticator.authenticate(credential, time.time())
        self.principal = principal
        refuse_need(self.route, self.url_path, principal)
        return principal

    def check_model(self, *models: str) -> None:
        """Raises Forbidden for a model that this credential is not bound to."""
        assert self.principal is not None
        refuse_models(self.principal, models)

    def _check_host(self) -> None:
        """Against DNS rebinding, where a foreign page's Origin equals the Host it sent."""
        if not self.deps.gate.hosts.allows(self.request.host):
            raise Forbidden(
                "This host name is not served here; add it to listen.allowed_hosts."
            )

    def _check_origin_header(self) -> None:
        origin = self.request.headers.get("Origin")
        if origin is None:
            return
        host = self.request.host
        if not self.deps.gate.origins.allows(origin, host):
            raise Forbidden("Pages of this origin may not call here; add it to cors.origins.")
        if origin.partition("://")[2].lower() != host.lower():
            self._cross_origin = {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Expose-Headers": EXPOSED,
            }
            self.set_default_headers()

    def _answer_preflight(self) -> None:
        """Fetch standard, section 4.8; a plain OPTIONS gets the methods all the same."""
        allowed = ", ".join((*self.route.methods, "OPTIONS"))
        self.set_header("Allow", allowed)
        if self._cross_origin:
            self.set_header("Access-Control-Allow-Methods", allowed)
            self.set_header("Access-Control-Max-Age", PREFLIGHT_SECONDS)
            wanted = self.request.headers.get("Access-Control-Request-Headers")
            if wanted:
                self.set_header("Access-Control-Allow-Headers", _header_names(wanted))
        self.answer(204)


def _header_names(wanted: str) -> str:
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if not all(name.replace("-", "").replace("_", "").isalnum() for name in names):
        raise BadRequest("Access-Control-Request-Headers is not a list of header names.")
    return ", ".join(names)
