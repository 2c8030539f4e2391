"""`/health`: whether Ollama answers; `/health/live`: whether the gateway's event loop runs.

Both are public, so answers are cached: any number of callers cost Ollama one request every two
seconds. They say no more than yes or no; callers with a valid credential get details.
"""

from __future__ import annotations

import time

from .. import __version__
from ..access.principal import Principal
from ..access.routes import HandlerKind
from ..errors import GatewayError
from ..upstream.catalogue import LoadedModel
from .auth_mixin import AuthMixin
from .base import BaseHandler

RELOAD_REFUSED = (
    "The last reload of the configuration was refused, and the settings before it are in force; "
    "the log says why."
)


class HealthHandler(AuthMixin, BaseHandler):
    """Answers 200 or 503, with `Cache-Control: no-store`, so that no cache answers instead."""

    async def respond(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if self.route.kind is HandlerKind.LIVE:
            self.answer_json(200, {"status": "alive"})
            return
        catalogue, ollama = self.deps.process.catalogue, self.deps.ollama
        version = await catalogue.version(ollama)
        healthy = version is not None
        loaded = await catalogue.loaded(ollama) or () if healthy else ()
        health: dict[str, object] = {
            "status": "healthy" if healthy else "unhealthy",
            "ollama": "connected" if healthy else "disconnected",
            "api": "openai-compatible",
        }
        principal = self._known()
        if principal is not None:
            health |= self._details(version, loaded, principal)
        self.answer_json(200 if healthy else 503, health)

    def _known(self) -> Principal | None:
        try:
            return self.identify(self.credentials())
        except GatewayError:
            return None

    def _details(
        self, version: str | None, loaded: tuple[LoadedModel, ...], principal: Principal
    ) -> dict[str, object]:
        return {
            "version": __version__,
            "page": self.deps.process.assets.version,
            "scopes": sorted(principal.scopes),
            "backend": self.deps.ollama.backend.kind,
            "ollama_version": version,
            "models_loaded": [model.name for model in loaded if principal.may_use(model.name)],
            "uptime_s": round(time.monotonic() - self.deps.process.started_at, 1),
            "open_streams": len(self.deps.in_flight) - 1,  # requests and sockets; this one is none
            "queued": self.deps.dispatcher.queue.waiting,
            "accounts_error": self.deps.process.accounts.failure,
            "reload_error": RELOAD_REFUSED if self.deps.process.last_reload.refused else None,
        }
