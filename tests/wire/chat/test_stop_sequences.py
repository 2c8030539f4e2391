"""`wire.chat.stop_sequences`: which stop sequence is found, and what is held back meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.chat.stop_sequences import MAX_CHARACTERS, StopMatcher, StopSequences

TEXTS = st.text("ab\n猫", max_size=30)
SEQUENCES = st.lists(st.text("ab\n猫", min_size=1, max_size=5), min_size=1, max_size=4)


def expected(text: str, sequences: list[str]) -> tuple[str, str | None]:
    """What precedes the sequence that is complete first, and that sequence."""
    for end in range(1, len(text) + 1):
        ending = [sequence for sequence in sequences if text[:end].endswith(sequence)]
        if ending:
            longest = max(ending, key=len)
            return text[: end - len(longest)], longest
    return text, None


def held(text: str, sequences: list[str]) -> str:
    """The longest end of a text that may be the beginning of a sequence."""
    ends = (text[at:] for at in range(len(text)))
    return next((end for end in ends if any(one.startswith(end) for one in sequences)), "")


@given(st.lists(TEXTS, max_size=8), SEQUENCES)
@example(["ab", "ab", "aa"], ["abaa", "ba"])
@example(["aaa", "b"], ["aab", "ab"])
@settings(deadline=None)
def test_any_split_finds_the_same_and_holds_back_no_more_than_it_must(
    pieces: list[str], sequences: list[str]
) -> None:
    matcher = StopMatcher(StopSequences(sequences, "stop_sequences"))
    said = read = ""
    for piece in pieces:
        said += matcher.feed(piece)
        read += piece
        if matcher.found is not None:
            break
        assert said + held(read, sequences) == read
    text, found = expected("".join(pieces), sequences)
    assert matcher.found == found
    assert (said if found is not None else said + matcher.release()) == text


@pytest.mark.parametrize("marks", ["]", "^", "-", "\\", "a-z", "[[", "&&", "\u2028"])
def test_marks_of_patterns_mean_themselves(marks: str) -> None:
    matcher = StopMatcher(StopSequences([marks], "stop_sequences"))
    assert matcher.feed(f"m{marks}n") == "m" and matcher.found == marks


def test_a_text_that_was_released_is_not_gone_on_with() -> None:
    matcher = StopMatcher(StopSequences(["END"], "stop_sequences"))
    assert matcher.feed("the EN") == "the " and matcher.release() == "EN"
    assert matcher.feed("D.") == "D." and matcher.found is None


def test_very_long_ones_are_refused() -> None:
    StopSequences(["x" * MAX_CHARACTERS], "stop_sequences")
    with pytest.raises(BadRequest, match="16384 characters") as refusal:
        StopSequences(["x" * MAX_CHARACTERS, "y"], "stop_sequences")
    assert refusal.value.param == "stop_sequences"
