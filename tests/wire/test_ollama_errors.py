from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend.transcripts import load
from tornado_ollama.errors import GatewayError, UpstreamBroken
from tornado_ollama.wire.ollama_errors import native_error, reported_error
from tornado_ollama.wire.openai import errors

CONTEXT = json.dumps({
    "error": {
        "code": 400,
        "message": "request (351 tokens) exceeds the available context size (256 tokens)",
        "type": "exceed_context_size_error",
        "n_ctx": 256,
    }
})  # fmt: skip

INVALID = "invalid_request_error"
NESTED_400 = '{"error":{"code":400,"message":"Multimodal data provided","type":"x"}}'
NESTED_500 = '{"error":{"code":500,"message":"Multimodal data provided","type":"x"}}'

TABLE = [
    # native status, native sentence, then: status, type, param, code
    (404, "model 'nope' not found", 404, INVALID, "model", "model_not_found"),
    (404, 'model "x" not found, try pulling it first', 404, INVALID, "model", "model_not_found"),
    (400, "model is required", 400, INVALID, "model", None),
    (400, "invalid model name", 400, INVALID, "model", None),
    (400, "a/b:c does not support tools", 400, INVALID, "tools", "unsupported_value"),
    (400, '"a" does not support thinking', 400, INVALID, "reasoning_effort", "unsupported_value"),
    (400, "a/b:c does not support insert", 400, INVALID, "suffix", "unsupported_value"),
    (400, '"a" does not support chat', 400, INVALID, "model", "unsupported_value"),
    (501, "This server does not support embeddings", 400, INVALID, "model", "unsupported_value"),
    (400, CONTEXT, 400, INVALID, "messages", "context_length_exceeded"),
    (500, CONTEXT, 400, INVALID, "messages", "context_length_exceeded"),
    (400, "the input length exceeds the context length", 400, INVALID, "messages",
     "context_length_exceeded"),
    (400, "the prompt is longer than the context length currently available to the model; x",
     400, INVALID, "messages", "context_length_exceeded"),
    (500, NESTED_400, 400, INVALID, None, None),
    (400, NESTED_500, 400, INVALID, None, None),
    (499, "request canceled", 499, INVALID, None, None),
    (503, "server busy, please try again.  maximum pending requests exceeded",
     503, "server_error", None, "overloaded"),
    (500, 'option "num_ctx" must be of type integer', 400, INVALID, "num_ctx", None),
    (500, 'invalid format: "yaml"; expected "json"', 400, INVALID, "response_format", None),
    (500, "model runner has unexpectedly stopped", 500, "server_error", None, None),
    (500, "unable to allocate the context size", 500, "server_error", None, None),
    (400, "illegal base64 data at input byte 0", 400, INVALID, None, None),
    (400, 'time: invalid duration "soon"', 400, INVALID, "keep_alive", None),
    (400, 'time: missing unit in duration "300"', 400, INVALID, "keep_alive", None),
    (400, 'time: unknown unit "x" in duration "5x"', 400, INVALID, "keep_alive", None),
    (400, "json: cannot unmarshal string into Go struct field ChatRequest.messages of type x",
     400, INVALID, "messages", None),
    (400, "json: cannot unmarshal number into Go struct field ChatRequest.format of type x",
     400, INVALID, "response_format", None),
    (400, "json: cannot unmarshal bool into Go struct field EmbedRequest.options.num_ctx of type",
     400, INVALID, "options.num_ctx", None),
    (400, 'invalid think value: "x" (must be "high", "medium", "low", "max", true, or false)',
     400, INVALID, "reasoning_effort", None),
    (401, "unauthorized", 502, "server_error", None, "upstream_unauthorized"),
    (403, "ollama cloud is disabled: run", 502, "server_error", None, "upstream_forbidden"),
    (407, "proxy authentication required", 502, "server_error", None, "upstream_unauthorized"),
    (405, "method not allowed", 502, "server_error", None, "upstream_broken"),
    (408, "too slow", 502, "server_error", None, "upstream_broken"),
    (415, "unsupported media type", 502, "server_error", None, "upstream_broken"),
    (402, "payment required", 402, INVALID, None, None),
    (413, "request too large", 413, INVALID, None, None),
    (429, "too many requests", 429, "rate_limit_error", None, "rate_limit_exceeded"),
    (502, "cloud unreachable", 502, "server_error", None, None),
    (302, "moved", 502, "server_error", None, None),
]  # fmt: skip


