"""The dependencies of the handlers: the parts of the gateway that decide and that reach Ollama.

A reload of the configuration makes a new `Deps`; requests in flight keep the one they began with,
but for `in_flight`, which all generations share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..access.authenticator import Authenticator
from ..access.guesses import WrongTokens
from ..access.limits import LimitRules
from ..access.origins import HostPolicy, OriginPolicy
from ..access.principal import Principal, Scope
from ..access.proxies import TrustedProxies
from ..access.quota import Quota
from ..access.route_table import RouteTable
from ..dispatch.dispatcher import Dispatcher
from ..dispatch.fitting import Fitting
from ..dispatch.journal import Journal
from ..dispatch.presence import Presence
from ..dispatch.rates import RateLimiter
from ..dispatch.windows import Windows
from ..telemetry.accounts import Accounts
from ..telemetry.registry import Telemetry
from ..telemetry.tracing import Tracing
from ..upstream.catalogue import Catalogue
from ..upstream.ollama import Ollama
from ..wire.policy import Policy
from .assets import Assets
from .request_body import BodyMemory
from .stored_responses import ResponseStore


@dataclass(frozen=True, slots=True)
class AccessControl:
    """The rules of access: authenticator, hosts, origins, proxies and routes."""

    authenticator: Authenticator
    origins: OriginPolicy
    hosts: HostPolicy
    proxies: TrustedProxies
    path_tokens: bool
    """A credential may stand in the URL."""
    failed_logins: WrongTokens
    """Of headers and sockets, by address; it outlives a reload."""
    wrong_tokens: WrongTokens
    """Of URLs, by address; it outlives a reload."""
    routes: RouteTable
    limits: LimitRules
    """How much each caller may use."""


class Revocable(Protocol):
    """A request or socket in flight, which a reload and a shutdown can end."""

    principal: Principal | None
    upgraded: bool
    """It is a WebSocket."""

    def revoke(self) -> None:
        """Ends the request: its credential is no longer valid."""

    def renew(self, deps: Deps, principal: Principal | None) -> None:
        """Takes over new settings after a reload that left the credential valid, or where there is
        none. What is requested from now on is authorised by these; a single HTTP request has been
        authorised already and does nothing."""

    def drain(self, *, now: bool = False) -> None:
        """Ends when the work under way is done, because the gateway is shutting down. `now`: ends
        at once."""


class InFlight:
    """The set of requests and sockets in flight, and whether new ones are still accepted."""

    def __init__(self) -> None:
        self._requests: set[Revocable] = set()
        self.draining = False

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[Revocable]:
        return iter(tuple(self._requests))

    def counts(self) -> tuple[int, int]:
        """How many requests are in flight, and how many sockets are open. Takes a moment for each:
        for a scrape, not for a request."""
        sockets = sum(request.upgraded for request in self)
        return len(self) - sockets, sockets

    def add(self, request: Revocable) -> None:
        self._requests.add(request)

    def discard(self, request: Revocable) -> None:
        self._requests.discard(request)


class MadeToken(Protocol):
    """A token that has just been made."""

    @property
    def text(self) -> str: ...


class TokenAdmin(Protocol):
    """The administration of stored tokens; `identity/token_admin.py` says what its methods do and
    raise."""

    async def create(
        self, name: object, scopes: Iterable[Scope], form: Mapping[str, Any]
    ) -> MadeToken: ...

    async def rotate(self, name: str, grace_s: float = 0.0) -> MadeToken: ...

    async def revoke(self, name: str) -> None: ...

    async def listed(self) -> list[dict[str, Any]]: ...

    async def add_revocation(self, kind: Literal["jti", "sub", "key"], value: str) -> None: ...

    async def remove_revocation(self, kind: Literal["jti", "sub", "key"], value: str) -> bool: ...

    async def revocations(self) -> list[dict[str, Any]]: ...


@dataclass(slots=True)
class LastReload:
    """The outcome of the last reload of the configuration."""

    refused: bool = False
    """The settings before it are still in force."""


Resumables = dict[str, Revocable]
"""Chats that may be taken up again, by their stream id; `socket/resumable.py` fills it."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What all requests of this process share and a reload keeps: caches, stores and the
    journal."""

    assets: Assets
    catalogue: Catalogue
    windows: Windows
    resumables: Resumables
    body_memory: BodyMemory
    responses: ResponseStore
    journal: Journal
    rates: RateLimiter
    presence: Presence
    telemetry: Telemetry
    refresh_keys: Callable[[str], Awaitable[Deps | None]]
    """Fetches the keys of an issuer of JWTs; returns the `deps` with them, None where they are the
    same as before."""
    token_admin: TokenAdmin | None
    """None where no tokens are kept (`auth.token_store`)."""
    accounts: Accounts
    last_reload: LastReload
    started_at: float
    """`time.monotonic()` of the start, in seconds."""
    tracing: Tracing | None = None
    """None where `otel.traces` is off."""
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held for one step of decoding a compressed body."""


@dataclass(frozen=True, slots=True)
class Deps:
    access: AccessControl
    ollama: Ollama
    """For short questions of the gateway's own."""
    dispatcher: Dispatcher
    """For what a client asks."""
    policy: Policy
    """Aliases, defaults and limits of the translation; also `/ws` speaks of models by it."""
    in_flight: InFlight
    process: ProcessState
    max_body_bytes: int
    """Largest JSON body taken, in bytes."""
    default_model: str | None
    """For `/ws` messages that name none; None: the first chat model of `/api/tags`."""
    resume_grace_s: float
    """How long a resumable chat runs on without a socket."""

    def body_limit(self, quota: Quota) -> tuple[int, str]:
        """The largest JSON body of a caller with this quota, in bytes, and the name of the limit
        for errors."""
        own = quota.max_body_bytes
        if own is not None and own < self.max_body_bytes:
            return own, "max_body_bytes of this caller"
        return self.max_body_bytes, "limits.max_body_bytes"

    def fitting(self, model: str) -> Fitting | None:
        """What chooses the windows of requests for a model, by the name Ollama knows; None where
        the operator does not leave that to the gateway."""
        if not self.policy.defaults_for(model).auto_window:
            return None
        return Fitting(self.process.windows, self.ollama, model, self.policy.max_num_ctx)
