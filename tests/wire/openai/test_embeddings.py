from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from tests.backend.transcripts import VERSIONS, load
from tornado_ollama.errors import BadRequest, GatewayError, UpstreamBroken
from tornado_ollama.wire.openai.embeddings import embedding_reply, embedding_request
from tornado_ollama.wire.policy import Policy


def planned(**body: Any) -> Any:
    return embedding_request({"model": "m", "input": "x"} | body, Policy(aliases={"e": "m:1"}))


def sent(**body: Any) -> Any:
    return json.loads(planned(**body).body)


def test_too_long_an_input_is_an_error_unless_the_request_says_otherwise() -> None:
    assert sent()["truncate"] is False
    assert sent(truncate=True)["truncate"] is True


@pytest.mark.parametrize(
    ("given", "expected"), [("x", "x"), ("", [""]), (["a", "b"], ["a", "b"]), ([""], [""])]
)
def test_texts_to_embed(given: Any, expected: Any) -> None:
    assert sent(input=given)["input"] == expected


def test_native_fields_ride_along() -> None:
    body = sent(model="e", dimensions=8, keep_alive=-1, options={"num_ctx": 64}, user="u")
    assert body == {
        "model": "m:1",
        "input": "x",
        "truncate": False,
        "dimensions": 8,
        "options": {"num_ctx": 64},
        "keep_alive": -1,
    }


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": [1]}, "input"),
        ({"input": [[1]]}, "input"),
        ({"input": ["a", None]}, "input"),
        ({"input": {}}, "input"),
        ({"input": True}, "input"),
        ({"encoding_format": 3}, "encoding_format"),
        ({"encoding_format": ""}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": "8"}, "dimensions"),
        ({"truncate": 1}, "truncate"),
        ({"model": None}, "model"),
        ({"dimension": 8}, "dimension"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        planned(**body)
    assert refusal.value.param == param


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["embed-list", "embed-single", "embed-dimensions"])
def test_recorded_vectors_are_the_same_in_both_encodings(version: str, name: str) -> None:
    body = load(name, version).body
    native = json.loads(body)["embeddings"]
    inputs = ["x"] * len(native)
    floats = json.loads(embedding_reply(body, planned(input=inputs)))
    packed = json.loads(embedding_reply(body, planned(input=inputs, encoding_format="BASE64")))
    assert [item["embedding"] for item in floats["data"]] == native
    for item, vector in zip(packed["data"], native, strict=True):
        numbers = struct.unpack(f"<{len(vector)}f", base64.b64decode(item["embedding"]))
        assert numbers == pytest.approx(vector)
    assert floats["usage"]["total_tokens"] == json.loads(body)["prompt_eval_count"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"embeddings":[]}', b'{"embeddings":[[1],[2]]}', b'{"embeddings":["x"]}',
     b'{"embeddings":[[null]]}', b'{"embeddings":{}}', b'{"embeddings":[1]}'],
)  # fmt: skip
def test_what_is_no_reply_is_a_bad_gateway(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        embedding_reply(body, planned())


def test_a_number_that_no_float32_holds_is_a_bad_gateway() -> None:
    with pytest.raises(UpstreamBroken):
        embedding_reply(b'{"embeddings":[[1e300]]}', planned(encoding_format="base64"))


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(GatewayError, match="boom"):
        embedding_reply(b'{"error":"boom"}', planned())
