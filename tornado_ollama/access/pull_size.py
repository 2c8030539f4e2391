"""Bounds the size of a model that Ollama pulls (`manage.max_pull_bytes`), by the progress that it
tells. Pure.

Ollama says nothing of the size before it begins, but names each layer with its size in the first
line about it, before it fetches it, and the layers one after the other. So what is too large is
found out when the layer that makes it so begins.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from ..errors import Forbidden
from ..wire.ndjson import LineSplitter

PULLING = frozenset(("/api/pull", "/api/create"))
"""The paths at Ollama that fetch models: `create` does so for one in `from` that is not there."""

MAX_LINE_BYTES = 64 * 1024

_Size = Annotated[int, msgspec.Meta(ge=0)]


class _Progress(msgspec.Struct):
    """`{"status": "pulling 6a0746a1ec1a", "digest": "sha256:...", "total": 1, "completed": 0}`; of
    a model that is quantized there are such lines with another status."""

    status: str = ""
    digest: str = ""
    total: _Size = 0
    completed: _Size = 0


_PROGRESS = msgspec.json.Decoder(_Progress)


class PullSize:
    """The size of one model, as far as it has been told."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._layers: dict[str, int] = {}
        self._lines = LineSplitter(MAX_LINE_BYTES)

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the progress. Raises Forbidden as soon as the layers told so far
        are too large, and UpstreamBroken for a line that is no progress of Ollama's."""
        for line in self._lines.feed(data):
            try:
                told = _PROGRESS.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # an error, or no JSON at all: nothing is fetched by it
            if told.digest and told.status.startswith("pulling"):
                known = self._layers.get(told.digest, 0)
                self._layers[told.digest] = max(known, told.total, told.completed)
                self._check()

    def _check(self) -> None:
        if (size := sum(self._layers.values())) > self._most:
            raise Forbidden(
                f"The model is too large: at least {size} bytes, and {self._most} may be pulled "
                "here (manage.max_pull_bytes).",
                param="model",
            )
