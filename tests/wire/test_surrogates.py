"""`wire.surrogates`: half an emoji becomes U+FFFD, and nothing else changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.surrogates import MAX_HALVES, without_halves

PIECES = [r"\ud83d", r"\uDE00", r"\uD83D\ude00", r"\\", r"\n", r"\u00e9", "x", "ud83d"]


@given(st.lists(st.sampled_from(PIECES)))
def test_halves_become_what_python_finds_lone(pieces: list[str]) -> None:
    text = f'"{"".join(pieces)}"'
    lone = json.loads(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert json.loads(without_halves(text.encode())) == lone


@given(st.binary(max_size=50))
def test_what_has_no_half_stays(text: bytes) -> None:
    assert without_halves(text) == text or b"\\u" in text


def test_halves_are_bounded() -> None:
    assert without_halves(rb"\ud83d" * MAX_HALVES) == rb"\ufffd" * MAX_HALVES
    with pytest.raises(BadRequest, match="surrogate"):
        without_halves(rb"\ud83d" * (MAX_HALVES + 1))
