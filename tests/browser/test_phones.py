"""Fingers, small screens, and keyboards that cover half of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import ask

Phone = Callable[[int, int], Any]
RAISES_KEYBOARD = "document.activeElement.matches('input, textarea')"
SMALL_FIELDS = """() => [...document.querySelectorAll('input, textarea, select')]
    .filter((field) => !['checkbox', 'radio', 'file'].includes(field.type))
    .filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16)
    .map((field) => field.outerHTML)"""


@pytest.fixture
def phone(chromium: Any, open_gateway: Gateway, ollama: ScriptedOllama) -> Iterator[Phone]:
    """phone(width, height): the page, touched by a finger."""
    contexts = []

    def phone(width: int, height: int) -> Any:
        size = {"width": width, "height": height}
        context = chromium.new_context(viewport=size, has_touch=True, is_mobile=True)
        contexts.append(context)
        page = context.new_page()
        page.goto(open_gateway.url)
        page.wait_for_selector(".tries button", state="attached")
        return page

    yield phone
    for context in contexts:
        context.close()


def answered_once(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Hello.")
    assert talk.asked.wait(10)
    talk.say("One line.\n\n" * 20 + "The last line.")
    talk.end()
    page.wait_for_selector("#send[data-t-label='composer.send']")


def test_opening_the_chats_or_the_models_raises_no_keyboard(phone: Phone) -> None:
    page = phone(390, 800)
    page.tap("#side-toggle")
    page.wait_for_selector("body[data-side]")
    assert not page.evaluate(RAISES_KEYBOARD)
    page.touchscreen.tap(380, 700)
    page.wait_for_selector("body:not([data-side])")
    page.tap("#model-button")
    page.wait_for_selector("#model-options .option")
    assert not page.evaluate(RAISES_KEYBOARD)
    page.tap("#model-options .option:nth-child(2)")
    page.wait_for_selector("#model-name:has-text('thinker:8b')")
    assert not page.evaluate(RAISES_KEYBOARD)


def test_no_field_is_so_small_that_the_page_is_enlarged_for_it(
    phone: Phone, ollama: ScriptedOllama
) -> None:
    page = phone(390, 800)
    answered_once(page, ollama)
    page.tap("#settings-button")
    page.wait_for_selector("#settings[open] textarea")
    page.keyboard.press("Escape")
    page.tap(".turn.user [data-t-label='turn.edit']")
    page.wait_for_selector(".edit textarea")
    assert page.locator("input, textarea, select").count() > 15
    assert page.evaluate(SMALL_FIELDS) == []


@pytest.mark.parametrize(("width", "height", "least"), [(740, 170, 70), (360, 360, 180)])
def test_the_last_words_stay_in_sight_above_the_keyboard(
    phone: Phone, ollama: ScriptedOllama, width: int, height: int, least: int
) -> None:
    page = phone(width, 740)
    answered_once(page, ollama)
    page.set_viewport_size({"width": width, "height": height})
    page.tap("#message")
    page.fill("#message", "A long draft, a line at a time.\n" * 20)
    scroller = page.locator("#scroller").bounding_box()
    assert scroller["height"] >= least
    last = page.locator(".turn.assistant .body p").last.bounding_box()
    assert scroller["y"] <= last["y"] < scroller["y"] + scroller["height"]
    send = page.locator("#send").bounding_box()
    assert send["y"] + send["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_keyboard_that_only_covers_the_page_makes_it_lower(phone: Phone) -> None:
    """As Safari's does: the visual viewport shrinks, the page does not."""
    page = phone(390, 800)
    covered = """(height) => {
        Object.defineProperty(visualViewport, 'height', { value: height, configurable: true });
        visualViewport.dispatchEvent(new Event('resize'));
        return document.body.getBoundingClientRect().height;
    }"""
    assert page.evaluate(covered, 460) == 460
    assert page.evaluate(covered, 800) == 800
