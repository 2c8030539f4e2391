"""Probes Ollama and a model, for the commands `check` and `monitor`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ..config import Settings
from ..errors import GatewayError
from ..upstream.catalogue import ask_version
from ..upstream.client import UpstreamClient
from ..upstream.ollama import Backend, Ollama, Timeouts

VERSION_TIMEOUT_S = 5.0
MAX_QUOTED_CHARS = 200


@dataclass(frozen=True, slots=True)
class Finding:
    good: bool
    text: str


class Probe:
    """Probes one Ollama, and where one is named, one of its models."""

    def __init__(self, ollama: Ollama, base_url: str, model: str | None) -> None:
        self._ollama = ollama
        self._base_url = base_url
        self._model = model

    async def look(self) -> list[Finding]:
        """Probes once. Returns one finding about Ollama and, when it is reachable, one about the
        model."""
        findings = [await self._version()]
        if self._model is not None and findings[0].good:
            findings.append(await self._answer(self._model))
        return findings

    async def _version(self) -> Finding:
        begun = time.monotonic()
        try:
            version = await ask_version(
                self._ollama.client, self._ollama.backend.upstream, timeout=VERSION_TIMEOUT_S
            )
        except GatewayError as error:
            return Finding(False, f"{self._base_url}: {error.message}")
        if version is None:
            return Finding(False, f"{self._base_url}: answers, but not as Ollama does")
        return Finding(True, f"Ollama {version!a} at {self._base_url} ({_since(begun)})")

    async def _answer(self, model: str) -> Finding:
        """Asks the model for one token, or for a vector where the model can do nothing else."""
        begun = time.monotonic()
        one_token = {"model": model, "prompt": "Hi", "stream": False}
        one_token |= {"options": {"num_predict": 1}}
        try:
            status, reply = await self._post("/api/generate", one_token)
            if status == 400 and "does not support generate" in str(reply.get("error")):
                status, reply = await self._post("/api/embed", {"model": model, "input": "Hi"})
        except GatewayError as error:
            return Finding(False, f"{model!a}: {error.message}")
        if status != 200 or not reply.keys() & {"response", "embeddings"}:
            sentence = str(reply.get("error", f"an odd answer, status {status}"))
            return Finding(False, f"{model!a}: {sentence[:MAX_QUOTED_CHARS]!a}")
        return Finding(True, f"{model!a} answers ({_since(begun)})")

    async def _post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = [("Content-Type", "application/json")]
        data = json.dumps(body).encode()
        reply = await self._ollama.fetch("POST", path, headers=headers, body=data)
        return reply.code, _table(reply.body)


@asynccontextmanager
async def probe(settings: Settings, model: str | None) -> AsyncIterator[Probe]:
    """A context manager that gives a probe of the configured Ollama, and closes its connections at
    the end."""
    service = settings.service
    client = UpstreamClient(force_instance=True)
    timeouts = Timeouts(service.connect_timeout, service.load_timeout, service.timeout)
    known = None if model is None else settings.models.aliases.get(model, model)
    try:
        ollama = Ollama(client, Backend(service.base_url), timeouts)
        yield Probe(ollama, service.base_url, known)
    finally:
        client.close()


def _table(body: bytes) -> dict[str, Any]:
    try:
        table = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def _since(begun: float) -> str:
    seconds = time.monotonic() - begun
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
