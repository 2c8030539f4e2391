"""The dialects, which are the APIs whose clients are served: Ollama's own, OpenAI's, and
Anthropic's.

A route belongs to one of them (`access.routes`), and its clients get errors in the form that they
expect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..errors import GatewayError
from . import native_errors
from .anthropic import errors as anthropic_errors
from .openai import errors as openai_errors


class ErrorRenderer(Protocol):
    """Formats an error for the clients of one API: a pure module for each."""

    def body(self, error: GatewayError) -> bytes:
        """The body of a reply that is an error."""

    def event(self, error: GatewayError) -> bytes:
        """The last event of a stream that has begun and then failed."""

    def headers(self, error: GatewayError) -> dict[str, str]:
        """The headers of a reply that is an error, in their order."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API: its name, the form of its errors, and its header of the request id."""

    name: str
    errors: ErrorRenderer
    request_id_headers: tuple[str, ...] = ("X-Request-Id",)
    """Where every answer has the id of its request; its clients' SDKs may look elsewhere."""


NATIVE = Dialect("native", native_errors)
OPENAI = Dialect("openai", openai_errors)
ANTHROPIC = Dialect("anthropic", anthropic_errors, ("X-Request-Id", "Request-Id"))
