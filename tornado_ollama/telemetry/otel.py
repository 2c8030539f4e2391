"""What OpenTelemetry is told, by the topic `otel`: spans, metrics or both."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from .. import __version__
from ..dispatch.journal import BatchSink, one_by_one
from ..errors import ConfigError
from .labels import Labels

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

    from .otel_metrics import OtelMetrics
    from .tracing import Tracing

T = TypeVar("T")

CLOSE_S = 3.0
"""How long the end of the process waits for a collector."""


class Chosen(Protocol):
    """The settings."""

    @property
    def traces(self) -> bool: ...
    @property
    def metrics(self) -> bool: ...


class Otel:
    """All that one gateway tells OpenTelemetry."""

    def __init__(self, chosen: Chosen, labels: Labels, ollama_url: Callable[[], str]) -> None:
        """`labels`: those of all metrics of the process. `ollama_url` tells the URL of the server
        that serves now. Starts the threads that send. Raises ConfigError where a package is
        missing, or a variable `OTEL_*` has no sense."""
        self.tracing: Tracing | None = None
        self._metrics: OtelMetrics | None = None
        if chosen.traces:
            self.tracing = _made("traces", lambda: _tracing(ollama_url))
        if chosen.metrics:
            self._metrics = _made("metrics", lambda: _metrics(labels))

    @property
    def sinks(self) -> tuple[BatchSink, ...]:
        """For the journal."""
        told = [told for told in (self.tracing, self._metrics) if told is not None]
        return tuple(one_by_one(one.write) for one in told)

    async def close(self) -> None:
        """Sends what has not been sent, and waits for that as long as `CLOSE_S`."""
        told = [told for told in (self.tracing, self._metrics) if told is not None]
        closing = [threading.Thread(target=one.shut_down, daemon=True) for one in told]
        for thread in closing:
            thread.start()
        for thread in closing:
            await asyncio.to_thread(thread.join, CLOSE_S)


def resource() -> Resource:
    """The process as `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` describe it, and otherwise
    by its own name."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    own = Resource.create({"service.name": "tornado-ollama", "service.version": __version__})
    return own.merge(OTELResourceDetector().detect())


def _made(key: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except ImportError:
        raise ConfigError(
            f"otel.{key} needs packages: pip install 'tornado-ollama[otel]'"
        ) from None
    except ValueError as error:
        raise ConfigError(f"OpenTelemetry takes no such variable OTEL_*: {error}") from None


def _tracing(ollama_url: Callable[[], str]) -> Tracing:
    from .tracing import Tracing

    return Tracing(ollama_url)


def _metrics(labels: Labels) -> OtelMetrics:
    from .otel_metrics import OtelMetrics

    return OtelMetrics(labels)
