from __future__ import annotations

import pytest

from tornado_ollama.embedded.fields import read_fields
from tornado_ollama.embedded.refusal import Refusal


def refusal(body: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        read_fields(body, "ChatRequest").text("model")
    assert caught.value.status == 400
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "missing request body"),
        (b"  \n", "missing request body"),
        (b'{"model":', "unexpected EOF"),
        (b"[]", "json: cannot unmarshal array into Go value of type api.ChatRequest"),
        (
            b'{"model": 1}',
            "json: cannot unmarshal number into Go struct field ChatRequest.model of type string",
        ),
        (
            b'{"model": true}',
            "json: cannot unmarshal bool into Go struct field ChatRequest.model of type string",
        ),
    ],
)
def test_a_bad_body_is_named_in_gos_words(body: bytes, message: str) -> None:
    assert refusal(body) == message


@pytest.mark.parametrize(
    "body", [b"nonsense", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000, b"\xff"]
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    assert "JSON" in refusal(body) or "EOF" in refusal(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"MODEL": "m"}',
        b'{"model": "m"} trailing',
        b'{"model": null, "Model": "m"}',
        b' {"model":"m"}',
    ],
)
def test_bodies_are_read_as_go_reads_them(body: bytes) -> None:
    assert read_fields(body, "ChatRequest").text("model") == "m"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (rb"half \ud83d emoji", "half \ufffd emoji"),
        (rb"\ude00\ud83d\ude00 \\ud83d", "\ufffd\U0001f600 \\ud83d"),
        (b"raw \xed\xa0\xbd", "raw \ufffd\ufffd\ufffd"),
    ],
)
def test_half_an_emoji_is_replaced(model: bytes, expected: str) -> None:
    assert read_fields(b'{"model": "%b"}' % model, "ChatRequest").text("model") == expected


def test_too_many_halves_are_refused_in_the_servers_form() -> None:
    assert "surrogate" in refusal(rb'{"model": "%b"}' % (rb"\ud83d" * 10_001))


def test_null_is_the_same_as_absent() -> None:
    fields = read_fields(b'{"stream": null, "messages": null}', "ChatRequest")
    assert fields.flag("stream", True) is True
    assert fields.objects("messages", "api.Message") == []


def test_a_fraction_is_not_an_int() -> None:
    with pytest.raises(Refusal, match="number 1.5 .* of type int"):
        read_fields(b'{"top_logprobs": 1.5}', "ChatRequest").integer("top_logprobs")
