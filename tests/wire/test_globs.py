"""`globs`: the same verdicts as a regular expression, without its ways of dividing a text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.wire.globs import PathGlob, fits

from ..deadline import deadline


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_star_is_any_text(pattern: str, text: str) -> None:
    expected = re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None
    assert fits(pattern.split("*"), text) is expected


@pytest.mark.parametrize("stars", [2, 4, 16])
def test_many_stars_do_not_multiply_the_work(stars: int) -> None:
    with deadline():
        assert not fits(("a" + "*a" * stars + "*b").split("*"), "a" * 1_000_000)


@given(st.text("ab/*", max_size=8), st.text("ab/", max_size=12))
def test_two_stars_are_any_text_and_one_is_any_without_a_slash(pattern: str, text: str) -> None:
    kinds = re.sub(r"\*+", lambda stars: ".*" if len(stars[0]) > 1 else "[^/]*", pattern)
    assert PathGlob(pattern).fits(text) is (re.fullmatch(kinds, text) is not None)


@pytest.mark.parametrize("stars", ["*", "**"])
def test_many_stars_in_a_path_do_not_multiply_the_work(stars: str) -> None:
    with deadline():
        assert not PathGlob(f"{stars}a" * 200 + "*b").fits("a" * 10_000)
