"""Themes, narrow screens, and the controls that hands and screen readers need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .ollama import ScriptedOllama
from .steps import exchange

LONG = "An unbreakable " + "word" * 60 + " and then more of the same, in a sentence that wraps."


@pytest.mark.parametrize("width", [320, 360, 1280, 2200])
def test_nothing_sticks_out_at_any_width(
    open_page: Callable[..., Any], ollama: ScriptedOllama, width: int
) -> None:
    page = open_page(width=width)
    exchange(page, ollama, LONG, LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    room, used = page.evaluate(
        "(({clientWidth, scrollWidth}) => [clientWidth, scrollWidth])(window.scroller)"
    )
    assert used <= room
    for selector in ("#model-button", "#new-chat", "#menu-button", "#send"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_the_column_is_no_wider_than_it_reads_well(open_page: Callable[..., Any]) -> None:
    page = open_page(width=2200)
    assert page.locator("#composer").bounding_box()["width"] <= 44 * 16


def test_the_theme_follows_the_system_until_one_is_chosen(open_page: Callable[..., Any]) -> None:
    page = open_page(scheme="dark")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.emulate_media(color_scheme="light")
    page.wait_for_selector("html[data-theme='light']")
    page.click("#menu-button")
    page.click("#menu label:has-text('Dark')")
    page.wait_for_selector("html[data-theme='dark']")
    page.reload()
    page.wait_for_selector("html[data-theme='dark'][data-ready]")


def test_every_control_has_a_name(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    page.click("#menu-button")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, [role=listbox]')]
        .filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim()
            || node.labels?.length)).map((node) => node.outerHTML)"""
    )
    assert nameless == []


def test_the_conversation_can_be_led_by_keyboard(page: Any, ollama: ScriptedOllama) -> None:
    page.wait_for_selector(".tries button")
    (talk,) = ollama.talk()
    page.focus("#message")
    page.keyboard.type("Hello.")
    reached = []
    while "send" not in reached:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached == ["attach", "settings-button", "send"]
    page.keyboard.press("Enter")
    assert talk.asked.wait(10)
    talk.say("Hello.")
    talk.end()
    page.wait_for_selector("#send[data-t-label='composer.send']")
    page.focus("#model-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#model-panel:popover-open")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#model-name:has-text('thinker:8b')")
    assert page.evaluate("document.activeElement.id") == "message"


def test_the_keys_are_told_and_work(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    assert "Stop the answer" in page.inner_text("#help")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "message"
    page.keyboard.type("a/b?")
    assert page.input_value("#message") == "a/b?"
    page.keyboard.press("Control+k")
    page.wait_for_selector("#model-panel:popover-open")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+c")
    page.wait_for_selector("#side:visible")
    page.keyboard.press("Alt+n")
    page.wait_for_selector(".tries button")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_from_right_to_left(
    open_page: Callable[..., Any], ollama: ScriptedOllama, width: int
) -> None:
    page = open_page(width=width)
    page.evaluate("document.documentElement.dir = 'rtl'")
    exchange(page, ollama, LONG, f"- {LONG}\n\n> {LONG}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    question = page.locator(".turn.user > .body").bounding_box()
    assert question["x"] <= width / 2
    for selector in ("#side-toggle", "#new-chat", "#menu-button", "#send"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_fingers_get_targets_of_44_pixels(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, touch=True)
    for selector in ("#model-button", "#new-chat", "#menu-button", "#send"):
        assert page.locator(selector).bounding_box()["height"] >= 44
