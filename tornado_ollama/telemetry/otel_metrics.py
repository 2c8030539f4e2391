"""Metrics for an OpenTelemetry collector: a sink of the journal, with the SDK behind it. Needs the
extra `otel`.

Names, units and attributes are those of the semantic conventions for generative AI and HTTP. The
values of attributes are bounded as the labels of `metrics.py` are. The SDK's own thread sends them;
where to and how often follows from the variables `OTEL_*`, which the SDK reads itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import __version__
from ..dispatch.journal import CHAT, NOTHING, Record
from .labels import Labels, operation
from .metrics import (
    FIRST_TOKEN_BUCKETS,
    INFERENCE_BUCKETS,
    PER_TOKEN_BUCKETS,
    REQUEST_BUCKETS,
    TOKEN_BUCKETS,
)
from .otel import resource
from .tracing import NO_FAILURES, PROVIDER

if TYPE_CHECKING:
    from opentelemetry.metrics import Histogram
    from opentelemetry.sdk.metrics.export import MetricReader


class OtelMetrics:
    """The instruments of one gateway. `write` is a sink of the journal."""

    def __init__(self, labels: Labels) -> None:
        """`labels`: those of all metrics of the process. Starts the thread that sends. Raises
        ImportError where a package is missing, and ValueError where a variable `OTEL_*` has no
        sense."""
        from opentelemetry.sdk.metrics import MeterProvider

        self._provider = MeterProvider([reader()], resource=resource(), shutdown_on_exit=False)
        meter = self._provider.get_meter("tornado_ollama", __version__)
        self._labels = labels

        def histogram(name: str, unit: str, text: str, bounds: Sequence[float]) -> Histogram:
            return meter.create_histogram(
                name, unit, text, explicit_bucket_boundaries_advisory=bounds
            )

        self._http = histogram(
            "http.server.request.duration", "s", "Duration of HTTP requests", REQUEST_BUCKETS
        )
        self._inference = histogram(
            "gen_ai.server.request.duration", "s", "Duration of model requests", INFERENCE_BUCKETS
        )
        self._first_token = histogram(
            "gen_ai.server.time_to_first_token", "s", "Time to the first byte", FIRST_TOKEN_BUCKETS
        )
        self._per_token = histogram(
            "gen_ai.server.time_per_output_token", "s", "Time of each token", PER_TOKEN_BUCKETS
        )
        self._tokens = histogram(
            "gen_ai.client.token.usage", "{token}", "Tokens of one request", TOKEN_BUCKETS
        )

    def write(self, record: Record) -> None:
        """Counts a unit of work that has ended."""
        if record.method not in (CHAT, NOTHING) and record.status != 101:
            attributes: dict[str, str | int] = {
                "http.request.method": record.method,
                "http.response.status_code": record.status,
            }
            if record.route != NOTHING:
                attributes["http.route"] = record.route
            self._http.record(record.duration_s, attributes)
        if record.usage.runs:
            self._count_inference(record)

    def shut_down(self) -> None:
        """Sends what has been counted. Blocks."""
        self._provider.shutdown()

    def _count_inference(self, record: Record) -> None:
        usage = record.usage
        model = self._labels.pair(record.credential, usage.model)[1]
        attributes: dict[str, str] = {
            "gen_ai.operation.name": operation(record.route),
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.request.model": model,
            "gen_ai.response.model": model,
        }
        failed = {} if record.outcome in NO_FAILURES else {"error.type": record.outcome}
        self._inference.record(record.duration_s, attributes | failed)
        if record.first_byte_s is not None:
            self._first_token.record(record.first_byte_s, attributes)
        if usage.completion_s and usage.completion_tokens:
            self._per_token.record(usage.completion_s / usage.completion_tokens, attributes)
        for kind, count in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
            self._tokens.record(count, attributes | {"gen_ai.token.type": kind})


def reader() -> MetricReader:
    """What sends the metrics to a collector, by OTLP over HTTP."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    return PeriodicExportingMetricReader(OTLPMetricExporter())
