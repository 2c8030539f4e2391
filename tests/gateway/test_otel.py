"""Spans of OpenTelemetry's (`otel.traces`), as the SDK gives them to an exporter."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from tornado_ollama.app import Gateway
from tornado_ollama.config.topics.otel import Otel as Settings
from tornado_ollama.errors import ConfigError
from tornado_ollama.telemetry.labels import Labels
from tornado_ollama.telemetry.otel import Otel, resource

from ..backend import Backend, CutMidLine, NdjsonStream, Reply, Reset, StallMidLine
from ..waiting import until
from .sockets import socket
from .test_metrics import CHAT, LAST
from .test_tracing import TRACE

TRACE_ID = TRACE["traceparent"].split("-")[1]
PARENT_ID = TRACE["traceparent"].split("-")[2]

Spans = Callable[[int], Any]


@pytest.fixture
def config() -> dict[str, Any]:
    return {"otel": {"traces": True}}


@pytest.fixture(autouse=True)
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(trace_exporter, "OTLPSpanExporter", lambda: exporter)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
    for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER"):
        monkeypatch.delenv(name, raising=False)
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Spans:
    async def ended(count: int) -> tuple[ReadableSpan, ...]:
        """The spans, when there are so many."""
        await until(lambda: len(exporter.get_finished_spans()) >= count, f"{count} spans")
        found = exporter.get_finished_spans()
        assert len(found) == count
        return found

    return ended


def ids(span: ReadableSpan) -> tuple[str, str | None, str]:
    """Of the trace, of the parent and of the span."""
    context, parent = span.get_span_context(), span.parent
    assert context is not None
    above = None if parent is None else format_span_id(parent.span_id)
    return format_trace_id(context.trace_id), above, format_span_id(context.span_id)


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/messages"])
async def test_a_span_stands_between_the_client_s_and_ollama_s(
    connect: Any, backend: Backend, spans: Spans, path: str
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    body = json.dumps({**CHAT, "max_tokens": 9, "stream": False}).encode()
    await (await connect()).request("POST", path, list(TRACE.items()), body)
    [span] = await spans(1)
    trace_id, parent, span_id = ids(span)
    assert (trace_id, parent) == (TRACE_ID, PARENT_ID)
    [asked] = backend.requests("/api/chat")
    assert asked.header("traceparent") == f"00-{TRACE_ID}-{span_id}-01"
    assert asked.header("tracestate") == TRACE["tracestate"]
    assert span.name == "chat smollm2" and span.kind is SpanKind.SERVER
    assert span.status.status_code is StatusCode.UNSET
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "ollama",
        "gen_ai.request.model": "smollm2",
        "gen_ai.response.model": "smollm2",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.output_tokens": 7,
        "server.address": "127.0.0.1",
        "server.port": backend.port,
        "http.request.method": "POST",
        "http.route": path,
        "url.path": path,
        "http.response.status_code": 200,
        "http.request.body.size": len(body),
        "client.address": "127.0.0.1",
    }
    assert span.attributes is not None and expected.items() <= dict(span.attributes).items()
    assert "error.type" not in span.attributes
    assert span.resource.attributes["service.name"] == "tornado-ollama"


@pytest.mark.gen_test
async def test_without_a_client_s_trace_one_begins(
    connect: Any, backend: Backend, spans: Spans
) -> None:
    connection = await connect()
    for context in ((), [("traceparent", "00-0-zz-01")]):
        await connection.request("POST", "/api/chat", context, json.dumps(CHAT).encode())
    sent = [str(asked.header("traceparent"))[:-2] for asked in backend.requests("/api/chat")]
    made = [ids(span) for span in await spans(2)]
    assert sent == [f"00-{trace_id}-{span_id}-" for trace_id, _, span_id in made]
    assert [parent for _, parent, _ in made] == [None, None] and made[0][0] != made[1][0]


@pytest.mark.gen_test
async def test_a_trace_that_is_not_sampled_stays_so(
    connect: Any, backend: Backend, spans: Spans
) -> None:
    unsampled = TRACE["traceparent"][:-2] + "00"
    connection = await connect()
    for parent in (unsampled, TRACE["traceparent"]):
        context = [("traceparent", parent)]
        await connection.request("POST", "/api/chat", context, json.dumps(CHAT).encode())
    first, second = (str(asked.header("traceparent")) for asked in backend.requests("/api/chat"))
    assert first.startswith(f"00-{TRACE_ID}-") and first.endswith("-00")
    [span] = await spans(1)
    assert second == f"00-{TRACE_ID}-{ids(span)[2]}-01"


@pytest.mark.gen_test
async def test_each_chat_on_a_socket_has_a_span_and_the_socket_none(
    backend: Backend, http_port: int, http_server: Any, spans: Spans
) -> None:
    async with socket(http_port, headers=list(TRACE.items())) as ws:
        for id in "12":
            await ws.send({"type": "chat", "id": id, **CHAT})
            await ws.until("done")
    made = [ids(span) for span in await spans(2)]
    assert {(trace_id, parent) for trace_id, parent, _ in made} == {(TRACE_ID, PARENT_ID)}
    sent = [asked.header("traceparent") for asked in backend.requests("/api/chat")]
    assert sent == [f"00-{TRACE_ID}-{span_id}-01" for _, _, span_id in made]


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("answer", "error", "is_failure"),
    [
        (Reply(b'{"error":"model not found"}', 404), None, False),
        (CutMidLine(), "upstream_broken", True),
        (Reset(), "upstream_broken", True),
    ],
    ids=["refused", "cut", "reset"],
)
async def test_only_what_is_the_server_s_fault_is_a_failure(
    connect: Any, backend: Backend, spans: Spans, answer: Any, error: str, is_failure: bool
) -> None:
    backend.on("/api/chat", answer)
    connection = await connect()
    await connection.send_request("POST", "/api/chat", (), json.dumps(CHAT).encode())
    [span] = await spans(1)
    assert span.attributes is not None and span.attributes.get("error.type") == error
    assert (span.status.status_code is StatusCode.ERROR) is is_failure


@pytest.mark.gen_test
async def test_a_client_that_leaves_is_told_apart_from_an_error(
    connect: Any, backend: Backend, spans: Spans
) -> None:
    backend.on("/api/chat", StallMidLine())
    connection = await connect()
    await connection.send_request("POST", "/api/chat", (), json.dumps(CHAT).encode())
    await connection.read_head()
    connection.leave()
    [span] = await spans(1)
    assert span.attributes is not None
    assert span.attributes["error.type"] == "client left"
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.gen_test
async def test_public_routes_have_no_span(connect: Any, spans: Spans) -> None:
    connection = await connect()
    for path in ("/health", "/", "/api/tags"):
        await connection.request("GET", path)
    [span] = await spans(1)
    assert span.name == "GET /api/tags"
    assert span.attributes is not None and "gen_ai.operation.name" not in span.attributes


@pytest.mark.gen_test
async def test_the_end_of_the_gateway_sends_what_has_ended(
    connect: Any, app: Gateway, exporter: InMemorySpanExporter
) -> None:
    await (await connect()).request("GET", "/api/tags")
    await app.close()
    assert len(exporter.get_finished_spans()) == 1


def test_without_the_packages_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match=r"pip install 'tornado-ollama\[otel\]'"):
        Otel(Settings(traces=True), Labels(), lambda: "http://localhost:11434")


def test_the_service_is_named_by_the_variables_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "gpu-7")
    named = resource().attributes
    assert named["service.name"] == "gpu-7" and "service.version" in named
