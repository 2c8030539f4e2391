"""Authenticates and authorises a request: checks Origin, Host, target, method, credential, scope,
in this order.

Runs before a byte of the body is read. Every decision is made in `access`; this mixin passes it the
request and keeps the results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from tornado.httputil import HTTPServerRequest

from ..access import cors
from ..access.authorisation import (
    refuse_address,
    refuse_guessing,
    refuse_host,
    refuse_method,
    refuse_models,
    refuse_origin,
    refuse_scope,
    refuse_unknown,
)
from ..access.credentials import Bearer, Credentials, extract
from ..access.ollama_keys import Request as SignableRequest
from ..access.ollama_keys import with_signatures
from ..access.principal import Principal
from ..access.proxies import Client, is_local
from ..access.routes import HandlerKind, Requirement, Route
from ..errors import BadRequest, NoCredential, NotFound, ShuttingDown, Unauthorized, UnknownKey
from .deps import Deps


class AuthMixin:
    """Gives a handler its `admit`, after which `principal` is set. Stands before the handler's
    class: `class PageHandler(AuthMixin, BaseHandler)`. Declares what it needs of that class, which
    `BaseHandler` has."""

    request: HTTPServerRequest
    """Tornado's."""
    deps: Deps
    """Of which it asks `access`, the rules, and `in_flight.draining`."""
    route: Route
    url_path: str
    query: str
    problem: BadRequest | NotFound | None
    """What is wrong with a target that has no canonical form, or a token where it may have none."""
    path_token: Bearer | None
    """Of a target that began with `/k/TOKEN`; cut out of everything else."""
    client: Client
    """Where the request came from."""
    principal: Principal | None
    """Set by `identify`."""
    cross_origin: Mapping[str, str]
    """Set for a page of another origin; `set_default_headers` adds them to every answer."""
    set_default_headers: Callable[[], None]
    answer_head: Callable[[int, Mapping[str, str]], None]
    """Answers in the handler's place: a status, headers, no body."""

    def admit(self) -> None:
        """Authenticates and authorises the request. Raises the GatewayError of one that is
        refused."""
        self._check_origin()
        self._check_host()
        if self.problem is not None:
            raise self.problem
        if self.deps.in_flight.draining and self.route.kind is not HandlerKind.LIVE:
            raise ShuttingDown()
        refuse_unknown(self.route, self.url_path)
        if self.request.method == "OPTIONS":
            self._answer_preflight()
            return
        refuse_method(self.route, self.url_path, self.request.method or "")
        self.authenticate()

    def authenticate(self) -> None:
        """Sets the principal by the request's headers, where the route requires one. Raises what
        `identify` raises."""
        requirement = self.route.requirement
        if requirement is Requirement.NOTHING:
            return
        credentials = self.credentials()
        if requirement is Requirement.MANAGE_OR_LOCAL and self._is_local(credentials):
            return
        try:
            self.identify(credentials)
        except NoCredential:  # a wrong one is told so: many programs try their key here
            if requirement is not Requirement.DISCOVERY:
                raise
            refuse_host(self.deps.access.hosts, self.request.host)

    def credentials(self) -> Credentials:
        """All credentials of the request. Raises BadRequest for too many."""
        found = with_signatures(extract(self.request.headers), self._signable)
        return found if self.path_token is None else (*found, self.path_token)

    def _signable(self) -> SignableRequest:
        request = self.request
        protected = self.client.scheme == "https" or is_local(
            request.remote_ip or "-", request.host, request.headers
        )
        return SignableRequest(request.method or "", self.url_path, self.query, protected)

    def identify(self, credentials: Credentials) -> Principal:
        """Finds and sets the principal of these credentials, which must have the scope that this
        route requires. The credentials are not kept: `Authenticator.still_valid` needs only the
        principal. Raises Unauthorized, Forbidden, BadRequest and TooManyWrongTokens."""
        access = self.deps.access
        try:
            principal = access.authenticator.authenticate(credentials, time.time())
        except (NoCredential, UnknownKey):  # not wrong, and not yet known to be
            raise
        except Unauthorized:
            counts = access.failed_logins if self.path_token is None else access.wrong_tokens
            refuse_guessing(counts, self.client.address, time.monotonic())
            raise
        self.principal = principal
        self.check_principal(principal)
        return principal

    def check_principal(self, principal: Principal) -> None:
        """Raises Forbidden for a principal that may not use this route. An anonymous one may use
        none under a foreign host name; this is checked again when a reload makes a principal
        anonymous."""
        if principal.is_anonymous:
            refuse_host(self.deps.access.hosts, self.request.host)
        refuse_address(principal, self.client.address)
        refuse_scope(self.route, self.url_path, principal)

    def check_model(self, *models: str) -> None:
        """Raises Forbidden for a model that the principal may not use."""
        assert self.principal is not None
        refuse_models(self.principal, models)

    def _is_local(self, credentials: Credentials) -> bool:
        """Whether the caller is on this machine, and has sent nothing that could be wrong."""
        request = self.request
        return all(credential.is_placeholder for credential in credentials) and is_local(
            request.remote_ip or "-", request.host, request.headers
        )

    def _check_host(self) -> None:
        """Raises Forbidden for a foreign host name while anonymous access is open, also on public
        routes: a page under such a name may be one of DNS rebinding. A preflight passes: it reveals
        nothing, and never has a credential."""
        access, host = self.deps.access, self.request.host
        if not access.authenticator.lets_everybody_in or self.request.method == "OPTIONS":
            return
        if access.hosts.allows(host):
            return
        if access.authenticator.find(self.credentials(), time.time()) is None:
            refuse_host(access.hosts, host)

    def _check_origin(self) -> None:
        access, host = self.deps.access, self.request.host
        origin = self.request.headers.get("Origin")
        if origin is not None:
            refuse_origin(access.origins, origin, host)
            self.cross_origin = cors.shared_with(origin, host)
            self.set_default_headers()

    def _answer_preflight(self) -> None:
        wanted = self.request.headers.get("Access-Control-Request-Headers")
        cross_origin = bool(self.cross_origin)
        headers = cors.preflight(self.route.methods, wanted, cross_origin=cross_origin)
        self.answer_head(204, headers)
