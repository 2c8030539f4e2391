"""Messages in other words without asking again, their time of day, hits of a search, titles."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .chats import open_chat
from .ollama import ScriptedOllama
from .steps import LAST, answered, ask, exchange, texts
from .test_accessibility import complaints
from .test_settings import opened
from .test_turns import choose, press


def search(page: Any, words: str) -> None:
    if not page.is_visible("#side"):
        page.click("#side-toggle")
    page.fill(".chats-head input", words)


def test_an_answer_is_edited_and_the_model_gets_it_so(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "What is 1+1?", "Three.")
    choose(page, "turn.editAnswer")
    assert page.locator(".edit [data-t='turn.edit.send']").count() == 0
    page.fill(".edit-box", "Two")
    page.press(".edit-box", "Enter")
    page.keyboard.type("really.")
    page.press(".edit-box", "Control+Enter")
    assert texts(page) == ["What is 1+1?", "Two\nreally."]
    page.wait_for_selector(f"{LAST} .mark[data-t='turn.edited']")
    page.reload()
    page.wait_for_selector(f"{LAST} .mark[data-t='turn.edited']")
    talk = exchange(page, ollama, "Sure?", "Yes.")
    assert talk.request["messages"][1] == {"role": "assistant", "content": "Two\nreally."}


def test_an_edit_can_be_undone(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "What is 1+1?", "Two.")
    choose(page, "turn.editAnswer")
    page.fill(".edit-box", "Three.")
    page.click(".edit [data-t='turn.edit.save']")
    assert texts(page)[-1] == "Three."
    page.click("#toast [data-t='undo']")
    assert texts(page)[-1] == "Two."
    assert page.locator(f"{LAST} .mark[data-t='turn.edited']").count() == 0


def test_an_edit_cannot_be_undone_in_another_chat(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "What is 1+1?", "Three.")
    choose(page, "turn.editAnswer")
    page.fill(".edit-box", "Two.")
    page.press(".edit-box", "Control+Enter")
    page.wait_for_selector("#toast [data-t='undo']")
    page.click("#new-chat")
    assert page.is_hidden("#toast")


def test_a_question_is_saved_without_asking_again(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "What is 1+2?", "Two.")
    press(page, "turn.edit", ".turn.user")
    page.fill(".edit-box", "What is 1+1?")
    page.click(".edit [data-t='turn.edit.save']")
    assert texts(page) == ["What is 1+1?", "Two."]
    assert page.locator(".branch").count() == 0
    assert len(ollama.chats()) == 1


def test_messages_tell_their_time_of_day(page: Any, ollama: ScriptedOllama, tmp_path: Path) -> None:
    exchange(page, ollama, "Now?", "Now.")
    page.hover(LAST)
    assert re.fullmatch(r"\d{1,2}:\d\d\s[AP]M", page.inner_text(f"{LAST} time"))
    page.click("#menu-button")
    page.click("#menu label:has-text('简体中文')")
    day = f"/^\\d\\d:\\d\\d$/.test(document.querySelector('{LAST} time').textContent)"
    page.wait_for_function(f"() => {day}")
    page.keyboard.press("Escape")
    open_chat_of_old(page, tmp_path)
    assert "2001" in page.get_attribute(f"{LAST} time", "title")


def open_chat_of_old(page: Any, directory: Path) -> None:
    page.click("#menu-button")
    page.click("#menu label:has-text('English')")
    page.keyboard.press("Escape")
    at = 1_000_000_000_000  # in September 2001
    open_chat(page, directory, [{"content": "Old.", "at": at}, {"content": "Older.", "at": at + 1}])


def test_a_search_shows_the_hit_and_jumps_to_it(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    said = [{"content": f"{number}. Nothing here. " * 9} for number in range(90)]
    said[11]["content"] = "A long way before it. The otter <b>sleeps</b>. A long way after. " * 3
    open_chat(page, tmp_path, said)
    page.click("#new-chat")
    search(page, "OTTER <b>")
    page.wait_for_selector(".chat-hit mark:has-text('otter <b>')")
    page.click(".chat-open")
    page.wait_for_selector(".turn:focus:has-text('otter')")
    page.wait_for_function(
        """() => { const { top } = document.querySelector('.turn:focus').getBoundingClientRect();
            return top > 0 && top < innerHeight; }"""
    )
    assert page.evaluate("CSS.highlights.get('hit').size") >= 0
    page.fill(".chats-head input", "")
    page.wait_for_selector(".chat-hit", state="hidden")


def test_a_hit_on_another_branch_is_shown(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "An animal?", "The otter.")
    (talk,) = ollama.talk()
    press(page, "turn.again")
    assert talk.asked.wait(10)
    talk.say("The badger.")
    talk.end()
    answered(page)
    search(page, "otter")
    page.wait_for_selector(".chat-hit mark")
    page.click(".chat-open")
    page.wait_for_selector(f"{LAST} .body:has-text('The otter.')")
    assert page.inner_text(f"{LAST} .branch .mark") == "1/2"


def test_a_model_names_chats_where_that_is_wanted(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Why do otters hold hands?", "So as not to drift apart.")
    assert len(ollama.chats()) == 1
    page.click("#new-chat")
    opened(page)
    page.select_option("#setting-titles", "true")
    page.keyboard.press("Escape")
    answer, title = ollama.talk(2)
    ask(page, "Why do otters hold hands?")
    assert answer.asked.wait(10)
    answer.say("So as not to drift apart.")
    answer.end()
    assert title.asked.wait(10)
    assert "drift apart" in title.request["messages"][0]["content"]
    title.say('**"Otters holding hands."**\nMore.')
    title.end()
    page.wait_for_function("() => document.title.startsWith('Otters holding hands ·')")
    exchange(page, ollama, "More?", "No.")
    assert len(ollama.chats()) == 4
    page.reload()
    page.wait_for_function("() => document.title.startsWith('Otters holding hands ·')")


def test_an_edited_answer_is_imported_as_one(page: Any, tmp_path: Path) -> None:
    open_chat(page, tmp_path, [{"content": "One."}, {"content": "Two.", "edited": True}])
    page.wait_for_selector(f"{LAST} .mark[data-t='turn.edited']")


def test_the_form_fits_a_phone_and_axe_finds_nothing(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, height=740, locale="zh-CN")
    exchange(page, ollama, "One.", "First.")
    press(page, "turn.edit", ".turn.user")
    for key in ("turn.edit.send", "turn.edit.save", "cancel"):
        box = page.locator(f".edit [data-t='{key}']").bounding_box()
        assert box["x"] + box["width"] <= 360
    assert complaints(page) == []
    page.keyboard.press("Escape")
    search(page, "first")
    page.wait_for_selector(".chat-hit mark")
    assert complaints(page) == []
