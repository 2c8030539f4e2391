"""The recorded exchanges of tests/transcripts, as objects. The recordings say what is true."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent / "transcripts"
VERSIONS = ("0.24", "0.32")


@dataclass(frozen=True)
class Recorded:
    """One exchange with a real Ollama. `chunks` are the payloads of the reply's HTTP chunks."""

    name: str
    version: str
    method: str
    path: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def content_type(self) -> str | None:
        return dict((name.lower(), value) for name, value in self.headers).get("content-type")


def names(version: str = "0.32") -> list[str]:
    """All recordings of a version, without the suffix, sorted."""
    return sorted(path.stem for path in (ROOT / version).glob("*.json"))


def read(name: str, version: str) -> Any:
    """A recording as its file has it."""
    return json.loads((ROOT / version / f"{name}.json").read_text(encoding="utf-8"))


def body_of(request: Mapping[str, Any]) -> bytes:
    """The body of a recorded `request`, empty where it had none."""
    if "json" in request:
        return json.dumps(request["json"]).encode()
    body: str = request.get("text", "")
    return body.encode()


@functools.cache
def load(name: str, version: str = "0.32") -> Recorded:
    record = read(name, version)
    request, response = record["request"], record["response"]
    return Recorded(
        name=name,
        version=version,
        method=request["method"],
        path=request["path"],
        request_headers=tuple(request["headers"].items()),
        request_body=body_of(request),
        status=response["status"],
        reason=response["reason"],
        headers=tuple((name, value) for name, value in response["headers"]),
        chunks=tuple(chunk.encode() for chunk in response["chunks"]),
    )