def told(error: GatewayError) -> Any:
    """What a client of /v1 is told."""
    return json.loads(errors.body(error))["error"]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1][:40]}")
def test_ollamas_answers_become_openai_errors(row: tuple[Any, ...]) -> None:
    status, sentence, *expected = row
    error = native_error(status, json.dumps({"error": sentence}).encode())
    said = told(error)
    assert [error.status, said["type"], said["param"], said["code"]] == expected


def test_a_nested_error_is_unwrapped() -> None:
    error = native_error(400, json.dumps({"error": CONTEXT}).encode())
    assert error.message.startswith("request (351 tokens) exceeds")


def test_a_hint_on_the_second_line_is_kept() -> None:
    nested = '{"error":{"code":500,"message":"out of memory","type":"server_error"}}\nhint: less'
    error = native_error(500, json.dumps({"error": nested}).encode())
    assert error.message == "out of memory\nhint: less"


def test_a_cloud_models_sign_in_address_is_said() -> None:
    body = b'{"error":"unauthorized","signin_url":"https://ollama.com/connect?x=1"}'
    assert "https://ollama.com/connect?x=1" in native_error(401, body).message


def test_the_error_object_of_a_cloud_stub_is_read() -> None:
    body = b'{"StatusCode":429,"Status":"429","error":"slow down"}'
    assert native_error(429, body).message == "slow down"


@pytest.mark.parametrize(
    "body",
    [b"", b"404 page not found", b"<html>", b"[]", b"{}", b'"x"', b"\xff", b'{"error":""}',
     b"[" * 5000],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_what_is_no_answer_of_ollamas_is_a_bad_gateway(status: int, body: bytes) -> None:
    error = native_error(status, body)
    assert isinstance(error, UpstreamBroken) and error.param is None


@pytest.mark.parametrize(
    "value", ["x", {"message": "x"}, {"error": {"message": "x"}}, '{"error":"x"}']
)
def test_an_error_reported_within_a_stream_is_a_server_error(value: object) -> None:
    error = reported_error(value)
    said = told(error)
    assert (error.status, said["type"], said["message"]) == (500, "server_error", "x")


@pytest.mark.parametrize("value", [7, [], {"a": 1}, "{" * 3000, {"error": {"error": {"error": 1}}}])
def test_an_error_of_no_known_form_is_still_one_sentence(value: object) -> None:
    assert reported_error(value).message


def test_a_sentence_is_cut_to_a_bearable_length() -> None:
    assert len(reported_error("x" * 100_000).message) == 2000


def test_no_status_of_ollamas_is_the_gateways_verdict_on_a_credential() -> None:
    for status in range(400, 600):
        for body in (b'{"error":"x"}', b'{"error":{"message":"x","code":401}}', b"no"):
            assert native_error(status, body).status not in (401, 403, 407)


@pytest.mark.parametrize("version", ["0.24", "0.32"])
@pytest.mark.parametrize(
    ("name", "param", "code"),
    [
        ("chat-missing-model", "model", "model_not_found"),
        ("chat-think-unsupported", "reasoning_effort", "unsupported_value"),
        ("chat-tools-unsupported", "tools", "unsupported_value"),
        ("generate-suffix-unsupported", "suffix", "unsupported_value"),
        ("generate-bad-format", "response_format", None),
        ("generate-bad-option", "temperature", None),
        ("embed-too-long", "messages", "context_length_exceeded"),
        ("chat-embed-model", "model", "unsupported_value"),
    ],
)
def test_recorded_refusals_are_client_errors(
    version: str, name: str, param: str, code: str | None
) -> None:
    recorded = load(name, version)
    error = native_error(recorded.status, recorded.body)
    assert 400 <= error.status < 500
    assert (told(error)["param"], error.code) == (param, code)
