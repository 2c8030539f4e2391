"""The form of tokens: a prefix, a checksum, and what a typing error makes of them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access.token_text import PATTERN, origin, token_text
from tornado_ollama.wire.target import loggable_path

RANDOM = st.binary(min_size=32, max_size=32)


@given(RANDOM)
def test_a_token_has_the_form_that_scanners_look_for(random: bytes) -> None:
    text = token_text(random)
    assert re.fullmatch(PATTERN, text) and origin(text) == "made here"
    assert loggable_path(f"/{text}/api/tags") == "/***/api/tags"


@given(RANDOM, st.integers(3, 51), st.sampled_from("Aa0-_.!~"), st.booleans())
def test_a_typing_error_is_seen(random: bytes, at: int, other: str, lost: bool) -> None:
    text = token_text(random)
    wrong = text[:at] + ("" if lost else other) + text[at + 1 :]
    assert origin(wrong) == ("made here" if wrong == text else "mistyped")


def test_what_was_not_made_here_is_foreign() -> None:
    old = "to-" + "a" * 43  # without a checksum
    assert {origin(text) for text in ("", "sk-1", "ollama", old, "to-x", "x" * 52)} == {"foreign"}
