"""The application: puts the parts together from the settings, and finds the handler of each
request.

`Gateway.find_handler` is the whole routing. The path is made canonical first and the handler gets
that path, so that no later check sees another one.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from socket import gethostname
from typing import Any

from tornado import httputil
from tornado.ioloop import PeriodicCallback
from tornado.web import Application

from .access.authenticator import Authenticator
from .access.guesses import WrongTokens
from .access.limits import LimitRules
from .access.model_guard import ModelGuard
from .access.origins import HostPolicy, OriginPolicy
from .access.proxies import TrustedProxies
from .access.route_table import RouteTable
from .access.routes import for_anthropic
from .config import Settings
from .dispatch import access_log
from .dispatch.capture import tap_of
from .dispatch.dispatcher import Dispatcher
from .dispatch.journal import Journal
from .dispatch.local_rates import LocalRates
from .dispatch.presence import Presence
from .dispatch.queue import Queue, QueueLimits
from .dispatch.rates import RateLimiter, RateStore
from .dispatch.windows import Windows
from .errors import GatewayError, ShuttingDown
from .handler_table import HANDLERS, handler_arguments
from .handlers.assets import read_assets
from .handlers.base import BaseHandler
from .handlers.deps import AccessControl, Deps, InFlight, LastReload, ProcessState, Resumables
from .handlers.peer_closed import SWEEP_MS, sweep
from .handlers.request_body import BodyMemory
from .handlers.stored_responses import ResponseStore
from .identity.in_force import CredentialsInForce
from .resources import STATIC_DIR
from .stores.captures import CaptureStore
from .stores.database import Database
from .stores.redis_rates import RedisRates
from .telemetry.books import Books
from .telemetry.gauges import gateway_gauges
from .telemetry.otel import Otel
from .telemetry.registry import Telemetry
from .upstream.catalogue import Catalogue
from .upstream.client import UpstreamClient
from .upstream.ollama import Backend, Ollama, Timeouts
from .wire.policy import Policy
from .wire.target import loggable_path

MAX_SOCKET_MESSAGE_BYTES = 32 * 1024 * 1024
"""Largest message on `/ws`: a long conversation with some images."""


LAST_ROUNDS = 5
"""Rounds of the loop in which requests without an answer are told that the gateway goes down, where
its end did not wait for them; an answer has a few tasks to pass on its way."""


class Gateway(Application):
    """The Tornado application. `deps` is replaced by `reload`; handlers keep the one they began
    with."""

    def __init__(self, settings: Settings, gather_s: float = 0.0) -> None:
        """Must be called inside the running event loop, to which the client to Ollama belongs.
        `gather_s` as in `Journal`. Reads the token store; raises StoreFailed."""
        super().__init__(
            log_function=lambda handler: None,  # `handlers/in_flight.py` writes the access log
            websocket_ping_interval=20,
            websocket_ping_timeout=20,
            websocket_max_message_size=MAX_SOCKET_MESSAGE_BYTES,
        )
        self._host = settings.listen.host
        self.last_reload = LastReload()
        self.client = UpstreamClient(force_instance=True)
        self.queue = Queue()
        self.backend = Backend(settings.service.base_url)
        self._in_flight = InFlight()
        self._wrong_tokens = WrongTokens()
        self._failed_logins = WrongTokens()
        self._catalogue = Catalogue()
        self._windows = Windows(self._catalogue)
        self._resumables: Resumables = {}
        self._body_memory = BodyMemory()
        self._responses = ResponseStore()
        self._telemetry = Telemetry()
        counts = self._in_flight.counts
        gauges = gateway_gauges(self.backend, self.queue, counts, self.last_reload)
        self._telemetry.add_gauges(*gauges)
        assert settings.state.directory is not None  # `load` has filled it in
        self.books = Books(Path(settings.state.directory), self._telemetry)
        self._captures = CaptureStore(Path(settings.state.directory))
        self._rates = RateLimiter(_rate_store(settings.limits.storage))
        self._presence = Presence()
        labels, backend = self._telemetry.labels, self.backend
        self._otel = Otel(settings.otel, labels, lambda: backend.upstream.base_url)
        self._journal = Journal(
            self._rates.write,
            charges=self.books.sinks,
            told=(*self._telemetry.sinks, access_log.write, *self._otel.sinks),
            gather_s=gather_s,
        )
        self._started_at = time.monotonic()
        self.database = Database(Path(settings.state.directory))
        self._credentials = CredentialsInForce(self.database, settings, self._take_authenticator)
        self.deps = self._make_deps(settings)
        self._apply_limits(settings)
        self._sweeper = PeriodicCallback(self._sweep, SWEEP_MS)
        self._sweeper.start()
        self._telemetry.loop_lag.start()

    def find_handler(self, request: httputil.HTTPServerRequest, **kwargs: Any) -> Any:
        asked = handler_arguments(request.uri or "", self.deps)
        if "anthropic-version" in request.headers:
            asked["route"] = for_anthropic(asked["route"])
        if asked["url_path"] != request.path:
            # It is what Tornado's own lines and exceptions show; a credential may stand in it.
            request.uri = request.path = loggable_path(str(asked["url_path"]))
        return self.get_handler_delegate(request, HANDLERS[asked["route"].kind], asked)

    def reload(self, settings: Settings) -> None:
        """Applies new settings to new requests, and ends the running ones whose credential is no
        longer valid. The listening address stays as it is, and decides as before whether anonymous
        access is open."""
        listen = replace(settings.listen, host=self._host)
        settings = replace(settings, listen=listen)
        self.deps = self._make_deps(settings)
        self.backend.set_real(settings.service.base_url)
        self._check_in_flight()
        self._apply_limits(settings)  # last: no slot for a request that was revoked

    def _take_authenticator(self, authenticator: Authenticator) -> None:
        """Puts other credentials into force, as `reload` does with settings."""
        access = replace(self.deps.access, authenticator=authenticator)
        self.deps = replace(self.deps, access=access)
        self._check_in_flight()

    async def _refresh_keys(self, issuer: str) -> Deps | None:
        """Fetches the keys of an issuer; returns the new `deps` where they have changed."""
        return self.deps if await self._credentials.refresh_keys(issuer) else None

    def _check_in_flight(self) -> None:
        """Ends the requests in flight whose credential is no longer valid; the others get the new
        `deps`."""
        authenticator, now = self.deps.access.authenticator, time.time()
        for request in self._in_flight:
            if request.principal is None:  # a public route, or a socket that has yet to say who
                request.renew(self.deps, None)
            elif (principal := authenticator.still_valid(request.principal, now)) is None:
                request.revoke()
            else:
                request.renew(self.deps, principal)

    def begin_drain(self) -> None:
        """Starts the shutdown: from now on new requests are answered with 503, and sockets close
        when nothing is in flight on them."""
        self._in_flight.draining = True
        for request in self._in_flight:
            request.drain()

    @property
    def in_flight(self) -> InFlight:
        return self._in_flight

    def fail_all(self, error: GatewayError) -> None:
        """Ends every request to Ollama with this error; first those that wait for a slot, so that
        none of them gets one."""
        self.queue.fail_all(error)
        self.client.fail_all(error)

    async def close(self) -> None:
        """Ends all requests in flight and closes all connections to Ollama."""
        self._sweeper.stop()
        self._telemetry.loop_lag.stop()
        await self._credentials.close()
        self._catalogue.close()
        self.fail_all(ShuttingDown())
        for _ in range(LAST_ROUNDS):
            await asyncio.sleep(0)
        for request in self._in_flight:
            request.drain(now=True)
        await self.books.stop()
        self.client.close()
        await asyncio.sleep(0)
        self._journal.flush()
        await self._rates.close()
        await self._otel.close()
        await asyncio.to_thread(self.database.close)
        await asyncio.to_thread(self._captures.close)

    def _sweep(self) -> None:
        self._responses.expire(time.monotonic())
        sweep(request for request in self._in_flight if isinstance(request, BaseHandler))

    async def start(self) -> None:
        """Begins what runs besides the requests: call it before the first of them."""
        await self.books.start()

    def _apply_limits(self, settings: Settings) -> None:
        self.books.apply(settings.usage)
        kept = settings.capture
        self._captures.apply(kept.credentials, kept.max_total_bytes, kept.keep_days)
        limits = settings.limits
        self.max_connections = settings.listen.max_connections_per_address
        self._failed_logins.most = settings.auth.failed_logins
        self._rates.open_when_away = limits.without_storage == "open"
        self._body_memory.limit = limits.max_buffered_bytes
        self._responses.max_responses = settings.responses.max_stored
        self._responses.max_bytes = settings.responses.max_stored_bytes
        self._responses.keep_for_s = settings.responses.store_for
        self.queue.limits = QueueLimits(
            max_parallel=limits.max_parallel,
            max_queued=limits.max_queued,
            timeout=limits.queue_timeout,
            models=limits.models,
        )

    def _make_deps(self, settings: Settings) -> Deps:
        service = settings.service
        ollama = Ollama(
            self.client,
            self.backend,
            Timeouts(service.connect_timeout, service.load_timeout, service.timeout),
        )
        return Deps(
            access=AccessControl(
                authenticator=self._credentials.take(settings),
                origins=OriginPolicy(settings.cors.origins),
                hosts=HostPolicy(
                    (*settings.listen.allowed_hosts, settings.listen.host, gethostname())
                ),
                proxies=TrustedProxies(settings.listen.trusted_proxies),
                path_tokens=settings.auth.path_tokens,
                failed_logins=self._failed_logins,
                wrong_tokens=self._wrong_tokens,
                routes=RouteTable(
                    forward_unknown=service.forward_unknown,
                    web_search=service.web_search,
                    public=settings.auth.public,
                ),
                limits=LimitRules(
                    settings.limits.per_credential,
                    settings.limits.per_address,
                    settings.limits.groups,
                ),
            ),
            ollama=ollama,
            dispatcher=Dispatcher(
                ollama,
                self.queue,
                self.books.budgets.check,
                ModelGuard(settings.models.limits, settings.manage),
                tap_of(settings.capture, self._captures.put),
            ),
            policy=Policy(
                aliases=settings.models.aliases,
                defaults=settings.models.defaults,
                max_num_ctx=settings.models.max_num_ctx,
                fetch_images=settings.openai.fetch_images,
                refuse_unknown=settings.openai.unknown_fields == "refuse",
                reasoning_fields=settings.openai.reasoning_fields,
            ),
            in_flight=self._in_flight,
            process=ProcessState(
                assets=read_assets(STATIC_DIR),
                catalogue=self._catalogue,
                windows=self._windows,
                resumables=self._resumables,
                body_memory=self._body_memory,
                responses=self._responses,
                journal=self._journal,
                rates=self._rates,
                presence=self._presence,
                telemetry=self._telemetry,
                refresh_keys=self._refresh_keys,
                token_admin=self._credentials.token_admin,
                accounts=self.books.accounts,
                last_reload=self.last_reload,
                started_at=self._started_at,
                tracing=self._otel.tracing,
            ),
            max_body_bytes=settings.limits.max_body_bytes,
            default_model=settings.chat.default_model,
            resume_grace_s=settings.chat.resume_grace,
        )


def _rate_store(storage: str) -> RateStore:
    """Where requests and tokens are counted, by `limits.storage`. Raises ConfigError."""
    return LocalRates() if storage == "memory" else RedisRates(storage)
