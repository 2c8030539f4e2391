"""Is Ollama there, and which models has it in memory? One question at a time, kept for 2 s.

Whether it is there, its version alone decides.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..errors import GatewayError
from ..upstream.ollama import Ollama
from ..wire.native import TAGS, decode, ollama_version

CACHE_S = 2.0
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe saw. `version` is None when Ollama did not answer."""

    version: str | None
    loaded: tuple[str, ...] = ()


class Probe:
    """Asks Ollama how it is, for all who want to know it in the same two seconds."""

    def __init__(self) -> None:
        self._asking: asyncio.Task[Finding] | None = None
        self._asked: tuple[str, float] = ("", 0.0)

    async def look(self, ollama: Ollama) -> Finding:
        now = asyncio.get_running_loop().time()
        where, when = self._asked
        if self._asking is None or where != ollama.backend.upstream.base_url or (
            self._asking.done() and now - when > CACHE_S
        ):
            self._asked = (ollama.backend.upstream.base_url, now)
            self._asking = asyncio.create_task(_ask(ollama))
        return await asyncio.shield(self._asking)

    def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()


async def _ask(ollama: Ollama) -> Finding:
    try:
        response = await ollama.fetch("GET", "/api/version", patience=PATIENCE_S)
    except GatewayError:
        return Finding(None)
    version = ollama_version(response.code, response.body)
    return Finding(version, await _loaded(ollama) if version is not None else ())


async def _loaded(ollama: Ollama) -> tuple[str, ...]:
    """The models in memory; none where that is not told."""
    try:
        response = await ollama.fetch("GET", "/api/ps", patience=PATIENCE_S)
        if response.code != 200:
            return ()
        return tuple(model.name for model in decode(TAGS, response.body).models or ())
    except GatewayError:
        return ()
