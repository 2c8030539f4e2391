"""`wire.native_errors`: errors as a client of Ollama's API is told of them."""

from __future__ import annotations

import json

from tornado_ollama.errors import (
    BadRequest,
    MethodNotAllowed,
    NoCredential,
    Unauthorized,
    UpstreamAnswer,
    UpstreamUnavailable,
)
from tornado_ollama.wire import native_errors


def test_an_error_is_its_sentence() -> None:
    error = BadRequest("'n' must be 1.", param="n", code="x")
    assert json.loads(native_errors.body(error)) == {"error": "'n' must be 1."}


def test_a_401_says_its_sentence_where_ollamas_command_looks_for_it() -> None:
    assert json.loads(native_errors.body(Unauthorized("Who?"))) == {
        "error": "Who?",
        "status": "Who?",
    }


def test_whoever_sent_no_credential_is_told_how_ollamas_command_sends_one() -> None:
    told = json.loads(native_errors.body(NoCredential("Send a token.", path_tokens=True)))
    assert told["error"] == told["status"]
    assert told["status"].startswith("Send a token. ")
    assert "OLLAMA_HOST=http://HOST:PORT/k/TOKEN" in told["status"]


def test_nobody_is_told_of_tokens_in_the_url_where_they_are_off() -> None:
    error = NoCredential("Send a token.", path_tokens=False)
    told = json.loads(native_errors.body(error))
    assert told == {"error": "Send a token.", "status": "Send a token."}
    assert error.reason is None


def test_the_last_words_of_a_stream_are_one_line() -> None:
    line = native_errors.event(UpstreamAnswer("out of\nmemory", status=500))
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert json.loads(line) == {"error": "out of\nmemory"}


def test_an_error_brings_the_headers_that_http_has_for_it() -> None:
    headers = native_errors.headers
    assert headers(BadRequest("x")) == {}
    assert headers(Unauthorized("x")) == {"WWW-Authenticate": 'Bearer realm="ollama"'}
    assert headers(MethodNotAllowed("x", allow=("GET", "HEAD"))) == {"Allow": "GET, HEAD"}
    assert headers(UpstreamUnavailable("x")) == {"Retry-After": "1"}
    assert headers(UpstreamAnswer("x", status=500)) == {}  # no hint of OpenAI's
