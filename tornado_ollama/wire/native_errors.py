"""Formats errors in Ollama's own form: a renderer of `dialects.py`."""

from __future__ import annotations

import json

from ..errors import GatewayError, NoCredential, Unauthorized
from .headers import of_error

FOR_THE_COMMAND = (
    "The ollama command sends it in its address: OLLAMA_HOST=http://HOST:PORT/k/TOKEN, with a "
    "token that was made for that (token create --path)."
)
"""It can send no header (Ollama 0.33)."""


def body(error: GatewayError) -> bytes:
    """The error object of Ollama's API. A 401 has its message twice, because the `ollama` command
    prints the key `status`."""
    sentence = error.message
    if isinstance(error, NoCredential) and error.path_tokens:
        sentence = f"{sentence} {FOR_THE_COMMAND}"
    if isinstance(error, Unauthorized):
        return _encode({"error": sentence, "status": sentence})
    return _encode({"error": sentence})


def event(error: GatewayError) -> bytes:
    """The last line of a stream of lines that failed."""
    return _encode({"error": error.message}) + b"\n"


def headers(error: GatewayError) -> dict[str, str]:
    """The headers that HTTP defines; Ollama has no others."""
    return of_error(error)


def _encode(error: dict[str, str]) -> bytes:
    return json.dumps(error, ensure_ascii=False).encode()
