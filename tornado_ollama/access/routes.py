"""The route table: which scope, handler kind, dialect and path at Ollama belong to a method and
path. A path without a row is answered with 404 and never forwarded.

The one place of this decision: `app.py` builds its routing from it, the tests their authorisation
matrix. Methods are Ollama's own (0.32, `server/routes.go`), so that a wrong one is answered here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from functools import partial

from ..wire.dialects import ANTHROPIC, NATIVE, OPENAI, Dialect
from ..wire.native_request import Asked
from .principal import Principal, Scope


class Requirement(StrEnum):
    """What a route requires of the caller: nothing, any credential, or a scope."""

    NOTHING = "nothing"
    DISCOVERY = "nothing, as auth.public has it"
    """Whoever sends a valid credential is known all the same."""
    CREDENTIAL = "any valid credential"
    GENERATE = "scope generate"
    MANAGE = "scope manage"
    MANAGE_OR_LOCAL = "scope manage, or a caller on this machine"
    """As `proxies.is_local` decides."""
    CONSENT = "the operator's consent (service.web_search)"
    """Which has not been given: nobody meets it."""

    def met_by(self, principal: Principal) -> bool:
        if self is Requirement.GENERATE:
            return principal.may(Scope.GENERATE)
        if self in (Requirement.MANAGE, Requirement.MANAGE_OR_LOCAL):
            return principal.may(Scope.MANAGE)
        return self is not Requirement.CONSENT


class HandlerKind(StrEnum):
    """The kind of handler that answers a route: `app.py` has a handler for each."""

    PAGE = "page"
    GREETING = "greeting"
    STATIC = "static"
    HEALTH = "health"
    LIVE = "live"
    STREAM_PROBE = "stream probe"
    QUEUE = "queue"
    NATIVE = "native"
    CHAT_COMPLETIONS = "chat completions"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"
    MODELS = "models"
    MODEL = "model"
    RESPONSES = "responses"
    STORED_RESPONSE = "stored response"
    MESSAGES = "messages"
    TOKEN_COUNT = "token count"
    METRICS = "metrics"
    TOKENS = "tokens"
    USAGE = "usage"
    RECENT_ERRORS = "recent errors"
    SOCKET = "socket"
    NOT_FOUND = "not found"


class Body(Enum):
    """The kind of body that requests to a route have, and how it is treated."""

    NONE = "none"
    """Nothing that is read: it is dropped."""

    JSON = "JSON"
    """Collected whole, up to `limits.max_body_bytes`. It may name models."""

    FORM = "form"
    """`multipart/form-data`, an upload: collected whole, up to `limits.max_buffered_bytes`; for a
    credential that is bound to some models, which it may name, up to `limits.max_body_bytes`."""

    BLOB = "blob"
    """An upload of any size, streamed. It names no models."""

    @property
    def is_upload(self) -> bool:
        """Whether the body is data, which may be large and slow to arrive, rather than JSON."""
        return self in (Body.FORM, Body.BLOB)


@dataclass(frozen=True, slots=True)
class Route:
    """One row. A `path` that ends in `/*` also takes what follows; `/+` takes one segment."""

    path: str
    methods: tuple[str, ...]
    requirement: Requirement
    kind: HandlerKind
    dialect: Dialect = NATIVE
    body: Body = Body.NONE

    at_ollama: str | None = None
    """The path at Ollama where it differs; same ending as `path`."""

    runs_long: bool = False
    """Progress may be silent for long (a download's hash check): no idle timeout."""

    lists_models: bool = False
    """The reply lists models; a credential bound to some sees only those."""

    changes_models: bool = False
    """Which models there are, may be another when it has been answered."""

    streams: bool = False
    """The reply is a stream of lines, unless the body says `"stream": false`."""

    spends: bool = False
    """Uses up what the operator's account with ollama.com allows: only where he opted in."""

    computes: bool = False
    """Runs inference, for long and for few at once: counts against `limits.max_parallel` and may be
    queued, whichever route of ours leads to that path at Ollama."""


KNOWN_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""The methods that any route takes, and those a server is expected to know."""

_READ = ("GET", "HEAD")

_native = partial(Route, kind=HandlerKind.NATIVE, body=Body.JSON)
_openai = partial(
    Route,
    methods=("POST",),
    requirement=Requirement.GENERATE,
    dialect=OPENAI,
    body=Body.JSON,
)
_anthropic = partial(_openai, dialect=ANTHROPIC)
_admin = partial(Route, requirement=Requirement.MANAGE, kind=HandlerKind.TOKENS, body=Body.JSON)

_API = (
    _native("/api/version", _READ, Requirement.CREDENTIAL),
    _native("/api/tags", _READ, Requirement.CREDENTIAL, lists_models=True),
    _native("/api/ps", ("GET",), Requirement.CREDENTIAL, lists_models=True),
    _native("/api/show", ("POST",), Requirement.CREDENTIAL),
    _native("/api/chat", ("POST",), Requirement.GENERATE, streams=True, computes=True),
    _native("/api/generate", ("POST",), Requirement.GENERATE, streams=True, computes=True),
    _native("/api/embed", ("POST",), Requirement.GENERATE, computes=True),
    _native("/api/embeddings", ("POST",), Requirement.GENERATE, computes=True),
    _native("/api/pull", ("POST",), Requirement.MANAGE, runs_long=True, changes_models=True),
    _native("/api/push", ("POST",), Requirement.MANAGE, runs_long=True),
    _native("/api/create", ("POST",), Requirement.MANAGE, runs_long=True, changes_models=True),
    _native("/api/copy", ("POST",), Requirement.MANAGE, changes_models=True),
    _native("/api/delete", ("DELETE",), Requirement.MANAGE, changes_models=True),
    _native("/api/blobs/+", ("HEAD", "POST"), Requirement.MANAGE, body=Body.BLOB),
    _native("/api/me", ("POST",), Requirement.MANAGE),
    _native("/api/signout", ("POST",), Requirement.MANAGE),
    _native("/api/user/keys/+", ("DELETE",), Requirement.MANAGE),
    _native("/api/status", ("GET",), Requirement.CREDENTIAL),
    _native("/api/experimental/model-recommendations", ("GET",), Requirement.CREDENTIAL),
    _native("/api/experimental/web_search", ("POST",), Requirement.MANAGE, spends=True),
    _native("/api/experimental/web_fetch", ("POST",), Requirement.MANAGE, spends=True),
    _native("/api/experimental/*", ("GET", "POST"), Requirement.MANAGE),
)

_SYS_NAMES = ("tags", "ps", "version", "show", "pull", "push", "create", "copy", "delete")

_SYS = tuple(
    replace(api, path=f"/sys/{name}", requirement=Requirement.MANAGE, at_ollama=api.path)
    for name in _SYS_NAMES
    for api in _API
    if api.path == f"/api/{name}"
)

ROUTES: tuple[Route, ...] = (
    Route("/", _READ, Requirement.NOTHING, HandlerKind.PAGE),
    Route("/static/*", _READ, Requirement.NOTHING, HandlerKind.STATIC),
    Route("/health", _READ, Requirement.NOTHING, HandlerKind.HEALTH),
    Route("/health/live", _READ, Requirement.NOTHING, HandlerKind.LIVE),
    Route("/health/stream", ("GET",), Requirement.NOTHING, HandlerKind.STREAM_PROBE),
    Route("/queue", _READ, Requirement.CREDENTIAL, HandlerKind.QUEUE),
    Route("/queue/+", ("DELETE",), Requirement.CREDENTIAL, HandlerKind.QUEUE),
    Route("/api/hello", _READ, Requirement.NOTHING, HandlerKind.LIVE),  # Claude Code's probe
    *_API,
    *_SYS,
    _openai("/v1/chat/completions", kind=HandlerKind.CHAT_COMPLETIONS),
    _openai("/v1/completions", kind=HandlerKind.COMPLETIONS),
    _openai("/v1/embeddings", kind=HandlerKind.EMBEDDINGS),
    _openai("/v1/models", methods=("GET",), kind=HandlerKind.MODELS),
    _openai("/v1/models/*", methods=("GET",), kind=HandlerKind.MODEL),
    _openai("/v1/responses", kind=HandlerKind.RESPONSES),
    _openai(
        "/v1/responses/*",
        methods=("GET", "DELETE"),
        kind=HandlerKind.STORED_RESPONSE,
        body=Body.NONE,
    ),
    _anthropic("/v1/messages", kind=HandlerKind.MESSAGES),
    _anthropic("/v1/messages/count_tokens", kind=HandlerKind.TOKEN_COUNT),
    _openai("/v1/audio/transcriptions", kind=HandlerKind.NATIVE, body=Body.FORM, computes=True),
    Route("/metrics", ("GET",), Requirement.MANAGE_OR_LOCAL, HandlerKind.METRICS),
    _admin("/admin/tokens", ("GET", "POST")),
    _admin("/admin/tokens/+", ("DELETE", "POST")),
    _admin("/admin/revocations", ("GET", "POST", "DELETE")),
    Route("/admin/errors", ("GET",), Requirement.MANAGE, HandlerKind.RECENT_ERRORS),
    Route("/usage", ("GET",), Requirement.CREDENTIAL, HandlerKind.USAGE),
    Route("/ws", ("GET",), Requirement.GENERATE, HandlerKind.SOCKET),
)

GREETING = Route("/", _READ, Requirement.CREDENTIAL, HandlerKind.GREETING)
"""What is at `/` below a path token: the page would have its files, and its socket, elsewhere."""

_NOT_FOUND = Route("", (), Requirement.NOTHING, HandlerKind.NOT_FOUND)
_NOT_FOUND_IN_OPENAI = replace(_NOT_FOUND, dialect=OPENAI)
_NOT_FOUND_IN_ANTHROPIC = replace(_NOT_FOUND, dialect=ANTHROPIC)

_SHARED = ("/v1/models", "/v1/models/*", _NOT_FOUND.path)
"""OpenAI's rows at paths that Anthropic's API has as well."""

UNKNOWN_API = _native("/api/*", ("GET", "HEAD", "POST", "PUT", "DELETE"), Requirement.MANAGE)
"""For `service.forward_unknown`: what a newer Ollama may have, for those who manage it."""

_DOUBLED = re.compile(r"(?:/v1)+/")

_EXACT = {route.path: route for route in ROUTES if route.path[-2:] not in ("/*", "/+")}
_OPEN = tuple((route.path[:-1], route) for route in ROUTES if route.path[-2:] in ("/*", "/+"))


def find(path: str, *, forward_unknown: bool = False) -> Route:
    """The row of a canonical path (`wire.target.split_target`); `not_found` when there is none."""
    route = _row(path)
    if route is not None:
        return route
    if forward_unknown and path.startswith("/api/") and not path.endswith("/"):
        return UNKNOWN_API
    return not_found(path)


def _row(path: str) -> Route | None:
    route = _EXACT.get(path)
    if route is not None:
        return route
    for prefix, route in _OPEN:
        rest = path.removeprefix(prefix)
        if rest != path and rest and not rest.endswith("/"):
            if route.path.endswith("*") or "/" not in rest:
                return route
    return None


def misplaced(path: str) -> Route | None:
    """The row below `/v1` that a client means by a path without a row: its base URL has no `/v1`,
    or has two."""
    if path.startswith("/v1/"):
        once = _DOUBLED.sub("/v1/", path)
        return None if once == path else _row(once)
    row = _row(f"/v1{path}")
    if row is not None or not path.startswith("/"):
        return row
    openai = (row for row in ROUTES if row.dialect is OPENAI)
    return next((row for row in openai if path.endswith(row.path.removeprefix("/v1"))), None)


def not_found(path: str) -> Route:
    """The row of a path that has none, or that has no canonical form. Below `/v1`, and where a base
    URL is wrong, its dialect is OpenAI's or Anthropic's: clients get the error in their form."""
    meant = misplaced(path)
    if path.startswith("/v1/messages/") or (meant is not None and meant.dialect is ANTHROPIC):
        return _NOT_FOUND_IN_ANTHROPIC
    is_openai = meant is not None or path == "/v1" or path.startswith("/v1/")
    return _NOT_FOUND_IN_OPENAI if is_openai else _NOT_FOUND


def for_anthropic(route: Route) -> Route:
    """The row with Anthropic's dialect, for a caller that sends `anthropic-version`."""
    if route.dialect is OPENAI and route.path in _SHARED:
        return replace(route, dialect=ANTHROPIC)
    return route


def replies_whole(route: Route, asked: Asked) -> bool:
    """Whether Ollama's reply to such a request comes in one piece when it is complete, rather than
    as a stream."""
    return route.computes and not (route.streams and asked.streams)


def path_at_ollama(route: Route, path: str) -> str:
    """The path to which Ollama gets a request of this row: the path that was authorised, with
    `/sys` as `/api`."""
    return route.at_ollama or path
