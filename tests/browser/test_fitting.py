"""Whether a message and its chat fit the context: an estimate, a warning, and the ways out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..backend import json_reply
from .chats import open_chat
from .ollama import ScriptedOllama
from .steps import BOX, LAST, answered, ask, exchange, texts
from .test_accessibility import complaints

CONTEXT = 1000
WORDS = "word " * 100
"""125 tokens, as they are usually counted."""


def small_window(ollama: ScriptedOllama, largest: int = 8192) -> None:
    loaded = {"name": "talker:3b", "model": "talker:3b", "context_length": CONTEXT}
    ollama.on("/api/ps", json_reply({"models": [loaded]}))
    info = {"general.architecture": "llama", "llama.context_length": largest}
    ollama.on("/api/show", json_reply({"model_info": info, "capabilities": ["completion"]}))


def full_chat(page: Any, directory: Path, exchanges: int = 10) -> None:
    """A chat of more than the context."""
    said = [{"content": f"{number}. {WORDS}"} for number in range(2 * exchanges)]
    open_chat(page, directory, said)


def paste(page: Any, text: str) -> None:
    page.evaluate(
        """([text]) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', text);
            const box = document.getElementById('message');
            const how = { clipboardData, cancelable: true, bubbles: true };
            const event = new ClipboardEvent("paste", how);
            if (box.dispatchEvent(event)) box.setRangeText(text);
        }""",
        [text],
    )


def forgotten(page: Any) -> int:
    return int(page.locator(".turn[data-forgotten]").count())


def test_the_tokens_of_a_long_message_are_told_as_they_were_measured(
    page: Any, ollama: ScriptedOllama
) -> None:
    page.fill(BOX, WORDS)
    page.wait_for_selector("#context:has-text('≈ 131 tokens')")
    page.fill(BOX, "")
    (talk,) = ollama.talk()
    ask(page, "Hello.")
    assert talk.asked.wait(10)
    talk.say(WORDS)
    talk.end(reply=250)  # twice as many as usual
    answered(page)
    page.fill(BOX, WORDS)
    page.wait_for_selector("#context:has-text('≈ 256 tokens')")
    page.click("#new-chat")
    page.fill(BOX, WORDS)
    page.wait_for_selector("#context:has-text('≈ 256 tokens')")


def test_a_message_that_does_not_fit_is_told_and_a_larger_window_helps(
    page: Any, ollama: ScriptedOllama
) -> None:
    small_window(ollama)
    exchange(page, ollama, "Hello.", "Hi.")
    page.fill(BOX, WORDS * 9)
    page.wait_for_selector("#fits:has-text('This message does not fit.')")
    page.click("#fits [data-t='action.window']")
    page.wait_for_selector("#fits", state="hidden")
    page.wait_for_selector("#own-settings:has-text('2048')")
    (talk,) = ollama.talk()
    page.press(BOX, "Enter")
    assert talk.asked.wait(10)
    assert talk.request["options"] == {"num_ctx": 2048}
    talk.end()
    answered(page)


def test_no_larger_window_is_offered_than_the_model_has(page: Any, ollama: ScriptedOllama) -> None:
    small_window(ollama, largest=CONTEXT)
    page.wait_for_selector(".tries button")
    exchange(page, ollama, "Hello.", "Hi.")
    page.fill(BOX, WORDS * 9)
    page.wait_for_selector("#fits [data-t='action.summary']")
    assert page.locator("#fits [data-t='action.window']").count() == 0
    page.fill(BOX, "short")
    page.wait_for_selector("#fits", state="hidden")


def test_what_is_forgotten_is_shown_and_summed_up(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    small_window(ollama)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    full_chat(page, tmp_path)
    page.fill(BOX, "x" * 200)
    page.wait_for_selector("#fits [data-t='action.compact']")
    assert forgotten(page) > 8
    parts = ollama.talk(4)
    page.click("#fits [data-t='action.compact']")
    page.wait_for_selector("#fits:has-text('being summed up')")
    for number, part in enumerate(parts):
        assert part.asked.wait(10)
        [message] = part.request["messages"]
        assert ("was said before" in message["content"]) == (number > 0)
        part.say(f"Summary {number}.")
        part.end()
    page.wait_for_selector(".summed")
    page.wait_for_selector("#fits", state="hidden")
    assert forgotten(page) == 0
    page.fill(BOX, "")
    talk = exchange(page, ollama, "And now?", "Now.")
    system, *said = talk.request["messages"]
    assert "Summary 3." in system["content"]
    assert [one["content"].split(" ")[0] for one in said] == ["16.", "17.", "18.", "19.", "And"]
    page.reload()
    page.click(".summed summary")
    page.click(".summed .button")
    page.wait_for_selector(".summed", state="detached")
    assert len(exchange(page, ollama, "All?", "All.").request["messages"]) == 23


def test_a_new_chat_begins_with_a_summary(page: Any, ollama: ScriptedOllama) -> None:
    small_window(ollama)
    exchange(page, ollama, "Hello.", "Hi.")
    page.fill(BOX, WORDS * 9)
    (talk,) = ollama.talk()
    page.click("#fits [data-t='action.summary']")
    assert talk.asked.wait(10)
    assert "user: Hello." in talk.request["messages"][0]["content"]
    talk.say("They greeted.")
    talk.end()
    page.wait_for_selector("#own-settings:has-text('They greeted.')")
    assert texts(page) == []
    assert page.input_value(BOX) == WORDS * 9
    page.fill(BOX, "")
    talk = exchange(page, ollama, "Go on.", "Going.")
    assert "They greeted." in talk.request["messages"][0]["content"]


def test_a_summary_can_be_stopped(page: Any, ollama: ScriptedOllama) -> None:
    small_window(ollama)
    exchange(page, ollama, "Hello.", "Hi.")
    page.fill(BOX, WORDS * 9)
    (talk,) = ollama.talk()
    page.click("#fits [data-t='action.summary']")
    assert talk.asked.wait(10)
    page.click("#fits [data-t='action.stop']")
    assert talk.left.wait(10)
    page.wait_for_selector("#toast [data-t='summary.failed']")
    assert texts(page) == ["Hello.", "Hi."]
    assert page.input_value(BOX) == WORDS * 9


def test_a_long_paste_becomes_a_file_and_can_stay_text(page: Any, ollama: ScriptedOllama) -> None:
    long = "A line of a log.\n" * 600
    paste(page, "short")
    assert page.input_value(BOX) == "short"
    paste(page, long)
    page.wait_for_selector("#attachments:has-text('pasted-1.txt')")
    assert page.input_value(BOX) == "short"
    paste(page, long + "!")
    page.wait_for_selector("#attachments:has-text('pasted-2.txt')")
    page.click("#toast [data-t='undo']")
    page.wait_for_function("() => !attachments.textContent.includes('pasted-2')")
    assert long + "!" in page.input_value(BOX)
    page.fill(BOX, "Why?")
    (talk,) = ollama.talk()
    page.press(BOX, "Enter")
    assert talk.asked.wait(10)
    assert "A line of a log." in talk.request["messages"][0]["content"]
    talk.end()
    answered(page)


def test_a_summary_goes_with_an_export(page: Any, tmp_path: Path) -> None:
    open_chat(page, tmp_path, [{"content": "One."}, {"content": "Two.", "summary": "In short."}])
    page.wait_for_selector(f"{LAST} .summed")
    page.click("#menu-button")
    with page.expect_download() as download:
        page.click("#menu .menu-row:has([data-t='export.all'])")
    kept = json.loads(Path(download.value.path()).read_text())
    summaries = [message.get("summary") for message in kept["chats"][0]["messages"]]
    assert sorted(filter(None, summaries)) == ["In short."]


def test_the_warning_fits_a_phone_and_axe_finds_nothing(
    open_page: Callable[..., Any], ollama: ScriptedOllama, tmp_path: Path
) -> None:
    small_window(ollama)
    page = open_page(width=360, height=740, locale="zh-CN")
    page.wait_for_selector(".tries button")
    exchange(page, ollama, "Hello.", "Hi.")
    page.fill(BOX, WORDS * 9)
    page.wait_for_selector("#fits:has-text('此消息放不下')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert complaints(page) == []
    page.focus("#fits button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fits", state="hidden")
