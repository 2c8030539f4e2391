"""The cases, by what they are about. Each module has `lanes(seed)`."""

from __future__ import annotations

from collections.abc import Callable

from ..lanes import Lane
from . import conformance, random_http, transcripts

AREAS: dict[str, Callable[[str], list[Lane]]] = {
    "transcripts": transcripts.lanes,
    "conformance": conformance.lanes,
    "random": random_http.lanes,
}
