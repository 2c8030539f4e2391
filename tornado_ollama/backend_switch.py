"""Switches between the real Ollama and the embedded backend, which serves while there is no real
one.

A process that started with the embedded backend keeps probing the real Ollama. The real one takes
over when it answers, and the embedded one again when the real one cannot be reached; `sights.py`
decides when. A switch is logged, and shown by `/health` and the page. Requests in flight stay with
the backend they began on. When the last one has left the embedded backend, its process is ended,
which frees the model's memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .embedded.supervisor import COMMAND, EmbeddedFailed, Supervisor
from .errors import GatewayError, UpstreamUnavailable
from .sights import Sight, Sights, Verdict
from .upstream.catalogue import ask_version
from .upstream.client import UpstreamClient
from .upstream.ollama import Backend

log = logging.getLogger(__name__)

EmbeddedMode = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    look_every: float = 2.0
    look_closely: float = 1.0
    """Instead, from the first answer until it has taken over: an absence as short as this is
    seen, whatever the rhythm in which it comes and goes."""
    connect_within: float = 5.0
    answer_within: float = 2.0
    answering: float = 6.0
    """How long the real Ollama must answer before it takes over."""
    refusing: float = 10.0
    """How long it must refuse before the embedded backend stands in: longer than a restart. Also
    when many of the looks of twice this time were refused."""
    try_again: float = 60.0
    """After the embedded backend did not start."""


PACE = Pace()


class BackendSwitch:
    """Starts the embedded backend where it is needed, and probes the real Ollama meanwhile."""

    def __init__(
        self,
        backend: Backend,
        client: UpstreamClient,
        mode: EmbeddedMode,
        *,
        command: Sequence[str] = COMMAND,
        pace: Pace = PACE,
    ) -> None:
        """`command` starts the process of the embedded backend."""
        self._backend = backend
        self._client = client
        self._mode = mode
        self._pace = pace
        self._supervisor = Supervisor(self._moved, command=command)
        self._watch: asyncio.Task[None] | None = None
        self._sights = Sights(pace.answering, pace.refusing)
        self._looked_at = ""
        self._not_before = 0.0

    async def start(self) -> None:
        """Decides which backend serves, and starts the embedded one if it is that. Raises
        EmbeddedFailed."""
        if self._mode == "never" or (self._mode == "auto" and await self._look() == "answers"):
            return
        url = await self._supervisor.start()
        self._backend.use_embedded(url)
        log.warning("Requests go to the embedded backend at %s.", url)
        if self._mode == "auto":
            log.warning("Nothing answers at %s; looking for it meanwhile.", self._where)
            self._watch = asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        """Ends the probing and the embedded backend. May be called at any time."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
        await self._supervisor.stop()

    def _moved(self, url: str) -> None:
        """Called when the embedded backend was restarted on another port."""
        if self._backend.kind == "embedded":
            self._backend.use_embedded(url)

    @property
    def _where(self) -> str:
        return self._backend.real.base_url

    async def _keep_looking(self) -> None:
        pace, loop = self._pace, asyncio.get_running_loop()
        while True:
            embedded = self._backend.kind == "embedded"
            proving = embedded and self._sights.last == "answers"
            await asyncio.sleep(pace.look_closely if proving else pace.look_every)
            await self._look()
            verdict = self._sights.verdict(loop.time())
            if embedded:
                if verdict == "there":
                    await self._take_over()
            elif verdict in ("gone", "flapping"):
                if loop.time() >= self._not_before:
                    await self._fall_back(verdict)
            else:
                await self._sleep_when_idle()

    async def _take_over(self) -> None:
        self._backend.use_real()
        self._sights.forget()  # that it was not there before is no reason to leave it again
        log.warning("Ollama answers at %s: new requests go there.", self._where)
        await self._supervisor.let_go()

    async def _fall_back(self, why: Verdict) -> None:
        refused_s = self._sights.lasts_s(asyncio.get_running_loop().time())
        try:
            url = await self._supervisor.start()
        except (EmbeddedFailed, OSError) as failure:
            log.error("Nothing answers at %s, and: %s", self._where, failure)
            self._not_before = asyncio.get_running_loop().time() + self._pace.try_again
            return
        if why == "gone" and await self._look() != "refuses":  # it came back meanwhile
            await self._supervisor.let_go()
            return
        self._backend.use_embedded(url)
        what = (
            f"Nothing has answered at {self._where} for {refused_s:.0f} s"
            if why == "gone"
            else f"Ollama at {self._where} comes and goes"
        )
        log.warning("%s: new requests go to the embedded backend at %s.", what, url)

    async def _sleep_when_idle(self) -> None:
        url = self._supervisor.url
        if url is not None and not self._client.is_asking(url):
            await self._supervisor.stop()
            log.info("The embedded backend sleeps while Ollama answers.")

    async def _look(self) -> Sight:
        """Probes the real Ollama once and notes the result."""
        where = self._where
        sight = await self._ask()
        if where != self._looked_at:
            self._sights.forget()
            self._looked_at = where
        self._sights.saw(sight, asyncio.get_running_loop().time())
        return sight

    async def _ask(self) -> Sight:
        pace, real = self._pace, self._backend.real
        try:
            version = await ask_version(
                self._client, real, timeout=pace.answer_within, to_connect=pace.connect_within
            )
        except UpstreamUnavailable:
            return "refuses"
        except GatewayError:
            return "unclear"
        return "answers" if version is not None else "unclear"
