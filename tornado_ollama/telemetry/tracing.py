"""Traces: a span of OpenTelemetry's for each unit of work. Needs the extra `otel`.

A span begins with the unit, because requests to Ollama name it, and ends with the record in the
journal, which has all its attributes. Their names are those of OpenTelemetry's semantic conventions
for generative AI and HTTP. The SDK's own thread sends what has ended. Where to, and how many of the
units, follows from the variables `OTEL_*`, which the SDK reads itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import __version__
from ..dispatch.journal import CANCELLED, CHAT, CLIENT_LEFT, NOTHING, REVOKED, SHUT_DOWN, Record
from ..wire.headers import Headers
from .labels import operation
from .otel import resource

if TYPE_CHECKING:
    from opentelemetry.trace import Span

NO_FAILURES = frozenset(("ok", CLIENT_LEFT, CANCELLED, REVOKED, SHUT_DOWN))
"""Outcomes that are nobody's fault."""

PROVIDER = "ollama"
"""`gen_ai.provider.name`; the conventions list no name for it."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class SpanTrace:
    """A span that has begun. Implements `dispatch.trace.Trace`."""

    __slots__ = ("headers", "span")

    def __init__(self, span: Span, headers: Headers) -> None:
        self.span = span
        self.headers = headers


class Tracing:
    """Makes the spans of one gateway. `write` is a sink of the journal."""

    def __init__(self, ollama_url: Callable[[], str]) -> None:
        """`ollama_url` tells the URL of the server that serves now. Starts the thread that sends.
        Raises ImportError where a package is missing, and ValueError where a variable `OTEL_*`
        has no sense."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = TracerProvider(resource=resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("tornado_ollama", __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._in_context = set_span_in_context
        self._kind = SpanKind.SERVER
        self._failed = StatusCode.ERROR
        self._ollama_url = ollama_url

    def begin(self, context: Headers) -> SpanTrace:
        """Begins the span of a unit. `context`: the client's, as `wire.headers.trace_context` has
        it; none: the unit is a trace of its own."""
        parent = self._propagator.extract(dict(context))
        # Another name is given at the end; this one is for samplers.
        span = self._tracer.start_span("request", context=parent, kind=self._kind)
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, self._in_context(span))
        return SpanTrace(span, tuple(carrier.items()))

    def write(self, record: Record) -> None:
        """Ends the span of a unit that has ended."""
        if not isinstance(record.trace, SpanTrace):
            return
        span = record.trace.span
        if span.is_recording():
            span.update_name(_name(record))
            span.set_attributes(dict(_attributes(record, self._ollama_url())))
            if _has_failed(record):
                span.set_status(self._failed, record.outcome)
        span.end(int(record.ended_at * 1e9))

    def shut_down(self) -> None:
        """Sends what has ended. Blocks."""
        self._provider.shutdown()


def _name(record: Record) -> str:
    """As the conventions have it: operation and model, otherwise method and route."""
    if record.computed:
        return f"{operation(record.route)} {record.model or ''}".rstrip()
    return f"{record.method} {record.route}"


def _has_failed(record: Record) -> bool:
    """Whether it is the server's fault; a refusal of what the client sent is none."""
    broken_off = record.status < 400 and record.outcome not in NO_FAILURES
    return record.status >= 500 or broken_off


def _attributes(record: Record, ollama_url: str) -> Iterator[tuple[str, Any]]:
    if record.method not in (CHAT, NOTHING):
        yield "http.request.method", record.method
    if record.route != NOTHING:
        yield "http.route", record.route
    yield "url.path", record.path
    yield "http.response.status_code", record.status
    yield "http.request.body.size", record.received
    yield "http.response.body.size", record.sent
    yield "client.address", record.client
    if record.outcome != "ok":
        yield "error.type", record.outcome
    yield "gateway.request_id", record.request_id
    yield "gateway.credential", record.credential
    if record.computed:
        yield from _gen_ai(record, ollama_url)


def _gen_ai(record: Record, ollama_url: str) -> Iterator[tuple[str, Any]]:
    usage = record.usage
    yield "gen_ai.operation.name", operation(record.route)
    yield "gen_ai.provider.name", PROVIDER
    if record.model is not None:
        yield "gen_ai.request.model", record.model
    if usage.model is not None:
        yield "gen_ai.response.model", usage.model
    if usage.ends:
        yield "gen_ai.response.finish_reasons", usage.ends
    if usage.runs:
        yield "gen_ai.usage.input_tokens", usage.prompt_tokens
        yield "gen_ai.usage.cache_read.input_tokens", usage.cached_tokens
        yield "gen_ai.usage.output_tokens", usage.completion_tokens
    yield "gateway.queued_s", usage.queued_s
    server = urlsplit(ollama_url)
    yield "server.address", server.hostname or NOTHING
    yield "server.port", server.port or DEFAULT_PORTS.get(server.scheme, 0)
