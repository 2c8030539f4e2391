"""`dispatch.windows`: which window a model is asked to have, whoever asks, in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_ollama.dispatch.windows import Seen, Windows
from tornado_ollama.upstream.catalogue import Catalogue

HERE = "http://ollama"


class Simulation:
    """An Ollama with one model, and requests that look, wait, are sent and end at any time.

    `/api/ps` is up to four seconds old, as the catalogue's answers are, and does not name the model
    while it loads.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.windows = Windows(Catalogue(), clock=lambda: self.now)
        self.window = 0
        self.reloads: list[int] = []
        self.running: list[int] = []
        self.waiting: list[tuple[int, Seen]] = []
        self._listed = [(0.0, 0)]

    def look(self, tokens: int, age: float) -> None:
        """A request asks what is loaded, and enters the queue."""
        listed = [window for at, window in self._listed if at <= self.now - age]
        self.waiting.append((tokens, Seen(listed[-1] if listed else 0, 131072, self.now)))

    def send(self, at: int) -> None:
        """A request that waits is sent, not necessarily the first."""
        tokens, seen = self.waiting.pop(at % len(self.waiting))
        window = self.windows.take(HERE, "m", tokens, seen, None)
        assert window >= tokens
        self.running.append(window)
        if window != self.window:
            self.window = window
            self.reloads.append(window)

    def end(self, at: int) -> None:
        """Any request ends; the first that does so has loaded the model."""
        self.running.pop(at % len(self.running))
        self.windows.release(HERE, "m")
        self._listed.append((self.now, self.window))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_callers_of_one_model_do_not_reload_it_back_and_forth(data: st.DataObject) -> None:
    simulation = Simulation()
    for _ in range(data.draw(st.integers(1, 60))):
        simulation.now += data.draw(st.sampled_from([0, 0, 0.1, 1, 6, 60]))
        possible = (
            ["look"] + ["send"] * bool(simulation.waiting) + ["end"] * bool(simulation.running)
        )
        match data.draw(st.sampled_from(possible)):
            case "look":
                tokens = data.draw(st.sampled_from([100, 5000, 9000, 17000, 40000, 100_000]))
                simulation.look(tokens, data.draw(st.sampled_from([0, 1, 4])))
            case "send":
                simulation.send(data.draw(st.integers(0, 9)))
            case "end":
                simulation.end(data.draw(st.integers(0, 9)))
    assert simulation.reloads == sorted(set(simulation.reloads)), "a window only grows"
    assert len(simulation.reloads) <= 5


def test_a_model_that_was_unloaded_begins_small_again() -> None:
    simulation = Simulation()
    simulation.look(40000, 0)
    simulation.send(0)
    simulation.end(0)
    simulation.now += 600
    windows = simulation.windows
    assert windows.take(HERE, "m", 100, Seen(0, 131072, simulation.now), None) == 8192


def test_where_ollama_does_not_say_what_is_loaded_the_last_window_counts() -> None:
    simulation = Simulation()
    simulation.look(40000, 0)
    simulation.send(0)
    simulation.end(0)
    simulation.now += 600
    windows = simulation.windows
    assert windows.take(HERE, "m", 100, Seen(None, 131072, simulation.now), None) == 65536
    assert windows.take("http://another", "m", 100, Seen(None, None, 0), None) == 8192


@pytest.mark.parametrize("name", ["M", "m:latest", "library/m"])
def test_a_model_has_one_window_by_whatever_name(name: str) -> None:
    simulation = Simulation()
    simulation.look(40000, 0)
    simulation.send(0)
    taken: Any = simulation.windows.take(HERE, name, 1, Seen(0, None, 0), None)
    assert taken == 65536
    simulation.windows.rate("m").learn(100_000, 20_000)
    assert simulation.windows.rate(name).tokens_per_byte < 0.21


def test_no_number_of_models_fills_the_memory() -> None:
    windows = Windows(Catalogue())
    for number in range(3000):
        windows.take(HERE, f"m{number}", 1, Seen(0, None, 0), None)
        windows.release(HERE, f"m{number}")
        windows.rate(f"m{number}")
    assert len(windows._used) <= 1000 and len(windows._rates) <= 1000
