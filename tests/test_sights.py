"""`sights`: a table of looks, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tornado_ollama.sights import Sight, Sights, Verdict

LETTERS: dict[str, Sight] = {"a": "answers", "r": "refuses", "u": "unclear"}


def verdicts(looks: str, every_s: float) -> Iterator[tuple[float, Verdict]]:
    """Time and verdict after each look."""
    sights = Sights(answering=6.0, refusing=10.0)
    for number, letter in enumerate(looks):
        now = 1000.0 + number * every_s
        sights.saw(LETTERS[letter], now)
        yield now - 1000.0, sights.verdict(now)


@pytest.mark.parametrize(
    ("looks", "every_s", "last"),
    [
        ("a", 1, "open"),
        ("aaaaaa", 1, "open"),
        ("aaaaaaa", 1, "there"),
        ("raaaaaaa", 1, "there"),
        ("aaaraaaaaa", 1, "open"),
        ("aaauaaaaaa", 1, "open"),
        ("aaa", 60, "open"),
        ("aaaa", 60, "there"),
        ("rrrrr", 2, "open"),
        ("rrrrrr", 2, "gone"),
        ("rr", 7, "open"),
        ("rrr", 7, "gone"),
        ("aaaaaaaaaaaarrrrr", 2, "open"),
        ("aaaaaaaaaaaarrrrrr", 2, "gone"),
        ("aaaaaaaaaarrrraaar", 2, "flapping"),
        ("aaaaaaaaaarraaaaaar", 2, "open"),
        ("aaaaaaaaaarrrraaaa", 2, "there"),
        ("ararararar", 2, "flapping"),
        ("arararar", 2, "flapping"),
        ("arararara", 2, "open"),
        ("arrrr", 2, "open"),
        ("raaraaraaraar", 2, "open"),
        ("rrarrarr", 2, "flapping"),
        ("rrarrara", 2, "open"),
        ("ururururur", 2, "flapping"),
        ("uuuuuuuuuuu", 2, "open"),
        ("rrrrrrrrrru", 2, "open"),
    ],
)
def test_what_follows_from_the_looks(looks: str, every_s: float, last: Verdict) -> None:
    *_, (_, verdict) = verdicts(looks, every_s)
    assert verdict == last


def flapping(period_s: float, up_s: float, every_s: float, phase_s: float) -> str:
    """What two minutes of looks see of an Ollama that is up for `up_s` of each period."""
    times = (phase_s + number * every_s for number in range(int(120 / every_s)))
    return "".join("a" if when % period_s < up_s else "r" for when in times)


PHASES = [number / 10 for number in range(24)]
RHYTHMS = [(2.4, 1.2), (3.0, 1.5), (4.0, 2.0), (5.0, 2.5), (6.0, 3.0), (10.0, 5.0)]


@pytest.mark.parametrize(("period_s", "up_s"), RHYTHMS)
def test_who_comes_and_goes_does_not_take_over(period_s: float, up_s: float) -> None:
    for phase_s in PHASES:
        looks = flapping(period_s, up_s, 1.0, phase_s)
        assert "there" not in {verdict for _, verdict in verdicts(looks, 1.0)}


@pytest.mark.parametrize(("period_s", "up_s"), RHYTHMS)
def test_who_begins_to_come_and_go_is_left_within_half_a_minute(
    period_s: float, up_s: float
) -> None:
    for phase_s in PHASES:
        looks = "a" * 15 + flapping(period_s, up_s, 2.01, phase_s)
        left = [at for at, verdict in verdicts(looks, 2.01) if verdict in ("gone", "flapping")]
        assert left and left[0] - 15 * 2.01 <= 30


def test_what_was_forgotten_counts_no_longer() -> None:
    sights = Sights(answering=6.0, refusing=10.0)
    for now in range(0, 20, 2):
        sights.saw("refuses", now)
    sights.forget()
    sights.saw("refuses", 20)
    assert sights.verdict(20) == "open" and sights.lasts_s(20) == 0
