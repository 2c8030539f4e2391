"""The message box: keys, input methods, the draft."""

from __future__ import annotations

from typing import Any

from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import BOX, ask, exchange, texts


def test_shift_enter_makes_a_line_and_enter_sends(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    page.type(BOX, "one")
    before = page.locator(BOX).bounding_box()["height"]
    page.press(BOX, "Shift+Enter")
    page.type(BOX, "two")
    assert page.locator(BOX).bounding_box()["height"] > before
    page.press(BOX, "Enter")
    assert talk.asked.wait(10)
    assert talk.request["messages"][0]["content"] == "one\ntwo"
    assert page.input_value(BOX) == ""


def test_on_a_touch_screen_enter_makes_a_line_and_the_button_sends(
    chromium: Any, open_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    context = chromium.new_context(
        viewport={"width": 820, "height": 1180}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(open_gateway.url)
    page.wait_for_selector(".tries button")
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    assert page.get_attribute(BOX, "enterkeyhint") == "enter"
    assert page.inner_text(".hint").startswith("The arrow sends.")
    (talk,) = ollama.talk()
    page.type(BOX, "one")
    page.press(BOX, "Enter")
    page.type(BOX, "two")
    assert page.input_value(BOX) == "one\ntwo"
    page.tap("#send")
    assert talk.asked.wait(10)
    assert talk.request["messages"][0]["content"] == "one\ntwo"
    talk.end()
    context.close()


def test_enter_that_ends_a_composition_does_not_send(page: Any, ollama: ScriptedOllama) -> None:
    ollama.talk()
    page.wait_for_selector(".tries button")
    page.focus(BOX)
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    fire = """(init) => document.getElementById('message').dispatchEvent(
        new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, ...init}))"""
    assert page.evaluate(fire, {"isComposing": True})
    assert page.evaluate(fire, {"keyCode": 229})
    keyboard.send("Input.insertText", {"text": "你"})
    assert page.input_value(BOX) == "你"
    assert texts(page) == []
    page.press(BOX, "Enter")
    page.wait_for_selector(".turn.user")
    assert texts(page) == ["你"]


def test_a_draft_outlives_a_reload_and_ends_with_sending(page: Any, ollama: ScriptedOllama) -> None:
    page.fill(BOX, "half a thought")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.wait_for_selector(".tries button")
    assert page.input_value(BOX) == "half a thought"
    exchange(page, ollama, "half a thought, completed", "Good.")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.input_value(BOX) == ""


def test_nothing_is_sent_while_there_is_nothing_to_send(page: Any) -> None:
    page.wait_for_selector(".tries button")
    assert page.get_attribute("#send", "aria-disabled") == "true"
    ask(page, "   \n ")
    page.click("#send", force=True)
    assert texts(page) == []


def test_every_chat_has_its_draft(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "About otters", "They hold hands.")
    page.fill(BOX, "A draft for the otters")
    page.click("#new-chat")
    assert page.input_value(BOX) == ""
    page.fill(BOX, "A draft for a new chat")
    page.go_back()
    page.wait_for_selector(".turn:has-text('They hold hands.')")
    assert page.input_value(BOX) == "A draft for the otters"
    page.reload()
    page.wait_for_selector(".turn:has-text('They hold hands.')")
    assert page.input_value(BOX) == "A draft for the otters"
    page.click("#new-chat")
    assert page.input_value(BOX) == "A draft for a new chat"
