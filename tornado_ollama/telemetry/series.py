"""Counters and histograms of which a step costs an addition.

Prometheus' client takes a lock for each step, because several threads may count; here only the
event loop counts. What is counted is handed to the client's registry at each scrape, by its
interface for collectors, so that names, types and text stay the client's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString


def _text(bound: float) -> str:
    """A bound as Prometheus writes it."""
    return str(floatToGoString(bound))  # type: ignore[no-untyped-call]


class Count:
    """One series of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0


class Counter(Collector):
    """A counter: a `Count` for each combination of its labels' values."""

    def __init__(
        self, name: str, text: str, labels: tuple[str, ...], registry: CollectorRegistry
    ) -> None:
        self._of = name, text, labels
        self._series: dict[tuple[str, ...], Count] = {}
        registry.register(self)

    def series(self, *values: str) -> Count:
        """The series of these values of the labels, which is made at the first call."""
        return self._series.setdefault(values, Count())

    def collect(self) -> Iterator[CounterMetricFamily]:
        """For the registry, which calls it in the thread of a scrape."""
        name, text, labels = self._of
        family = CounterMetricFamily(name, text, labels=labels)
        for values, count in tuple(self._series.items()):
            family.add_metric(values, count.value)
        yield family


class Distribution:
    """One series of a histogram."""

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """How many values lie in each bucket; in the last, those above every bound."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Counts a value."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def observe_all(self, values: Collection[float]) -> None:
        """Counts several values."""
        counts, bounds = self.counts, self._bounds
        for value in values:
            counts[bisect_left(bounds, value)] += 1
        self.sum += sum(values)


class Histogram(Collector):
    """A histogram: a `Distribution` for each combination of its labels' values."""

    def __init__(
        self,
        name: str,
        text: str,
        buckets: tuple[float, ...],
        labels: tuple[str, ...],
        registry: CollectorRegistry,
    ) -> None:
        """`buckets`: the upper bounds, ascending; a value equal to a bound lies below it."""
        self._of = name, text, labels
        self._bounds = buckets
        self._names = [_text(bound) for bound in (*buckets, float("inf"))]
        self._series: dict[tuple[str, ...], Distribution] = {}
        registry.register(self)

    def series(self, *values: str) -> Distribution:
        """The series of these values of the labels, which is made at the first call."""
        return self._series.setdefault(values, Distribution(self._bounds))

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For the registry, which calls it in the thread of a scrape."""
        name, text, labels = self._of
        family = HistogramMetricFamily(name, text, labels=labels)
        for values, found in tuple(self._series.items()):
            buckets = list(zip(self._names, accumulate(found.counts), strict=True))
            family.add_metric(values, buckets, found.sum)
        yield family
