"""`telemetry.metrics`: what clients make up adds no series."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import CollectorRegistry

from tornado_ollama.dispatch.journal import Record
from tornado_ollama.dispatch.usage import Usage
from tornado_ollama.telemetry.labels import MAX_PAIRS, Labels
from tornado_ollama.telemetry.metrics import Metrics

RECORD = Record(
    client="127.0.0.1",
    request_id="1",
    caller="token writer",
    credential="writer",
    method="POST",
    path="/api/chat",
    route="/api/chat",
    dialect="native",
    status=404,
    received=10,
    sent=10,
    first_byte_s=0.1,
    duration_s=0.1,
    outcome="not_found",
    model="nothing",
    usage=Usage(runs=1),
)


def series(registry: CollectorRegistry) -> int:
    return sum(len(metric.samples) for metric in registry.collect())


def test_ten_thousand_names_of_models_and_paths_add_no_series() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, Labels())
    metrics.write(RECORD)
    before = series(registry)
    for number in range(10_000):
        metrics.write(replace(RECORD, model=f"model-{number}", path=f"/api/x{number}"))
    assert series(registry) == before


def test_ten_thousand_models_that_answer_have_so_many_series_and_no_more() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, Labels())

    def answered(numbers: range) -> int:
        for number in numbers:
            usage = Usage(runs=1, model=f"model-{number}", completion_tokens=5, completion_s=1.0)
            metrics.write(replace(RECORD, status=200, outcome="ok", usage=usage))
        return series(registry)

    full = answered(range(MAX_PAIRS + 1))
    assert answered(range(MAX_PAIRS + 1, 10_000)) == full < 10_000
