"""Asking, streaming, stopping, several turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..backend import json_reply
from .ollama import ScriptedOllama
from .steps import BOX, LAST, answered, answering, ask, exchange, texts

TOP = "document.getElementById('scroller').scrollTop"
AT_END = """() => {
    const { scrollHeight, scrollTop, clientHeight } = document.getElementById('scroller');
    return scrollHeight - scrollTop - clientHeight < 4;
}"""


def test_the_empty_page_says_who_answers_and_offers_three_things(page: Any) -> None:
    page.wait_for_selector(".tries button")
    assert "talker:3b" in page.inner_text(".who")
    assert "Ollama" in page.inner_text(".who")
    assert page.locator(".tries button").count() == 3


def test_a_suggestion_is_asked_at_once(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    words = page.inner_text(".tries li:first-child")
    page.click(".tries li:first-child button")
    assert talk.asked.wait(10)
    assert talk.request["messages"] == [{"role": "user", "content": words.strip()}]


def test_the_answer_appears_while_it_is_written(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Tell me.")
    page.wait_for_selector(f"{LAST} .state")
    assert talk.asked.wait(10)
    talk.say("The first half")
    page.wait_for_selector(f"{LAST} .body:has-text('The first half')")
    assert page.inner_text(f"{LAST} .state").startswith("Writing")
    talk.say(" and the second.")
    talk.end()
    answered(page)
    assert texts(page) == ["Tell me.", "The first half and the second."]
    assert page.locator(".state").count() == 0


def test_the_state_is_said_in_words_until_the_first_token(
    page: Any, ollama: ScriptedOllama
) -> None:
    (talk,) = ollama.talk()
    ask(page, "Hello?")
    page.wait_for_selector(f"{LAST} .state:has-text('Loading the model')")
    loaded = {"models": [{"name": "talker:3b", "context_length": 4096}]}
    ollama.on("/api/ps", json_reply(loaded))
    page.wait_for_selector(f"{LAST} .state:has-text('Reading the prompt')")
    talk.say("", thinking="Hm.")
    page.wait_for_selector(f"{LAST} .thinking summary:has-text('Thinking')")
    talk.say("Hello.")
    talk.end()
    answered(page)


def test_stop_keeps_what_came_and_frees_the_backend(page: Any, ollama: ScriptedOllama) -> None:
    talk = answering(page, ollama, "Count to a million.", "One, two")
    page.click("#send")
    assert talk.left.wait(10)
    page.wait_for_selector(f"{LAST} .mark:has-text('stopped')")
    assert texts(page)[-1] == "One, two"
    exchange(page, ollama, "Go on.", "three")
    assert texts(page)[-1] == "three"


def test_escape_stops_before_the_first_token(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Anything.")
    assert talk.asked.wait(10)
    page.press(BOX, "Escape")
    assert talk.left.wait(10)
    page.wait_for_selector(f"{LAST} .mark:has-text('stopped')")


def test_every_turn_sends_what_was_said_before(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "My name is Ada.", "Hello Ada.")
    talk = exchange(page, ollama, "What is my name?", "Ada.")
    assert talk.request["messages"] == [
        {"role": "user", "content": "My name is Ada."},
        {"role": "assistant", "content": "Hello Ada."},
        {"role": "user", "content": "What is my name?"},
    ]
    assert set(talk.request) == {"model", "messages", "stream"}


def test_a_new_chat_begins_empty(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "First.", "Yes.")
    page.click("#new-chat")
    page.wait_for_selector(".tries button")
    assert texts(page) == []
    talk = exchange(page, ollama, "Second.", "Yes.")
    assert [said["content"] for said in talk.request["messages"]] == ["Second."]


def test_the_chosen_model_answers_and_is_remembered(page: Any, ollama: ScriptedOllama) -> None:
    page.wait_for_selector("#model-name:has-text('talker:3b')")
    page.click("#model-button")
    page.wait_for_selector("#model-options .option")
    options = page.locator("#model-options .option-name").all_inner_texts()
    assert options == ["talker:3b", "thinker:8b", "seer:4b"]
    page.keyboard.type("seer")
    page.keyboard.press("Enter")
    talk = exchange(page, ollama, "What do you see?", "Nothing yet.")
    assert talk.request["model"] == "seer:4b"
    assert page.inner_text(f"{LAST} .by") == "seer:4b"
    page.reload()
    page.wait_for_selector("#model-name:has-text('seer:4b')")


def test_an_answer_is_copied_as_it_was_written(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Say it in bold.", "It is **bold**.")
    page.click(f"{LAST} [data-t-label='turn.copy']")
    page.wait_for_selector(f"{LAST} [data-t-label='copied']")
    assert page.evaluate("navigator.clipboard.readText()") == "It is **bold**."


def test_the_end_is_announced_and_the_stream_is_not(page: Any, ollama: ScriptedOllama) -> None:
    assert page.get_attribute("#transcript", "role") == "log"
    assert page.get_attribute("#transcript", "aria-live") == "off"
    exchange(page, ollama, "Hello.", "Hello to you.")
    page.wait_for_selector("#announcer:has-text('The answer is complete.')", state="attached")


def test_a_reader_who_scrolled_up_is_left_in_peace(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(height=500)
    (talk,) = ollama.talk()
    ask(page, "A long story.")
    assert talk.asked.wait(10)
    talk.say("A line.\n\n" * 60)
    page.wait_for_selector(f"{LAST} .body:has-text('A line.')")
    page.wait_for_function(AT_END)
    page.hover("#transcript")
    page.mouse.wheel(0, -400)
    page.wait_for_selector("#jump:visible")
    top = page.evaluate(TOP)
    talk.say("Another line.\n\n" * 10 + "The end.")
    page.wait_for_selector(f"{LAST} .body:has-text('The end.')")
    assert page.evaluate(TOP) == top
    page.mouse.wheel(0, 9000)
    page.wait_for_selector("#jump", state="hidden")
    talk.say("\n\nAnd on.\n\n" * 10)
    page.wait_for_selector(f"{LAST} .body:has-text('And on.')")
    page.wait_for_function(AT_END)
    page.mouse.wheel(0, -400)
    page.click("#jump")
    page.wait_for_function(AT_END)
    talk.end()
    answered(page)
    page.wait_for_function(AT_END)
    assert page.is_hidden("#jump")


def upwards_by_wheel(page: Any) -> None:
    page.hover("#transcript")
    page.mouse.wheel(0, -20)


def upwards_by_key(page: Any) -> None:
    page.focus(f"{LAST} .body a")
    page.keyboard.press("ArrowUp")


def upwards_by_touch(page: Any) -> None:
    devtools = page.context.new_cdp_session(page)
    for kind, y in (("touchStart", 200), ("touchMove", 220), ("touchMove", 240)):
        point = {"type": kind, "touchPoints": [{"x": 300, "y": y}]}
        devtools.send("Input.dispatchTouchEvent", point)
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def upwards_otherwise(page: Any) -> None:
    """As the scroll bar does it: no event but that of the scrolling itself."""
    page.evaluate("document.getElementById('scroller').scrollTop -= 20")


@pytest.mark.parametrize(
    "upwards", [upwards_by_wheel, upwards_by_key, upwards_by_touch, upwards_otherwise]
)
def test_a_small_step_upwards_is_not_taken_back_by_what_is_written(
    open_page: Callable[..., Any], ollama: ScriptedOllama, upwards: Callable[[Any], None]
) -> None:
    page = open_page(height=500)
    talk = answering(page, ollama, "A long story.", "Once upon a time")
    talk.say("[link](https://example.com/)\n\n" * 40 + "there was a storm.")
    page.wait_for_selector(f"{LAST} .body:has-text('there was a storm.')")
    page.wait_for_function(AT_END)
    upwards(page)
    page.wait_for_function(f"() => !({AT_END})()")
    left_at = page.evaluate(TOP)
    talk.say("\n\nIt grew." * 5 + "\n\nIt roared.")
    page.wait_for_selector(f"{LAST} .body:has-text('It roared.')")
    assert page.evaluate(TOP) <= left_at
    page.wait_for_selector("#jump:visible")
    talk.end()


def test_escape_stops_wherever_the_focus_is(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Anything.")
    assert talk.asked.wait(10)
    page.focus("#new-chat")
    page.keyboard.press("Escape")
    assert talk.left.wait(10)
    page.wait_for_selector(f"{LAST} .mark:has-text('stopped')")


def test_the_box_is_free_as_soon_as_the_answer_is_complete(
    page: Any, ollama: ScriptedOllama
) -> None:
    """Also while Ollama takes its time to say what it has in memory."""
    memory = ollama.talk_on("/api/ps")
    (talk,) = ollama.talk()
    ask(page, "Hello.")
    assert talk.asked.wait(10)
    talk.say("Hello.")
    talk.end()
    answered(page)
    (talk,) = ollama.talk()
    ask(page, "And again.")
    assert talk.asked.wait(10)
    memory.put(models=[])
    memory.hang_up()
    talk.end()


def test_stop_is_obeyed_while_the_socket_opens(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    slow = """window.WebSocket = class extends EventTarget {
        static OPEN = 1;
        readyState = 0;
        close() {}
    };"""
    page = open_page(before=lambda page: page.add_init_script(slow))
    ask(page, "Hello.")
    page.wait_for_selector(f"{LAST} .state:has-text('Connecting')")
    page.click("#send")
    page.wait_for_selector(f"{LAST} .mark:has-text('stopped')")
    assert ollama.chats() == []


def test_thoughts_between_tags_go_into_their_panel(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "How many?")
    assert talk.asked.wait(10)
    for letter in "<think>\nOne, two, a < b</think>\n\nThree <think>.":
        talk.say(letter)
    talk.end()
    answered(page)
    assert texts(page)[-1] == "Three <think>."
    page.click(f"{LAST} .thinking summary")
    assert page.inner_text(f"{LAST} .thinking .body").strip() == "One, two, a < b"
    assert exchange(page, ollama, "Sure?", "Yes.").request["messages"][1] == {
        "role": "assistant",
        "content": "Three <think>.",
    }


def test_an_answer_that_only_resembles_a_tag_is_whole(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Say <thi.")
    assert talk.asked.wait(10)
    for letter in "<thi":
        talk.say(letter)
    talk.end()
    answered(page)
    assert texts(page)[-1] == "<thi"


def test_states_are_told_to_screen_readers_once_they_last(
    page: Any, ollama: ScriptedOllama
) -> None:
    (talk,) = ollama.talk()
    ask(page, "Hello.")
    page.wait_for_selector("#announcer:has-text('Loading the model')", state="attached")
    talk.say("Hello.")
    talk.end()
    answered(page)
    page.wait_for_selector("#announcer:has-text('The answer is complete.')", state="attached")


def test_the_end_is_said_each_time(page: Any, ollama: ScriptedOllama) -> None:
    page.evaluate(
        """() => {
            window.said = [];
            new MutationObserver(() => window.said.push(announcer.textContent))
                .observe(window.announcer, { childList: true, characterData: true, subtree: true });
        }"""
    )
    for _ in range(2):
        exchange(page, ollama, "Hello.", "Hello.")
        page.wait_for_selector("#announcer:has-text('The answer is complete.')", state="attached")
    assert page.evaluate("window.said.filter((words) => words).length") == 2


def test_a_suggestion_leaves_the_draft_alone(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    page.fill(BOX, "My own words")
    page.click(".tries li:first-child button")
    assert talk.asked.wait(10)
    page.go_back()
    page.wait_for_selector(".tries button")
    assert page.input_value(BOX) == "My own words"
    talk.end()


def test_a_new_question_leaves_what_is_read_as_it_is(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Code.", "```\n" + "wide " * 100 + "\n```")
    page.evaluate("document.querySelector('.turn pre').scrollLeft = 300")
    exchange(page, ollama, "More.", "Yes.")
    assert page.evaluate("document.querySelector('.turn pre').scrollLeft") == 300
