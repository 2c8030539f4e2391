"""`/metrics`: the metrics of this process, for Prometheus."""

from __future__ import annotations

import asyncio

from .auth_mixin import AuthMixin
from .base import BaseHandler


class MetricsHandler(AuthMixin, BaseHandler):
    """Answers in the format that the scraper asks for, OpenMetrics or Prometheus' text."""

    async def respond(self) -> None:
        telemetry, ollama = self.deps.process.telemetry, self.deps.ollama
        version = await self.deps.process.catalogue.version(ollama)
        telemetry.ollama_up = version is not None
        self.deps.process.journal.flush()
        telemetry.settle()
        accept = self.request.headers.get("Accept", "")
        text, content_type = await asyncio.to_thread(telemetry.text, accept)
        self.set_header("Cache-Control", "no-store")
        self.answer(200, text, content_type)
