"""The one exception with which the embedded backend refuses a request."""

from __future__ import annotations


class Refusal(Exception):
    """An answer `{"error": message}` with an HTTP status, worded as Ollama words it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def model_not_found(name: str) -> Refusal:
    return Refusal(404, f"model '{name}' not found")
