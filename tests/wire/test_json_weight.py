"""`wire.json_weight`: what would stop the loop is refused before it is parsed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.json_weight import MAX_MARKS
from tornado_ollama.wire.model_names import named_models
from tornado_ollama.wire.openai.checks import read_json

READERS = [named_models, read_json]
Reader = Callable[[bytes], object]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("unit", [b"[]", b"{}", b'{"":0}'], ids=bytes.decode)
def test_a_body_of_nothing_but_values_is_refused(reader: Reader, unit: bytes) -> None:
    body = b'{"model":"m","messages":[' + b",".join([unit] * (MAX_MARKS + 1)) + b"]}"
    with pytest.raises(BadRequest, match="too many values"):
        reader(body)


@pytest.mark.parametrize("reader", READERS)
def test_a_very_long_conversation_passes(reader: Reader) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "Note: it is 12:30."}]}
    body = json.dumps({"model": "m", "messages": [message] * 100_000}).encode()
    assert reader(body)


@pytest.mark.parametrize("reader", READERS)
def test_large_pictures_and_texts_pass(reader: Reader) -> None:
    message = {"role": "user", "content": "Hello, world. " * 500_000, "images": ["A" * 20_000_000]}
    assert reader(json.dumps({"model": "m", "messages": [message]}).encode())
