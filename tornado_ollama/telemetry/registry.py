"""The metrics of one gateway, and their text for a scraper."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from ..dispatch.journal import BatchSink
from .gauges import Gauge, Gauges, add_process
from .labels import Labels
from .loop_lag import LoopLag
from .metrics import Metrics
from .recent_errors import RecentErrors

# They would be one series more for each, which nothing here reads.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Telemetry:
    """All metrics of one gateway. Not those of the process' default registry, of which there is
    only one."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.labels = Labels()
        self.metrics = Metrics(self.registry, self.labels)
        self.loop_lag = LoopLag(self.registry)
        self.recent_errors = RecentErrors()
        self.ollama_up = False
        """Whether Ollama answered when it was last asked, which is at each scrape."""
        self.add_gauges(
            Gauge("tornado_ollama_backend_up", "Whether Ollama answers", lambda: self.ollama_up),
        )
        add_process(self.registry)

    @property
    def sinks(self) -> tuple[BatchSink, ...]:
        """For the journal."""
        return self.metrics.write, self.recent_errors.write

    def add_gauges(self, *gauges: Gauge) -> None:
        """Adds values that are read at each scrape, in the thread of `text`."""
        self.registry.register(Gauges(gauges))

    def settle(self) -> None:
        """Counts what the sinks have been given. Call it on the loop, before `text`."""
        self.metrics.settle()

    def text(self, accept: str) -> tuple[bytes, str]:
        """The metrics and their content type, for an `Accept` header: OpenMetrics where it asks for
        that, otherwise Prometheus' text. Takes milliseconds and reads files: call it in a thread.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type
