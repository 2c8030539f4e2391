"""Long conversations: what is in the document, scrolling, and paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .chats import open_chat
from .ollama import ScriptedOllama
from .steps import exchange

WORDS = "The wind turns faster where the air is warm and wet, and slower over the sea. "
COUNT = 300
DRAWN = "document.querySelectorAll('.turn > .body').length"
FIRST_SEEN = """() => {
    const { top } = window.scroller.getBoundingClientRect();
    const turn = [...document.querySelectorAll('.turn')].find(
        (one) => one.getBoundingClientRect().bottom > top + 1);
    return [turn.dataset.id, Math.round(turn.getBoundingClientRect().top - top)];
}"""


def long_chat(count: int = COUNT) -> list[dict[str, Any]]:
    """Messages of different heights."""
    return [
        {"content": f"Message {number}.\n\n" + WORDS * (1 + 7 * number % 23)}
        for number in range(count)
    ]


def test_only_what_is_near_the_reader_is_in_the_document(page: Any, tmp_path: Path) -> None:
    open_chat(page, tmp_path, long_chat())
    assert page.locator(".turn").count() == COUNT
    page.wait_for_selector(f".turn:last-child > .body:has-text('Message {COUNT - 1}.')")
    assert page.evaluate(DRAWN) < 60
    page.evaluate("window.scroller.scrollTop = 0")
    page.wait_for_selector(".turn:first-child > .body:has-text('Message 0.')")
    page.wait_for_function(f"() => {DRAWN} < 60")
    page.click("#jump")
    page.wait_for_selector("#jump", state="hidden")
    assert page.locator(".turn:last-child > .body").is_visible()


def test_what_is_read_stays_in_its_place_while_what_is_above_is_drawn(
    page: Any, tmp_path: Path
) -> None:
    open_chat(page, tmp_path, long_chat())
    page.wait_for_timeout(50)
    page.mouse.move(640, 400)
    for _ in range(12):
        before = page.evaluate(FIRST_SEEN)
        page.mouse.wheel(0, -120)
        changed = f"(before) => JSON.stringify(({FIRST_SEEN})()) !== JSON.stringify(before)"
        page.wait_for_function(changed, arg=before)
        (turn, top), (turn_before, top_before) = page.evaluate(FIRST_SEEN), before
        assert turn != turn_before or 0 < top - top_before <= 121


def test_a_question_in_a_long_chat_is_answered_and_an_early_one_is_rewritten(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    open_chat(page, tmp_path, long_chat())
    talk = exchange(page, ollama, "And now?", "Now **this**.")
    assert len(talk.request["messages"]) == COUNT + 1
    page.wait_for_selector(".turn.assistant:last-child strong")
    page.evaluate("window.scroller.scrollTop = 0")
    early = page.locator(".turn").nth(2)
    early.hover()
    early.locator("[data-t-label='turn.edit']").click()
    early.locator("textarea").fill("Asked otherwise")
    (talk,) = ollama.talk()
    early.locator(".button.main").click()
    assert talk.asked.wait(10)
    talk.say("Answered otherwise")
    talk.end()
    page.wait_for_selector(".turn.assistant:last-child .body:has-text('Answered otherwise')")
    assert page.locator(".turn").count() == 4


def test_all_of_a_chat_is_printed_and_nothing_to_press(page: Any, tmp_path: Path) -> None:
    messages = long_chat(100)
    messages[1]["content"] = "```python\n" + "print('wide ' * 40)  # " + "x" * 300 + "\n```"
    open_chat(page, tmp_path, messages)
    pages = len(re.findall(rb"/Type /Page\b", page.pdf(format="A4")))
    assert pages > 8
    page.emulate_media(media="print")
    assert page.evaluate(DRAWN) == 100
    assert page.evaluate("getComputedStyle(document.body).overflow") == "visible"
    for selector in (".bar", ".dock", ".foot", "#side", ".code button"):
        assert page.locator(selector).first.is_hidden(), selector
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height > 100 * 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        colours = "(({color, backgroundColor}) => [color, backgroundColor])"
        assert page.evaluate(f"{colours}(getComputedStyle(document.body))") == [
            "rgb(0, 0, 0)",
            "rgb(255, 255, 255)",
        ]
