"""Formats errors in OpenAI's form: a renderer of `dialects.py`.

Owns the form and the `type` of docs/openai.md, "Errors"; OpenAI's types say no more than the status
does.
"""

from __future__ import annotations

import msgspec

from ...errors import (
    GatewayError,
    NoCredential,
    PromptTooLong,
    Unauthorized,
    UpstreamAnswer,
)
from .. import sse
from ..headers import of_error

_TYPES = {403: "permission_error", 429: "rate_limit_error"}

_FIELDS = {"format": "response_format", "think": "reasoning_effort"}
"""What a client of /v1 calls a field that Ollama complains about."""

_INCORRECT_KEY = "Incorrect API key provided."
"""OpenAI's words for a key that it refuses: old clients look for them in the message."""

MAX_WAIT_S = 60
"""Longest `Retry-After` that OpenAI's SDK (3.52) waits for; it repeats sooner otherwise."""

_USELESS_TO_REPEAT = (
    "upstream_unauthorized",
    "upstream_forbidden",
    "insufficient_quota",
    "stopped",
)


def body(error: GatewayError) -> bytes:
    """OpenAI's error object."""
    param = error.param
    if isinstance(error, UpstreamAnswer) and param is not None:
        param = _FIELDS.get(param, param)
    return msgspec.json.encode(
        {
            "error": {
                "message": message(error),
                "type": _type(error.status),
                "param": param,
                "code": error.code,
            }
        }
    )


def message(error: GatewayError) -> str:
    """The sentence of an error, in OpenAI's own words where clients look for these: besides the
    code, programs find a prompt that is too long by them."""
    if isinstance(error, PromptTooLong) and error.tokens and error.window:
        return (
            f"This model's maximum context length is {error.window} tokens. However, your messages "
            f"resulted in {error.tokens} tokens. Please reduce the length of the messages."
        )
    if isinstance(error, Unauthorized) and not isinstance(error, NoCredential):
        return f"{_INCORRECT_KEY} {error.message}"
    return error.message


def event(error: GatewayError) -> bytes:
    """The last event of a stream that failed; no `[DONE]` may follow it."""
    return sse.event(body(error))


def headers(error: GatewayError) -> dict[str, str]:
    """The headers of an error. `X-Should-Retry: false` keeps SDKs from sending a prompt again in
    vain: they repeat every 5xx twice otherwise, but a failure that Ollama reports itself will
    happen again."""
    found = of_error(error)
    too_long = error.retry_after is not None and error.retry_after > MAX_WAIT_S
    if too_long or error.status == 500 or error.code in _USELESS_TO_REPEAT:
        found["X-Should-Retry"] = "false"
    return found


def _type(status: int) -> str:
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
