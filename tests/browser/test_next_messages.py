"""Messages that are sent while an answer is written: they go when it is complete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .ollama import ScriptedOllama, Talk
from .steps import BOX, LAST, answered, answering, ask, exchange, texts
from .test_accessibility import complaints

NEXT = "#queued li"


def waiting(page: Any) -> list[str]:
    return [text.strip() for text in page.locator(f"{NEXT} .words").all_inner_texts()]


def end(talk: Talk, words: str = " The end.") -> None:
    talk.say(words)
    talk.end()


def test_messages_go_one_after_the_other(page: Any, ollama: ScriptedOllama) -> None:
    first = answering(page, ollama, "One.", "First")
    second, third = ollama.talk(2)
    ask(page, "Two.")
    ask(page, "Three.")
    assert page.input_value(BOX) == ""
    assert waiting(page) == ["Two.", "Three."]
    end(first)
    assert second.asked.wait(10)
    assert second.request["messages"][-1]["content"] == "Two."
    assert waiting(page) == ["Three."]
    end(second, "Second.")
    assert third.asked.wait(10)
    end(third, "Third.")
    answered(page)
    assert page.is_hidden("#queued")
    assert texts(page) == ["One.", "First The end.", "Two.", "Second.", "Three.", "Third."]


def test_a_message_is_edited_or_dropped_before_it_goes(page: Any, ollama: ScriptedOllama) -> None:
    first = answering(page, ollama, "One.", "First")
    ask(page, "Two, with a mistkae.")
    ask(page, "Drop me.")
    page.click(f"{NEXT} >> nth=1 >> [data-t-label='queue.drop']")
    page.fill(BOX, "and more")
    page.click(f"{NEXT} >> [data-t-label='queue.edit']")
    assert page.input_value(BOX) == "Two, with a mistkae.\nand more"
    assert page.evaluate("document.activeElement.id") == "message"
    assert page.is_hidden("#queued")
    (second,) = ollama.talk()
    ask(page, "Two.")
    end(first)
    assert second.asked.wait(10)
    assert second.request["messages"][-1]["content"] == "Two."
    end(second)
    answered(page)


def tab_to(page: Any, selector: str, key: str = "Shift+Tab") -> None:
    """Moves the focus to it, a press at a time."""
    for _ in range(30):
        page.keyboard.press(key)
        if page.evaluate("(one) => document.activeElement.matches(one)", selector):
            return
    raise AssertionError(f"no key leads to {selector}")


def test_what_is_written_while_one_is_taken_stays_in_the_box(
    page: Any, ollama: ScriptedOllama
) -> None:
    held: list[Any] = []
    page.route("**/queue-*.js", lambda route: held.append(route))
    first = answering(page, ollama, "One.", "First")
    page.keyboard.type("Two.")
    page.keyboard.press("Enter")
    page.keyboard.type("Three.")
    page.keyboard.press("Enter")
    while not held:
        page.wait_for_timeout(20)
    held.pop().continue_()
    page.wait_for_selector(NEXT)
    assert waiting(page) == ["Two."]
    assert page.input_value(BOX) == "Three."
    first.end()


def test_they_are_edited_and_dropped_by_keyboard_alone(page: Any, ollama: ScriptedOllama) -> None:
    first = answering(page, ollama, "One.", "First")
    for number, text in enumerate(("Two.", "Three.", "Four.")):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"{NEXT} >> nth={number}")
    assert waiting(page) == ["Two.", "Three.", "Four."]
    tab_to(page, f"{NEXT}:nth-child(3) [data-t-label='queue.drop']")
    page.keyboard.press("Enter")
    assert waiting(page) == ["Two.", "Three."]
    # The focus stays among them, and goes to the box with the last.
    assert page.evaluate("document.activeElement.closest('#queued') !== null")
    tab_to(page, f"{NEXT}:nth-child(2) [data-t-label='queue.edit']", "Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "message"
    page.keyboard.type(" Again.")
    (second,) = ollama.talk()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{NEXT} >> nth=1")
    assert waiting(page) == ["Two.", "Three. Again."]
    tab_to(page, f"{NEXT}:nth-child(1) [data-t-label='queue.drop']")
    page.keyboard.press("Enter")
    end(first)
    assert second.asked.wait(10)
    assert second.request["messages"][-1]["content"] == "Three. Again."
    end(second)
    answered(page)
    assert page.evaluate("document.activeElement.id") == "message"


def test_what_is_attached_goes_along(page: Any, ollama: ScriptedOllama) -> None:
    first = answering(page, ollama, "One.", "First")
    with page.expect_file_chooser() as chooser:
        page.click("#attach")
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"inside"}
    chooser.value.set_files(note)
    page.wait_for_selector("#attachments li")
    page.click("#next")
    page.wait_for_selector(NEXT)
    assert waiting(page) == ["note.txt"]
    assert page.is_hidden("#attachments")
    page.click(f"{NEXT} >> [data-t-label='queue.edit']")
    page.wait_for_selector("#attachments:has-text('note.txt')")
    ask(page, "Read it.")
    page.wait_for_selector(NEXT)
    (second,) = ollama.talk()
    end(first)
    assert second.asked.wait(10)
    assert "inside" in second.request["messages"][-1]["content"]
    end(second)
    answered(page)


def test_a_stopped_answer_holds_back_what_would_come_next(
    page: Any, ollama: ScriptedOllama
) -> None:
    first = answering(page, ollama, "One.", "First")
    ask(page, "Two.")
    page.wait_for_selector(NEXT)
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{NEXT}:has-text('Not sent')")
    assert first.left.wait(10)
    (second,) = ollama.talk()
    page.click(f"{NEXT} [data-t='queue.send']")
    assert second.asked.wait(10)
    end(second, "Second.")
    answered(page)
    assert texts(page) == ["One.", "First", "Two.", "Second."]


def test_it_outlives_a_reload_and_goes_when_the_answer_ends(
    page: Any, ollama: ScriptedOllama
) -> None:
    first = answering(page, ollama, "One.", "First")
    ask(page, "Two.")
    page.wait_for_selector(NEXT)
    page.reload()
    page.wait_for_selector(f"{NEXT}:has-text('Next')")
    (second,) = ollama.talk()
    end(first)
    assert second.asked.wait(10)
    end(second, "Second.")
    answered(page)
    assert texts(page) == ["One.", "First The end.", "Two.", "Second."]
    page.reload()
    page.wait_for_selector(f"{LAST} .body:has-text('Second.')")
    assert page.locator("#queued").count() == 0


def test_it_goes_in_a_chat_behind_too_with_that_chats_model_and_settings(
    page: Any, ollama: ScriptedOllama
) -> None:
    first = answering(page, ollama, "One.", "First")
    ask(page, "Two.")
    page.wait_for_selector(NEXT)
    page.click("#new-chat")
    page.wait_for_selector(".tries button")
    assert page.is_hidden("#queued")
    page.click("#model-button")
    page.wait_for_selector("#model-options .option")
    page.keyboard.type("thinker")
    page.keyboard.press("Enter")
    page.fill(BOX, "A draft")
    (second,) = ollama.talk()
    end(first)
    assert second.asked.wait(10)
    assert second.request["model"] == "talker:3b"
    assert [one["content"] for one in second.request["messages"]] == [
        "One.",
        "First The end.",
        "Two.",
    ]
    end(second, "Second.")
    assert page.input_value(BOX) == "A draft"
    page.go_back()
    page.wait_for_selector(f"{LAST} .body:has-text('Second.')")


def test_who_reads_above_is_not_taken_to_the_end(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "At length.", "A line.\n\n" * 60)
    first = answering(page, ollama, "One.", "First")
    ask(page, "Two.")
    page.wait_for_selector(NEXT)
    page.hover("#transcript")
    page.mouse.wheel(0, -1500)
    page.wait_for_function("() => !document.getElementById('jump').hidden")
    place = page.evaluate("window.scroller.scrollTop")
    (second,) = ollama.talk()
    end(first)
    assert second.asked.wait(10)
    second.say("Second.")
    page.wait_for_selector(f"{LAST} .body:has-text('Second.')")
    assert abs(page.evaluate("window.scroller.scrollTop") - place) < 2
    second.end()
    answered(page)


def test_it_fits_a_phone_and_axe_finds_nothing(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, height=740, locale="zh-CN")
    first = answering(page, ollama, "One.", "First")
    ask(page, "很长的一句话" * 20)
    page.wait_for_selector(f"{NEXT}:has-text('下一条')")
    page.fill(BOX, "x")
    assert page.is_visible("#next")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator(f"{NEXT} [data-t-label='queue.drop']").bounding_box()
    assert box["x"] + box["width"] <= 360
    assert complaints(page) == []
    page.click(f"{NEXT} [data-t-label='queue.drop']")
    end(first)
    answered(page)
