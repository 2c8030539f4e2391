"""`telemetry.metrics`: what clients make up adds no series."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from tornado_ollama.dispatch.journal import Record
from tornado_ollama.dispatch.usage import Usage
from tornado_ollama.telemetry import metrics as telemetry_metrics
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


def series(metrics: Metrics, registry: CollectorRegistry) -> int:
    metrics.settle()
    return sum(len(metric.samples) for metric in registry.collect())


def test_ten_thousand_names_of_models_and_paths_add_no_series() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, Labels())
    metrics.write([RECORD])
    before = series(metrics, registry)
    for number in range(10_000):
        metrics.write([replace(RECORD, model=f"model-{number}", path=f"/api/x{number}")])
    assert series(metrics, registry) == before


def test_ten_thousand_models_that_answer_have_so_many_series_and_no_more() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, Labels())

    def answered(numbers: range) -> int:
        for number in numbers:
            usage = Usage(runs=1, model=f"model-{number}", completion_tokens=5, completion_s=1.0)
            metrics.write([replace(RECORD, status=200, outcome="ok", usage=usage)])
        return series(metrics, registry)

    full = answered(range(MAX_PAIRS + 1))
    assert answered(range(MAX_PAIRS + 1, 10_000)) == full < 10_000


def test_records_are_counted_alike_alone_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = Usage("a", 12, 4, 16, 0.5, 0.25, 2.0, 0.125, 1)  # sums of these are exact
    records = [
        replace(
            RECORD,
            status=status,
            outcome=outcome,
            received=number,
            usage=used,
            first_byte_s=at,
            duration_s=0.125,
        )
        for number in range(100)
        for status, outcome, used, at in (
            (200, "ok", usage, 0.5),
            (200, "client left", usage, None),
            (200, "ok", replace(usage, model=f"b{number % 3}", completion_tokens=0), 4.0),
            (502, "upstream_broke", Usage(runs=1), None),
            (101, "ok", Usage(), 0.25),
        )
    ]

    def counted(most: int) -> list[tuple[object, ...]]:
        monkeypatch.setattr(telemetry_metrics, "MAX_WAITING", most)
        registry = CollectorRegistry()
        metrics = Metrics(registry, Labels())
        for record in records:
            metrics.write([record])
        metrics.settle()
        return sorted(
            (sample.name, *sorted(sample.labels.items()), sample.value)
            for family in registry.collect()
            for sample in family.samples
        )

    alone = counted(1)
    assert alone == counted(7) == counted(10_000)
    [ends] = [
        row[-1] for row in alone if row[:2] == ("tornado_ollama_ends_total", ("outcome", "ok"))
    ]
    assert ends == 300
