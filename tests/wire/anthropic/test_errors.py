"""`wire.anthropic.errors`: errors as clients of Anthropic's API are told of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tornado_ollama.errors import (
    BadRequest,
    BodyTooLarge,
    ClientStalled,
    Forbidden,
    GatewayError,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    PromptTooLong,
    TooManyJobs,
    TooManyWrongTokens,
    Unauthorized,
    UpstreamAnswer,
    UpstreamBroken,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from tornado_ollama.wire.anthropic import errors
from tornado_ollama.wire.ollama_errors import native_error

INVALID = "invalid_request_error"


def told(error: GatewayError) -> Any:
    body = json.loads(errors.body(error))
    assert body["type"] == "error"
    return body["error"]


@pytest.mark.parametrize(
    ("error", "kind", "repeats"),
    [
        (BadRequest("x"), INVALID, False),
        (Unauthorized("x"), "authentication_error", False),
        (UpstreamAnswer("x", status=402), "billing_error", False),
        (Forbidden("x"), "permission_error", False),
        (NotFound("x"), "not_found_error", False),
        (MethodNotAllowed("x", allow=("POST",)), INVALID, False),
        (ClientStalled("x"), "timeout_error", True),
        (UpstreamAnswer("x", status=409), "conflict_error", True),
        (BodyTooLarge("x"), "request_too_large", False),
        (UpstreamAnswer("x", status=422), INVALID, False),
        (TooManyJobs("x"), "rate_limit_error", True),
        (TooManyWrongTokens(60), "rate_limit_error", True),
        (TooManyWrongTokens(7200), "rate_limit_error", False),
        (UpstreamAnswer("x", status=500), "api_error", False),
        (UpstreamBroken("x"), "api_error", True),
        (UpstreamBroken("x", code="upstream_unauthorized"), "api_error", False),
        (UpstreamUnavailable("x"), "overloaded_error", True),
        (Overloaded(), "overloaded_error", True),
        (UpstreamAnswer("x", status=529), "overloaded_error", True),
        (UpstreamTimeout("x"), "timeout_error", True),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
def test_a_status_has_its_type_and_says_whether_repeating_helps(
    error: GatewayError, kind: str, repeats: bool
) -> None:
    assert told(error)["type"] == kind
    assert (errors.headers(error).get("X-Should-Retry") != "false") is repeats


def test_the_gateways_own_word_is_in_the_details() -> None:
    assert told(BadRequest("x")) == {"type": INVALID, "message": "x"}
    assert told(UpstreamBroken("x"))["details"] == {"error_code": "upstream_broken"}


def test_http_has_its_headers() -> None:
    assert errors.headers(UpstreamUnavailable("x")) == {"Retry-After": "1"}
    assert errors.headers(Unauthorized("x"))["WWW-Authenticate"] == 'Bearer realm="ollama"'


OVERFLOW = {
    "error": {
        "code": 400,
        "message": "request (4010 tokens) exceeds the available context size (2048 tokens)",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 4010,
        "n_ctx": 2048,
    }
}


def test_a_prompt_that_does_not_fit_is_told_in_the_words_that_agents_act_on() -> None:
    """As Ollama 0.33 says it with `truncate: false`: JSON within JSON."""
    error = native_error(400, json.dumps({"error": json.dumps(OVERFLOW)}).encode())
    assert told(error) == {
        "type": INVALID,
        "message": "prompt is too long: 4010 tokens > 2048 maximum",
        "details": {"error_code": "context_length_exceeded"},
    }


def test_a_prompt_as_long_as_the_window_is_too_long_by_one() -> None:
    error = PromptTooLong("x", param="messages", tokens=2048, window=2048)
    assert told(error)["message"] == "prompt is too long: 2049 tokens > 2048 maximum"


def test_without_figures_agents_still_find_words_that_they_know() -> None:
    error = native_error(400, b'{"error": "the input length exceeds the context length"}')
    message = told(error)["message"]
    assert message.startswith("prompt is too long") and "maximum context length" in message


def test_the_last_event_of_a_stream_is_named() -> None:
    assert errors.event(BadRequest("a\u2028b")) == (
        b"event: error\n"
        b'data: {"type":"error","error":{"type":"invalid_request_error",'
        b'"message":"a\\u2028b"}}\n\n'
    )
