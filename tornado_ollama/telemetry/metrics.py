"""The metrics that count: a sink of the journal.

Names and units are those of OpenTelemetry's semantic conventions where these have one
(`gen_ai.server.*`, `http.server.*`), in Prometheus' spelling; docs/metrics.md lists all. All series
that a record counts in are found by one key, and records of one kind are counted together, which
costs two thirds of counting them one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from operator import attrgetter
from typing import Any, NamedTuple

from prometheus_client.registry import CollectorRegistry

from ..dispatch.journal import Record
from .labels import OTHER, Bounded, Labels, operation
from .series import Count, Counter, Distribution, Histogram

REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
INFERENCE_BUCKETS = (0.01, 0.04, 0.16, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 300)
FIRST_TOKEN_BUCKETS = (0.01, 0.04, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
PER_TOKEN_BUCKETS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 1.0, 2.5)
TOKEN_BUCKETS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144)
"""The bounds that the conventions advise, thinned out, and longer where models are slow."""

MAX_OUTCOMES = 100
MAX_REQUEST_SERIES = 5000
"""Of route, method, dialect, status and credential."""

MAX_FOUND = 4096
"""Kinds of record whose series are remembered; to find them takes longer than to count."""

MAX_WAITING = 1024
"""Records that may wait to be counted: with fifty callers each has some twenty of them, and what a
caller's counters cost to bring into the processor's caches is spent on all of these once."""

UPSTREAM_ERRORS = ("upstream_", "overloaded")
"""How the outcomes begin that are Ollama's fault."""

MODEL = ("credential", "gen_ai_response_model")
GEN_AI = ("gen_ai_operation_name", "gen_ai_response_model")


_RequestKey = tuple[str, str, str, int, str]
"""Route, method, dialect, status and credential."""


class _RequestSeries(NamedTuple):
    requests: Count
    duration: Distribution
    received: Count
    sent: Count


class _ModelSeries(NamedTuple):
    requests: Count
    input_tokens: Count
    output_tokens: Count
    cached_tokens: Count
    load_s: Count
    prompt_s: Count
    completion_s: Count


class _InferenceSeries(NamedTuple):
    duration: Distribution
    first_token: Distribution
    per_token: Distribution
    input_tokens: Distribution
    output_tokens: Distribution


class _Series(NamedTuple):
    """All that a record counts in."""

    request: _RequestSeries
    model: _ModelSeries | None
    inference: _InferenceSeries | None
    """None: no model was run."""


Observed = defaultdict[Distribution, list[float]]
"""Values of each distribution that are counted together."""


_RECORD = ("received", "sent", "duration_s", "outcome", "first_byte_s")
_USAGE = (
    *("prompt_tokens", "completion_tokens", "cached_tokens"),
    *("load_s", "prompt_s", "completion_s", "queued_s"),
)
_KEY = attrgetter(
    *("route", "method", "dialect", "status", "credential", "usage.model", "usage.runs"),
)
_ROW = attrgetter(*_RECORD)
_ROW_OF_MODEL = attrgetter(*_RECORD, *(f"usage.{name}" for name in _USAGE))


class _Kind:
    """Records that count in the same series."""

    __slots__ = ("is_timed", "row", "rows", "series")

    def __init__(self, series: _Series, *, is_timed: bool) -> None:
        self.series = series
        self.is_timed = is_timed
        """Not a socket, which lasts as long as its client likes."""
        self.row = _ROW if series.model is None else _ROW_OF_MODEL
        """Returns what is counted of a record, which takes a third of the record's memory."""
        self.rows: list[tuple[Any, ...]] = []
        """Of the records that have not been counted yet."""


