"""`wire.surrogates`: half an emoji becomes U+FFFD, and nothing else changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.surrogates import MAX_HALVES, as_utf8, without_halves

PIECES = [r"\ud83d", r"\uDE00", r"\uD83D\ude00", r"\\", r"\n", r"\u00e9", "x", "ud83d"]


@given(st.lists(st.sampled_from(PIECES)))
def test_halves_become_what_python_finds_lone(pieces: list[str]) -> None:
    text = f'"{"".join(pieces)}"'
    lone = json.loads(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert json.loads(without_halves(text.encode())) == lone


@given(st.binary(max_size=50))
def test_what_has_no_half_stays(text: bytes) -> None:
    assert without_halves(text) == text or b"\\u" in text


@given(st.binary(max_size=60), st.integers(0, 4))
def test_what_is_no_utf_8_becomes_what_python_replaces(text: bytes, before: int) -> None:
    text = b"\xe7\x8c\xab" * 1364 + b"x" * before + text  # across the end of a window
    assert as_utf8(text) == text.decode("utf-8", "replace").encode()


def test_bytes_that_are_no_utf_8_are_bounded() -> None:
    assert as_utf8(b"\xff" * MAX_HALVES) == "\ufffd".encode() * MAX_HALVES
    with pytest.raises(BadRequest, match="UTF-8"):
        as_utf8(b"\xff" * (MAX_HALVES + 1))


def test_halves_are_bounded() -> None:
    assert without_halves(rb"\ud83d" * MAX_HALVES) == rb"\ufffd" * MAX_HALVES
    with pytest.raises(BadRequest, match="surrogate"):
        without_halves(rb"\ud83d" * (MAX_HALVES + 1))
