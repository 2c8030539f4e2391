"""Errors in Anthropic's form: a renderer of `dialects.py`.

Owns the form, the types and the hints for retries of docs/messages.md, "Errors". Sources: the types
and the retries of the `anthropic` SDK 2.14, and what Claude Code 2.1 makes of them.
"""

from __future__ import annotations

import msgspec

from ...errors import GatewayError, PromptTooLong
from .. import sse
from ..headers import of_error

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_USELESS_TO_REPEAT = (
    "upstream_unauthorized",
    "upstream_forbidden",
    "insufficient_quota",
    "stopped",
)

_WORTH_REPEATING = (408, 409, 425, 429)
"""Of the statuses that blame the client."""

MAX_WAIT_S = 120
"""Longest `Retry-After` that a client is left to wait for: the SDK sleeps for as long as it says,
be it hours."""


def body(error: GatewayError) -> bytes:
    """Anthropic's error object as JSON. `details.error_code` holds the gateway's own error code."""
    told = {"type": _type(error.status), "message": _message(error)}
    if error.code is None:
        return msgspec.json.encode({"type": "error", "error": told})
    details = {"error_code": error.code}
    return msgspec.json.encode({"type": "error", "error": {**told, "details": details}})


def event(error: GatewayError) -> bytes:
    """The last event of a stream that failed."""
    return sse.named_event(b"error", body(error))


def headers(error: GatewayError) -> dict[str, str]:
    """The headers of an error response. Where sending the request again would be useless,
    `X-Should-Retry: false` tells the client so: Claude Code would repeat even a 401 for minutes,
    and every 5xx with its whole prompt, although what Ollama itself reports as a failure fails
    again."""
    found = of_error(error)
    blames_client = error.status < 500 and error.status not in _WORTH_REPEATING
    too_long = error.retry_after is not None and error.retry_after > MAX_WAIT_S
    if blames_client or too_long or error.status == 500 or error.code in _USELESS_TO_REPEAT:
        found["X-Should-Retry"] = "false"
    return found


def _type(status: int) -> str:
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


def _message(error: GatewayError) -> str:
    """Agents make their conversation shorter, and go on, when they read this very sentence."""
    if not isinstance(error, PromptTooLong):
        return error.message
    if error.tokens is None or error.window is None:
        return f"prompt is too long for the maximum context length: {error.message}"
    tokens = max(error.tokens, error.window + 1)  # a prompt of the window's size leaves no room
    return f"prompt is too long: {tokens} tokens > {error.window} maximum"
