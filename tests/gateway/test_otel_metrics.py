"""Metrics for an OpenTelemetry collector (`otel.metrics`), as the SDK gives them to a reader."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import metric_exporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader

from tornado_ollama.config.topics.otel import Otel as Settings
from tornado_ollama.errors import ConfigError
from tornado_ollama.telemetry import otel_metrics
from tornado_ollama.telemetry.labels import Labels
from tornado_ollama.telemetry.otel import Otel

from ..backend import Backend, CutMidLine, NdjsonStream
from ..waiting import until
from .sockets import socket
from .test_metrics import CHAT, LAST


@pytest.fixture
def config() -> dict[str, Any]:
    return {"otel": {"metrics": True}}


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> InMemoryMetricReader:
    reader = InMemoryMetricReader()
    monkeypatch.setattr(otel_metrics, "reader", lambda: reader)
    return reader


def points(reader: InMemoryMetricReader) -> dict[str, list[tuple[dict[str, Any], Any]]]:
    """Of each metric the attributes and the point of each series."""
    data = reader.get_metrics_data()
    if data is None:
        return {}
    return {
        metric.name: [(dict(point.attributes or {}), point) for point in metric.data.data_points]
        for found in data.resource_metrics
        for scope in found.scope_metrics
        for metric in scope.metrics
    }


GEN_AI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "ollama",
    "gen_ai.request.model": "smollm2:latest",
    "gen_ai.response.model": "smollm2:latest",
}


@pytest.mark.gen_test
async def test_requests_are_counted_by_the_names_of_the_conventions(
    connect: Any, backend: Backend, reader: InMemoryMetricReader, http_port: int
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    for path in ("/api/chat", "/v1/chat/completions"):
        await (await connect()).request("POST", path, (), json.dumps(CHAT).encode())
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", **CHAT})
        await ws.until("done")
    await until(lambda: _count(reader, "gen_ai.server.request.duration") == 3, "all are counted")
    found = points(reader)
    [(attributes, tokens_in), (_, tokens_out)] = sorted(
        found["gen_ai.client.token.usage"], key=lambda one: one[0]["gen_ai.token.type"]
    )
    assert attributes == GEN_AI | {"gen_ai.token.type": "input"}
    assert (tokens_in.sum, tokens_out.sum) == (15, 21)
    [(attributes, duration)] = found["gen_ai.server.request.duration"]
    assert attributes == GEN_AI and duration.count == 3
    assert {"gen_ai.server.time_to_first_token", "http.server.request.duration"} <= found.keys()
    routes = {
        attributes.get("http.route") for attributes, _ in found["http.server.request.duration"]
    }
    assert routes == {"/api/chat", "/v1/chat/completions"}  # the socket lasts as long as it likes


@pytest.mark.gen_test
async def test_a_failure_has_its_kind_and_models_are_bounded(
    connect: Any, backend: Backend, reader: InMemoryMetricReader
) -> None:
    backend.on("/api/chat", CutMidLine())
    for number in range(300):
        body = json.dumps({**CHAT, "model": f"model-{number}"}).encode()
        await (await connect()).request("POST", "/api/chat", (), body)
    await until(lambda: _count(reader, "gen_ai.server.request.duration") == 300, "all are counted")
    series = points(reader)["gen_ai.server.request.duration"]
    assert len(series) <= 101
    assert {attributes["error.type"] for attributes, _ in series} == {"upstream_broken"}


def _count(reader: InMemoryMetricReader, name: str) -> int:
    return sum(point.count for _, point in points(reader).get(name, ()))


def test_without_the_extra_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.metrics", None)
    with pytest.raises(ConfigError, match=r"otel\.metrics .*pip install 'tornado-ollama\[otel\]'"):
        Otel(Settings(metrics=True), Labels(), lambda: "http://localhost:11434")


def test_they_are_sent_by_otlp_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the fixture's reader
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "3600000")
    reader = otel_metrics.reader()
    assert isinstance(reader, PeriodicExportingMetricReader)
    assert isinstance(reader._exporter, metric_exporter.OTLPMetricExporter)
    MeterProvider([reader], shutdown_on_exit=False).shutdown()
