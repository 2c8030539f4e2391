"""`wire.openai.errors`: errors as a client of /v1 is told of them."""

from __future__ import annotations

import json

from tornado_ollama.errors import (
    BadRequest,
    NoCredential,
    Unauthorized,
    UpstreamAnswer,
    UpstreamUnavailable,
)
from tornado_ollama.wire.ollama_errors import native_error
from tornado_ollama.wire.openai import errors


def test_the_error_object_has_all_four_keys() -> None:
    error = BadRequest("'n' must be 1.", param="n")
    assert json.loads(errors.body(error)) == {
        "error": {
            "message": "'n' must be 1.",
            "type": "invalid_request_error",
            "param": "n",
            "code": None,
        }
    }


def test_a_field_has_the_clients_name_of_it() -> None:
    refused = UpstreamAnswer("x", status=400, param="think")
    assert json.loads(errors.body(refused))["error"]["param"] == "reasoning_effort"
    own = BadRequest("x", param="format")  # ours speak of the client's fields from the start
    assert json.loads(errors.body(own))["error"]["param"] == "format"


def test_a_key_that_is_refused_is_called_incorrect_as_at_openai() -> None:
    refused = json.loads(errors.body(Unauthorized("It is unknown.")))["error"]
    assert refused["message"] == "Incorrect API key provided. It is unknown."
    assert refused["code"] == "invalid_api_key"
    missing = json.loads(errors.body(NoCredential("Send a token.", path_tokens=True)))["error"]
    assert (missing["message"], missing["code"]) == ("Send a token.", "invalid_api_key")


def test_sdks_are_told_not_to_repeat_what_will_fail_again() -> None:
    signin = native_error(401, b'{"error":"unauthorized"}')
    assert errors.headers(signin) == {"X-Should-Retry": "false"}
    crash = native_error(500, b'{"error":"llama runner process has terminated"}')
    assert errors.headers(crash) == {"X-Should-Retry": "false"}


def test_sdks_are_told_when_to_come_back() -> None:
    busy = native_error(503, b'{"error":"server busy"}')
    assert errors.headers(busy) == {"Retry-After": "1"}
    assert errors.headers(UpstreamUnavailable("x")) == {"Retry-After": "1"}
    assert errors.headers(BadRequest("x")) == {}
