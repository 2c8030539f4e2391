from __future__ import annotations

import pytest

from tornado_ollama.wire.chat.sealed_thoughts import MARK, sealed, unsealed


@pytest.mark.parametrize("thought", ["", "x", "Two and two.", "über 🦉\n", "a" * 100_000])
def test_a_thought_comes_back(thought: str) -> None:
    seal = sealed(thought)
    assert seal.startswith("to1.") and seal.isascii() and "=" not in seal
    assert unsealed(seal) == thought


def test_half_a_character_does_not_stop_a_thought() -> None:
    assert unsealed(sealed("a\ud83d")) == "a?"


@pytest.mark.parametrize(
    "foreign",
    [None, "", MARK, "ErUBCk", "to1.###", "to1.a", "to1.\x00", "to1._w", "to2.eA", 7, "to1.é"],
)
def test_what_others_have_sealed_is_nothing(foreign: object) -> None:
    assert unsealed(foreign) == ""
