"""Is Ollama there, and which models has it in memory? One question at a time, kept for 2 s."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from ..errors import GatewayError
from ..upstream.ollama import Ollama

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
        version = await _get(ollama, "/api/version")
        running = await _get(ollama, "/api/ps")
        models = tuple(str(model["name"]) for model in running.get("models") or ())
        return Finding(str(version["version"]), models)
    except (GatewayError, ValueError, KeyError, TypeError, AttributeError):
        return Finding(None)


async def _get(ollama: Ollama, path: str) -> Any:
    response = await ollama.fetch("GET", path, patience=PATIENCE_S)
    if response.code != 200:
        raise ValueError(f"status {response.code}")
    return json.loads(response.body)
