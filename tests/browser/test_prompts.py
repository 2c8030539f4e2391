"""Prompts by `/`, what an address asks for, temporary chats, and models taken out of memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ..backend import json_reply
from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import BOX, LAST, answered, answering, ask, exchange, texts
from .test_accessibility import complaints
from .test_attachments import attach
from .test_next_messages import tab_to
from .test_turns import choose

OPTION = "#prompts .option"
NOON = datetime(2026, 11, 29, 12, 30)


def write_prompt(page: Any, name: str, text: str) -> None:
    page.click("#menu-button")
    page.click("#menu .menu-row:has([data-t='prompts.title'])")
    page.fill("#ask input", name)
    page.fill("#ask textarea", text)
    page.click("#ask [data-t='prompts.save']")
    page.wait_for_selector(f".prompt-rows li:has-text('{name}')")
    page.keyboard.press("Escape")


def test_a_prompt_is_found_by_its_name_and_its_places_are_filled(
    page: Any, ollama: ScriptedOllama
) -> None:
    page.wait_for_selector(".tries button")
    write_prompt(page, "Explain", "Explain {{what}} to {{whom}}, and {{what}} again.")
    write_prompt(page, "Export", "Give it as a table.")
    page.reload()
    page.wait_for_selector(".tries button")
    page.focus(BOX)
    page.keyboard.type("/exp")
    page.wait_for_selector(OPTION)
    assert page.locator(f"{OPTION} .option-name").all_inner_texts() == ["Explain", "Export"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.input_value(BOX) == "Give it as a table."
    page.fill(BOX, "")
    page.keyboard.type("/expl")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ask[open]")
    page.keyboard.type("tides")
    page.keyboard.press("Tab")
    page.keyboard.type("a child")
    page.keyboard.press("Enter")
    assert page.input_value(BOX) == "Explain tides to a child, and tides again."
    assert page.evaluate("document.activeElement.id") == "message"
    assert texts(page) == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_date_time_and_clipboard_are_filled_in(open_page: Callable[..., Any], locale: str) -> None:
    page = open_page(locale=locale, before=lambda page: page.clock.install(time=NOON))
    page.wait_for_selector(".tries button")
    write_prompt(page, "Note", "{{today}}, {{ time }}: {{clipboard}} ({{mood}}, {{constructor}})")
    page.evaluate("navigator.clipboard.writeText('$& {{today}}')")
    page.fill(BOX, "/Note")
    page.wait_for_selector(OPTION)
    page.press(BOX, "Enter")
    page.wait_for_selector("#ask .place")
    assert page.locator("#ask .place span").all_inner_texts() == ["mood", "constructor"]
    page.keyboard.type("good")
    page.keyboard.press("Enter")
    date = {"en-US": "November 29, 2026, 12:30 PM", "zh-CN": "2026年11月29日, 12:30"}[locale]
    assert page.input_value(BOX).replace("\u202f", " ") == f"{date}: $& {{{{today}}}} (good, )"


@pytest.mark.parametrize("has_any", [True, False])
def test_a_clipboard_that_the_browser_does_not_give_is_asked_for(
    open_page: Callable[..., Any], has_any: bool
) -> None:
    """The reader refuses, or the page is served without TLS."""
    value = "{ readText: () => Promise.reject(new Error('refused')) }" if has_any else "undefined"
    none = f"Object.defineProperty(navigator, 'clipboard', {{ value: {value} }});"
    page = open_page(before=lambda page: page.add_init_script(none))
    page.wait_for_selector(".tries button")
    write_prompt(page, "Sum up", "Sum up: {{clipboard}}")
    page.fill(BOX, "/Sum")
    page.click(OPTION)
    page.wait_for_selector("#ask .place:has-text('clipboard')")
    page.keyboard.type("this")
    page.keyboard.press("Enter")
    assert page.input_value(BOX) == "Sum up: this"


def test_a_path_is_no_prompt(page: Any, ollama: ScriptedOllama) -> None:
    page.wait_for_selector(".tries button")
    page.focus(BOX)
    page.keyboard.type("/")
    page.wait_for_selector(f"{OPTION} [data-t='prompts.none']")
    page.keyboard.type("etc")
    page.wait_for_selector("#prompts", state="hidden")
    (talk,) = ollama.talk()
    page.keyboard.press("Enter")
    assert talk.asked.wait(10)
    assert talk.request["messages"][0]["content"] == "/etc"
    talk.end()
    answered(page)


def test_a_prompt_is_deleted_and_escape_leaves_the_list(page: Any) -> None:
    page.wait_for_selector(".tries button")
    write_prompt(page, "One", "First.")
    page.focus(BOX)
    page.keyboard.type("/o")
    page.wait_for_selector(OPTION)
    page.keyboard.press("Escape")
    page.wait_for_selector("#prompts", state="hidden")
    assert page.input_value(BOX) == "/o"
    page.click("#menu-button")
    page.click("#menu .menu-row:has([data-t='prompts.title'])")
    page.click(".prompt-rows [data-t-label='prompts.remove']")
    page.wait_for_selector(".prompt-rows li", state="detached")


def test_an_address_names_words_and_a_model_and_sends_nothing(
    page: Any, ollama: ScriptedOllama, open_gateway: Gateway
) -> None:
    for mark in "?#":
        page.goto("about:blank")
        page.goto(f"{open_gateway.url}{mark}q=What+is+%3Cb%3E%3F&model=thinker:8b")
        page.wait_for_selector("#model-name:has-text('thinker:8b')")
        assert page.input_value(BOX) == "What is <b>?"
        assert page.url == open_gateway.url
    assert ollama.chats() == []
    page.goto(f"{open_gateway.url}?model=nobody:1b")
    page.wait_for_selector("#toast:has-text('nobody:1b')")


def test_a_temporary_chat_is_kept_nowhere(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Kept.", "Yes.")
    page.click("#menu-button")
    page.click("#menu .menu-row:has([data-t='temporary.menu'])")
    page.wait_for_selector(".temporary:visible")
    assert "kept nowhere" in page.inner_text(".who")
    exchange(page, ollama, "Secret.", "Hidden.")
    exchange(page, ollama, "More.", "Nothing.")
    assert "#chat" not in page.url
    page.click("#side-toggle")
    assert page.locator(".chat-title").all_inner_texts() == ["Kept."]
    page.reload()
    page.wait_for_selector(".tries button")
    assert page.is_hidden(".temporary")


def test_of_what_is_not_sent_in_a_temporary_chat_nothing_is_kept(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("A secret note")
    page.fill(BOX, "Begun before.")
    page.click("#menu-button")
    page.click("#menu .menu-row:has([data-t='temporary.menu'])")
    assert page.input_value(BOX) == "Begun before."
    attach(page, note)
    page.wait_for_selector("#attachments .file")
    page.fill(BOX, "A secret draft")
    stored = "JSON.stringify({ ...sessionStorage })"
    assert "secret" not in page.evaluate(stored) and "Begun" not in page.evaluate(stored)
    page.click("#attachments .icon-button")
    exchange(page, ollama, "Hello.", "Hello.")
    attach(page, note)
    page.wait_for_selector("#attachments .file")
    page.fill(BOX, "A secret draft")
    assert "secret" not in page.evaluate(stored)
    page.click("#new-chat")
    assert page.input_value(BOX) == "" and page.is_hidden("#attachments")
    assert "secret" not in page.evaluate(stored)


def test_what_waits_in_a_temporary_chat_is_kept_nowhere(page: Any, ollama: ScriptedOllama) -> None:
    page.click("#menu-button")
    page.click("#menu .menu-row:has([data-t='temporary.menu'])")
    first = answering(page, ollama, "Hello.", "Hel")
    ask(page, "A secret question")
    page.wait_for_selector("#queued:has-text('A secret question')")
    assert "secret" not in page.evaluate("JSON.stringify({ ...sessionStorage })")
    (second,) = ollama.talk()
    first.end()
    assert second.asked.wait(10)
    assert second.request["messages"][-1]["content"] == "A secret question"
    second.end()
    answered(page)


def test_a_temporary_chat_is_kept_by_going_on_in_a_new_one(
    page: Any, ollama: ScriptedOllama
) -> None:
    page.goto(page.url + "?temporary=1")
    page.wait_for_selector(".temporary:visible")
    exchange(page, ollama, "Secret.", "Hidden.")
    choose(page, "turn.fork")
    page.wait_for_selector(".temporary", state="hidden")
    page.reload()
    page.wait_for_selector(f"{LAST} .body:has-text('Hidden.')")


def test_a_model_is_taken_out_of_memory(page: Any, ollama: ScriptedOllama) -> None:
    row = ".managed li[data-model='talker:3b']"
    ollama.on("/api/ps", json_reply({"models": [{"name": "talker:3b"}]}))
    page.reload()
    page.wait_for_selector(".tries button")
    page.click("#menu-button")
    page.click("#models-entry")
    page.wait_for_selector(f"{row} small:has-text('in memory')")
    assert page.locator("[data-t-label='manage.unload']:visible").count() == 1
    ollama.on("/api/generate", json_reply({"model": "talker:3b", "done": True}))
    page.hover(f"{row} [data-t-label='manage.unload']")  # until the view has come to rest
    ollama.on("/api/ps", json_reply({"models": []}))  # only now: the list may be asked for again
    page.mouse.down()
    page.mouse.up()
    page.wait_for_selector(f"{row} [data-t-label='manage.unload']", state="hidden")
    [asked] = ollama._backend.requests("/api/generate")[-1:]
    assert asked.json() == {"model": "talker:3b", "keep_alive": 0}


def test_a_model_is_taken_out_of_memory_by_keyboard_alone(
    page: Any, ollama: ScriptedOllama
) -> None:
    row = ".managed li[data-model='talker:3b']"
    ollama.on("/api/ps", json_reply({"models": [{"name": "talker:3b"}]}))
    page.reload()
    page.wait_for_selector(".tries button")
    page.focus("#menu-button")
    page.keyboard.press("Enter")
    tab_to(page, "#models-entry", "Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{row} small:has-text('in memory')")
    ollama.on("/api/generate", json_reply({"model": "talker:3b", "done": True}))
    tab_to(page, f"{row} [data-t-label='manage.unload']", "Tab")
    ollama.on("/api/ps", json_reply({"models": []}))  # only now: the list may be asked for again
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{row} [data-t-label='manage.unload']", state="hidden")
    page.wait_for_function("(row) => document.activeElement.closest(row) !== null", arg=row)


def test_prompts_fit_a_phone_and_axe_finds_nothing(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, height=740, locale="zh-CN")
    page.wait_for_selector(".tries button")
    write_prompt(page, "解释", "解释" * 80 + "{{主题}}")
    page.focus(BOX)
    page.keyboard.type("/")
    page.wait_for_selector(OPTION)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert complaints(page) == []
    page.keyboard.press("Enter")
    page.wait_for_selector("#ask[open]")
    assert complaints(page) == []
