"""The metrics that are read at a scrape: what runs, waits and is open now, and what the process
takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from .. import __version__
from ..dispatch.queue import Queue
from ..upstream.ollama import Backend


@dataclass(frozen=True, slots=True)
class Gauge:
    """A value that is read when it is asked for."""

    name: str
    text: str
    read: Callable[[], float]
    labels: Callable[[], dict[str, str]] = dict
    """Of its one series."""


class Reload(Protocol):
    @property
    def refused(self) -> bool: ...


class Stored(Protocol):
    """Accounts, as `telemetry.accounts` keeps them."""

    lost: int

    @property
    def failure(self) -> str | None: ...
    @property
    def pending(self) -> int: ...


class Gauges(Collector):
    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = tuple(gauges)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for gauge in self._gauges:
            labels = gauge.labels()
            family = GaugeMetricFamily(gauge.name, gauge.text, labels=list(labels))
            family.add_metric(list(labels.values()), gauge.read())
            yield family


def gateway_gauges(
    backend: Backend,
    queue: Queue,
    in_flight: Callable[[], tuple[int, int]],
    last_reload: Reload,
) -> tuple[Gauge, ...]:
    """What runs, waits and is open. `in_flight` returns the numbers of requests and of sockets."""
    return (
        Gauge(
            "tornado_ollama_build_info",
            "The version, and the backend that serves",
            lambda: 1,
            lambda: {"version": __version__, "backend": backend.kind},
        ),
        Gauge("tornado_ollama_running", "Requests that run inference", lambda: queue.running),
        Gauge("tornado_ollama_queued", "Requests that wait for a slot", lambda: queue.waiting),
        Gauge(
            "http_server_active_requests",
            "HTTP requests in flight, sockets left out",
            lambda: in_flight()[0],
        ),
        Gauge("tornado_ollama_open_sockets", "Open WebSockets", lambda: in_flight()[1]),
        Gauge(
            "tornado_ollama_reload_refused",
            "Whether the last reload of the configuration was refused",
            lambda: last_reload.refused,
        ),
    )


def accounts_gauges(accounts: Stored) -> tuple[Gauge, ...]:
    """Whether the accounts are stored."""
    return (
        Gauge(
            "tornado_ollama_accounts_failing",
            "Whether the accounts cannot be stored now",
            lambda: accounts.failure is not None,
        ),
        Gauge(
            "tornado_ollama_accounts_pending",
            "Entries of the accounts that are not stored yet",
            lambda: accounts.pending,
        ),
        Gauge(
            "tornado_ollama_accounts_lost",
            "Entries of the accounts that were given up since the start",
            lambda: accounts.lost,
        ),
    )


def add_process(registry: CollectorRegistry) -> None:
    """Adds processor time, memory, file descriptors, garbage collection and the Python version."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
