"""Tags of chats: written in a dialog, shown in the list, and what narrows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .ollama import ScriptedOllama
from .steps import exchange
from .test_accessibility import complaints
from .test_library import choose, titles, two_chats


def tag(page: Any, title: str, words: str) -> None:
    choose(page, title, "tags.title")
    page.fill("#ask input", words)
    page.press("#ask input", "Enter")


def test_chats_are_found_by_their_tags(page: Any, ollama: ScriptedOllama) -> None:
    two_chats(page, ollama)
    tag(page, "About otters", "sea, #Animals, sea")
    page.wait_for_selector(".chat-tags:has-text('#sea #Animals')")
    tag(page, "About badgers", "")
    choose(page, "About badgers", "tags.title")
    page.click("#ask .tag-row .quiet:has-text('#Animals')")
    page.click("#ask [data-t='tags.save']")
    page.wait_for_function(
        "() => document.querySelectorAll('.chat-tags:not([hidden])').length === 2"
    )
    page.click("#chats .tag-row .quiet:has-text('#sea')")
    page.wait_for_function("() => document.querySelectorAll('.chat-row').length === 1")
    assert titles(page) == ["About otters"]
    page.fill(".chats-head input", "#anim")
    page.wait_for_function("() => document.querySelectorAll('.chat-row').length === 2")
    exchange(page, ollama, "More.", "More.")
    page.reload()
    page.wait_for_selector("#chats .tag-row .quiet:has-text('#Animals')")
    page.wait_for_function(
        "() => document.querySelectorAll('.chat-tags:not([hidden])').length === 2"
    )


def test_tags_fit_a_phone_and_axe_finds_nothing(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, height=740, locale="zh-CN")
    exchange(page, ollama, "One.", "First.")
    page.click("#side-toggle")
    page.focus(".chat-row .icon-button")
    page.keyboard.press("Enter")
    page.click("#popup-menu .menu-row:has([data-t='tags.title'])")
    page.keyboard.type("一个很长的标签" * 5 + "，工作")
    assert complaints(page) == []
    page.keyboard.press("Enter")
    page.wait_for_selector("#chats .tag-row .quiet:has-text('#工作')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert complaints(page) == []
