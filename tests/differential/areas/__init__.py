"""The cases, by what they are about. Each module has `lanes(seed)`."""

from __future__ import annotations

from collections.abc import Callable

from ..lanes import Lane
from . import commands, conformance, lifecycle, random_frames, random_http, sockets, transcripts

AREAS: dict[str, Callable[[str], list[Lane]]] = {
    "transcripts": transcripts.lanes,
    "conformance": conformance.lanes,
    "random": random_http.lanes,
    "sockets": sockets.lanes,
    "frames": random_frames.lanes,
    "lifecycle": lifecycle.lanes,
    "commands": commands.lanes,
}
