"""Errors in Ollama's own form: a renderer of `dialects.py`."""

from __future__ import annotations

import json

from ..errors import GatewayError, Unauthorized
from .headers import of_error


def body(error: GatewayError) -> bytes:
    """The object of Ollama's API; a 401 says its sentence twice, because the `ollama` command
    prints the key `status`."""
    found = {"error": error.message}
    if isinstance(error, Unauthorized):
        found["status"] = error.message
    return _encode(found)


def event(error: GatewayError) -> bytes:
    """The last line of a stream of lines that failed."""
    return _encode({"error": error.message}) + b"\n"


def headers(error: GatewayError) -> dict[str, str]:
    """HTTP's own; Ollama has no others."""
    return of_error(error)


def _encode(error: dict[str, str]) -> bytes:
    return json.dumps(error, ensure_ascii=False).encode()