class Metrics:
    """The counters and histograms. `write` is the journal's sink; `settle` comes before they are
    read."""

    def __init__(self, registry: CollectorRegistry, labels: Labels) -> None:
        self._labels = labels
        self._outcomes = Bounded(MAX_OUTCOMES)
        self._found: dict[tuple[object, ...], _Kind] = {}
        self._unsettled: list[_Kind] = []
        """The kinds of which a record waits."""
        self._waiting = 0
        self._by_request: dict[_RequestKey, _RequestSeries] = {}
        self._ends: dict[str, tuple[Count, ...]] = {}

        def counter(name: str, text: str, *labelled: str) -> Counter:
            return Counter(f"tornado_ollama_{name}", text, labelled, registry)

        def histogram(
            name: str, text: str, buckets: tuple[float, ...], *labelled: str
        ) -> Histogram:
            return Histogram(name, text, buckets, labelled, registry)

        self._requests = counter(
            "requests",
            "Units of work that have ended: HTTP requests, sockets, and chats and requests on them",
            *("route", "method", "dialect", "status", "credential"),
        )
        self._outcome = counter("ends", "Units of work by the reason of their end", "outcome")
        self._upstream_errors = counter(
            "upstream_errors", "Units of work that failed because of Ollama, by kind", "kind"
        )
        self._received = counter("received_bytes", "Bytes of request bodies", "route")
        self._sent = counter("sent_bytes", "Bytes of answers, without framing", "route")
        self._duration = histogram(
            "http_server_request_duration_seconds",
            "From the arrival of a request to its end, sockets left out",
            REQUEST_BUCKETS,
            *("http_route", "http_request_method"),
        )
        self._model_requests = counter(
            "model_requests", "Units of work for which Ollama was asked to run a model", *MODEL
        )
        self._tokens = counter(
            "tokens", "Tokens as Ollama counted them", *MODEL, "gen_ai_token_type"
        )
        self._cached_tokens = counter(
            "cached_tokens", "Of the input tokens, those that were in Ollama's cache", *MODEL
        )
        self._model_seconds = counter(
            "model_seconds", "Seconds that Ollama spent, by its own account", *MODEL, "phase"
        )
        self._queued = histogram(
            "tornado_ollama_queue_seconds", "Wait in the gateway's queue", FIRST_TOKEN_BUCKETS
        ).series()
        self._inference = histogram(
            "gen_ai_server_request_duration_seconds",
            "From the arrival of a request that ran a model to its end",
            INFERENCE_BUCKETS,
            *GEN_AI,
        )
        self._first_token = histogram(
            "gen_ai_server_time_to_first_token_seconds",
            "From the arrival of a request that ran a model to the first byte of its answer",
            FIRST_TOKEN_BUCKETS,
            *GEN_AI,
        )
        self._per_token = histogram(
            "gen_ai_server_time_per_output_token_seconds",
            "Ollama's time to write the answer, for each token; its inverse is tokens per second",
            PER_TOKEN_BUCKETS,
            *GEN_AI,
        )
        self._token_usage = histogram(
            "gen_ai_client_token_usage",
            "Tokens of one request that ran a model",
            TOKEN_BUCKETS,
            *(*GEN_AI, "gen_ai_token_type"),
        )

    def write(self, records: Collection[Record]) -> None:
        """Takes units of work that have ended."""
        for record in records:
            key: tuple[object, ...] = _KEY(record)
            kind = self._found.get(key) or self._find(record, key)
            if not kind.rows:
                self._unsettled.append(kind)
            kind.rows.append(kind.row(record))
        self._waiting += len(records)
        if self._waiting >= MAX_WAITING:
            self.settle()

    def settle(self) -> None:
        """Counts what has been written."""
        kinds, self._unsettled, self._waiting = self._unsettled, [], 0
        observed: Observed = defaultdict(list)
        for kind in kinds:
            rows, kind.rows = kind.rows, []
            self._count(kind, rows, observed)
        for distribution, values in observed.items():  # which kinds share
            distribution.observe_all(values)

    def _count(self, kind: _Kind, rows: list[tuple[Any, ...]], observed: Observed) -> None:
        request, model, inference = kind.series
        received, sent, durations, outcomes, first_bytes, *usage = zip(*rows, strict=True)
        request.requests.value += len(rows)
        request.received.value += sum(received)
        request.sent.value += sum(sent)
        if kind.is_timed:
            observed[request.duration] += durations
        for outcome in set(outcomes):
            for end in self._ends.get(outcome) or self._end_series(outcome):
                end.value += outcomes.count(outcome)
        if model is None or inference is None:
            return
        inputs, outputs, cached, load_s, prompt_s, completion_s, queued_s = usage
        model.requests.value += len(rows)
        model.input_tokens.value += sum(inputs)
        model.output_tokens.value += sum(outputs)
        model.cached_tokens.value += sum(cached)
        model.load_s.value += sum(load_s)
        model.prompt_s.value += sum(prompt_s)
        model.completion_s.value += sum(completion_s)
        observed[inference.duration] += durations
        observed[inference.input_tokens] += inputs
        observed[inference.output_tokens] += outputs
        observed[inference.first_token] += [at for at in first_bytes if at is not None]
        written = zip(completion_s, outputs, strict=True)
        observed[inference.per_token] += [took / n for took, n in written if took and n]
        observed[self._queued] += queued_s

    def _find(self, record: Record, key: tuple[object, ...]) -> _Kind:
        """The kind of a record, which is remembered by `key` for others."""
        route, credential = record.route, self._labels.credential(record.credential)
        asked = (route, record.method, record.dialect, record.status, credential)
        request = self._by_request.get(asked) or self._request_series(asked)
        model = inference = None
        if record.usage.runs:
            pair = self._labels.pair(record.credential, record.usage.model)
            model = self._model_series(pair)
            inference = self._inference_series((operation(route), pair[1]))
        if len(self._found) >= MAX_FOUND:
            self._found.clear()
        series = _Series(request, model, inference)
        found = self._found[key] = _Kind(series, is_timed=record.status != 101)
        return found

    def _end_series(self, outcome: str) -> tuple[Count, ...]:
        label = self._outcomes.label(outcome)
        ends: tuple[Count, ...] = (self._outcome.series(label),)
        if outcome.startswith(UPSTREAM_ERRORS):
            ends = (*ends, self._upstream_errors.series(label))
        if label == outcome:
            self._ends[outcome] = ends
        return ends

    def _request_series(self, key: _RequestKey) -> _RequestSeries:
        route, method, dialect, status, credential = key
        if len(self._by_request) >= MAX_REQUEST_SERIES:
            credential = OTHER
        series = _RequestSeries(
            self._requests.series(route, method, dialect, str(status), credential),
            self._duration.series(route, method),
            self._received.series(route),
            self._sent.series(route),
        )
        self._by_request[route, method, dialect, status, credential] = series
        return series

    def _model_series(self, pair: tuple[str, str]) -> _ModelSeries:
        return _ModelSeries(
            self._model_requests.series(*pair),
            self._tokens.series(*pair, "input"),
            self._tokens.series(*pair, "output"),
            self._cached_tokens.series(*pair),
            self._model_seconds.series(*pair, "load"),
            self._model_seconds.series(*pair, "prompt"),
            self._model_seconds.series(*pair, "completion"),
        )

    def _inference_series(self, key: tuple[str, str]) -> _InferenceSeries:
        return _InferenceSeries(
            self._inference.series(*key),
            self._first_token.series(*key),
            self._per_token.series(*key),
            self._token_usage.series(*key, "input"),
            self._token_usage.series(*key, "output"),
        )
