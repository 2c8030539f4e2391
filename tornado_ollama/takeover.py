"""Where Ollama is: the real one, or the embedded backend until a real one appears.

Never silent: the log says which, `/health` and the page as well. Requests under way stay with the
backend they began on; the embedded one ends with the gateway.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Literal

from .embedded.supervisor import Supervisor
from .errors import GatewayError
from .upstream.client import UpstreamClient
from .upstream.ollama import Backend
from .upstream.request import UpstreamRequest
from .wire.native import ollama_version

log = logging.getLogger(__name__)

EmbeddedMode = Literal["auto", "always", "never"]

LOOK_EVERY_S = 3.0
PATIENCE_S = 2.0


class Takeover:
    """Starts the embedded backend where it is wanted, and looks for a real Ollama meanwhile."""

    def __init__(self, backend: Backend, client: UpstreamClient, mode: EmbeddedMode) -> None:
        self._backend = backend
        self._client = client
        self._mode = mode
        self._supervisor: Supervisor | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Decides where requests go. Raises EmbeddedFailed."""
        if self._mode == "never" or (self._mode == "auto" and await self._real_answers()):
            return
        self._supervisor = Supervisor(self._moved)
        url = await self._supervisor.start()
        self._backend.use_embedded(url)
        log.warning("Requests go to the embedded backend at %s.", url)
        if self._mode == "auto":
            log.warning("Nothing answers at %s; looking for it meanwhile.", self._where)
            self._watch = asyncio.create_task(self._wait_for_real())

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._supervisor is not None:
            await self._supervisor.stop()

    def _moved(self, url: str) -> None:
        """The embedded backend was restarted, on another port."""
        if self._backend.kind == "embedded":
            self._backend.use_embedded(url)

    @property
    def _where(self) -> str:
        return self._backend.real.base_url

    async def _wait_for_real(self) -> None:
        while not await self._real_answers():
            await asyncio.sleep(LOOK_EVERY_S)
        self._backend.use_real()
        log.warning("Ollama answers at %s: new requests go there.", self._where)

    async def _real_answers(self) -> bool:
        request = UpstreamRequest(
            self._backend.real.url("/api/version"),
            connect_timeout=PATIENCE_S,
            first_byte_timeout=PATIENCE_S,
            idle_timeout=PATIENCE_S,
        )
        try:
            response = await self._client.fetch(request, raise_error=False)
        except GatewayError:
            return False
        return ollama_version(response.code, response.body) is not None
