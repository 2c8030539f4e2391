"""The topic `otel`: what is told to an OpenTelemetry collector."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import SWITCH


@dataclass(frozen=True, kw_only=True, slots=True)
class Otel(Topic):
    traces: bool = setting(
        False,
        SWITCH,
        "`true`: send a span for each request, and for each chat on a socket, to a collector",
        more="Needs the extra `otel`. Where the collector is, the variables `OTEL_*` say; see "
        "[metrics](metrics.md#traces).",
        at_start=True,
    )
    metrics: bool = setting(
        False,
        SWITCH,
        "`true`: send metrics to a collector",
        more="Needs the extra `otel`, too; see [metrics](metrics.md#to-a-collector).",
        at_start=True,
    )
