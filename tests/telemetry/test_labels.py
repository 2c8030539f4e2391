"""`telemetry.labels`: no client can add any number of series."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.telemetry import labels
from tornado_ollama.telemetry.labels import OTHER, Bounded, Labels


@given(st.lists(st.text(max_size=3)), st.integers(0, 5))
def test_names_beyond_the_limit_are_other(names: list[str], limit: int) -> None:
    bounded = Bounded(limit)
    told = [bounded.label(name) for name in names]
    assert len(set(told) - {OTHER}) <= limit
    assert [bounded.label(name) for name in names] == told
    assert all(label in (name, OTHER) for name, label in zip(names, told, strict=True))


def test_spellings_of_a_model_are_one_label() -> None:
    made = Labels()
    spellings = ("llama3", "LLAMA3", "llama3:latest", "library/llama3", " llama3 ")
    assert {made.pair("a", name) for name in spellings} == {("a", "llama3:latest")}


def test_a_model_that_never_answered_is_other() -> None:
    assert Labels().pair("a", None) == ("a", OTHER)


def test_pairs_are_bounded_too() -> None:
    made = Labels()
    pairs = {
        made.pair(f"c{credential}", f"m{model}") for credential in range(60) for model in range(60)
    }
    assert len(pairs) <= labels.MAX_PAIRS + 1
    assert made.pair("new", "m0") == (OTHER, OTHER)
    assert made.pair("c0", "m0") == ("c0", "m0:latest")
