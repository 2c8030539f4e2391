"""Waiting for one's turn: the place in the queue is said, and one can leave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import LAST, answered, ask, texts

STATE = f"{LAST} .state"


def test_the_place_in_the_queue_is_said_until_it_is_ones_turn(
    open_page: Callable[..., Any], narrow_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    first, second, third = (open_page(gateway=narrow_gateway) for _ in range(3))
    talks = ollama.talk(3)
    ask(first, "First.")
    assert talks[0].asked.wait(10)
    ask(second, "Second.")
    second.wait_for_selector(f"{STATE}:has-text('In the queue, place 1')")
    ask(third, "Third.")
    third.wait_for_selector(f"{STATE}:has-text('In the queue, place 2')")
    talks[0].say("One.")
    talks[0].end()
    answered(first)
    second.wait_for_selector(f"{STATE}:has-text('Loading the model')")
    third.wait_for_selector(f"{STATE}:has-text('In the queue, place 1')")
    assert talks[1].asked.wait(10)
    talks[1].say("Two.")
    talks[1].end()
    answered(second)
    assert talks[2].asked.wait(10)
    talks[2].say("Three.")
    talks[2].end()
    answered(third)
    assert [texts(page)[-1] for page in (first, second, third)] == ["One.", "Two.", "Three."]


def test_who_stops_in_the_queue_leaves_it(
    open_page: Callable[..., Any], narrow_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    first, second, third = (open_page(gateway=narrow_gateway) for _ in range(3))
    talks = ollama.talk(2)
    ask(first, "First.")
    assert talks[0].asked.wait(10)
    ask(second, "Second.")
    second.wait_for_selector(f"{STATE}:has-text('place 1')")
    ask(third, "Third.")
    third.wait_for_selector(f"{STATE}:has-text('place 2')")
    second.click("#send")
    second.wait_for_selector(f"{LAST} .mark:has-text('stopped')")
    third.wait_for_selector(f"{STATE}:has-text('place 1')")
    talks[0].end()
    assert talks[1].asked.wait(10)
    assert talks[1].request["messages"][0]["content"] == "Third."
    talks[1].end()


def test_a_place_in_the_queue_outlives_a_reload(
    open_page: Callable[..., Any], narrow_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    first, second = (open_page(gateway=narrow_gateway) for _ in range(2))
    talks = ollama.talk(2)
    ask(first, "First.")
    assert talks[0].asked.wait(10)
    ask(second, "Second.")
    second.wait_for_selector(f"{STATE}:has-text('place 1')")
    second.reload()
    second.wait_for_selector(f"{STATE}:has-text('place 1')")
    talks[0].end()
    assert talks[1].asked.wait(10)
    talks[1].say("Two.")
    talks[1].end()
    answered(second)
    assert texts(second) == ["Second.", "Two."]


def test_a_full_queue_is_said_with_what_to_do(
    open_page: Callable[..., Any], narrow_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    pages = [open_page(gateway=narrow_gateway) for _ in range(5)]
    (talk,) = ollama.talk()
    ask(pages[0], "First.")
    assert talk.asked.wait(10)
    for place, page in enumerate(pages[1:4], 1):
        ask(page, "Next.")
        page.wait_for_selector(f"{STATE}:has-text('place {place}')")
    ask(pages[4], "One too many.")
    pages[4].wait_for_selector(f"{LAST} .failure [data-t='fail.busy.what']")
    for page in pages[1:4]:
        page.click("#send")
    talk.end()
