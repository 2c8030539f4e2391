"""What can be done with a message: answer again, edit, copy, delete, look at its figures."""

from __future__ import annotations

from typing import Any

import pytest

from ..backend import json_reply
from .ollama import ScriptedOllama
from .steps import LAST, answered, exchange, texts

QUESTION = ".turn.user:last-of-type"


def press(page: Any, key: str, turn: str = LAST) -> None:
    page.hover(turn)
    page.click(f"{turn} [data-t-label='{key}']")


def choose(page: Any, key: str, turn: str = LAST) -> None:
    """Runs an entry of a message's menu."""
    press(page, "turn.more", turn)
    page.click(f"#popup-menu .menu-row:has([data-t='{key}'])")


def test_a_second_answer_is_a_branch_beside_the_first(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Pick a number.", "One.")
    (talk,) = ollama.talk()
    press(page, "turn.again")
    assert talk.asked.wait(10)
    assert talk.request["messages"] == [{"role": "user", "content": "Pick a number."}]
    talk.say("Two.")
    talk.end()
    answered(page)
    assert texts(page) == ["Pick a number.", "Two."]
    assert page.inner_text(f"{LAST} .branch .mark") == "2/2"
    press(page, "turn.branch.left")
    assert texts(page) == ["Pick a number.", "One."]
    assert page.inner_text(f"{LAST} .branch .mark") == "1/2"


def test_an_edited_question_keeps_the_old_one_beside_it(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "What is 1+1?", "Two.")
    exchange(page, ollama, "And 2+2?", "Four.")
    (talk,) = ollama.talk()
    first = ".turn.user >> nth=0"
    page.hover(first)
    page.click(f"{first} >> [data-t-label='turn.edit']")
    page.fill(".edit-box", "What is 3+3?")
    page.press(".edit-box", "Enter")
    assert talk.asked.wait(10)
    assert talk.request["messages"] == [{"role": "user", "content": "What is 3+3?"}]
    talk.say("Six.")
    talk.end()
    answered(page)
    assert texts(page) == ["What is 3+3?", "Six."]
    press(page, "turn.branch.left", ".turn.user")
    assert texts(page) == ["What is 1+1?", "Two.", "And 2+2?", "Four."]


def test_an_edit_is_dropped_with_escape(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Keep me.", "Kept.")
    page.hover(".turn.user")
    page.click(".turn.user [data-t-label='turn.edit']")
    page.fill(".edit-box", "Changed")
    page.press(".edit-box", "Escape")
    assert texts(page) == ["Keep me.", "Kept."]


def test_a_deleted_message_comes_back_with_undo(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "One.", "First.")
    exchange(page, ollama, "Two.", "Second.")
    choose(page, "turn.remove", ".turn.assistant:nth-of-type(2)")
    assert texts(page) == ["One.", "Two.", "Second."]
    page.click("#toast .button")
    assert texts(page) == ["One.", "First.", "Two.", "Second."]
    talk = exchange(page, ollama, "Three.", "Third.")
    assert len(talk.request["messages"]) == 5


def test_an_answer_is_copied_without_its_marks(page: Any, ollama: ScriptedOllama) -> None:
    markdown = """# Title

It is **bold**, `code` and [a link](https://a.example/b).

1. one
2. two
   - inside

> quoted &amp; done

```python
x = 1
```

| a | b |
|---|---|
| 1 | *2* |
"""
    plain = """Title

It is bold, code and a link (https://a.example/b).

1. one
2. two
   - inside

quoted & done

x = 1

a\tb
1\t2"""
    exchange(page, ollama, "Everything.", markdown)
    choose(page, "turn.copyPlain")
    page.wait_for_selector("#announcer:has-text('Copied')", state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == plain


def test_another_model_answers_again_and_the_choice_stays(
    page: Any, ollama: ScriptedOllama
) -> None:
    exchange(page, ollama, "Who are you?", "The talker.")
    (talk,) = ollama.talk()
    choose(page, "turn.againWith")
    page.wait_for_selector("#model-options .option")
    page.keyboard.type("thinker")
    page.keyboard.press("Enter")
    assert talk.asked.wait(10)
    assert talk.request["model"] == "thinker:8b"
    assert talk.request["messages"] == [{"role": "user", "content": "Who are you?"}]
    talk.say("The thinker.")
    talk.end()
    answered(page)
    assert page.inner_text(f"{LAST} .by") == "thinker:8b"
    assert page.inner_text(f"{LAST} .branch .mark") == "2/2"
    assert page.inner_text("#model-name") == "talker:3b"


def test_a_menu_is_led_by_keyboard(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    page.focus(f"{LAST} [data-t-label='turn.more']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#popup-menu:popover-open")
    focused = "document.activeElement.querySelector('[data-t]')?.dataset.t"
    assert page.evaluate(focused) == "turn.copyPlain"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == "turn.remove"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "turn.againWith"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.tLabel") == "turn.more"


def test_an_answer_shows_what_it_cost(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    assert "34 tokens, 17/s" in page.inner_text(f"{LAST} .foot")
    press(page, "facts.show")
    facts = page.inner_text(f"{LAST} .facts")
    for line in ("Tokens read\n12", "Tokens written\n34", "Loading took\n0.4 s", "Ended by\nstop"):
        assert line in facts
    assert "First token after" in facts


def test_nothing_that_was_edited_is_lost_to_an_answer_under_way(
    page: Any, ollama: ScriptedOllama
) -> None:
    exchange(page, ollama, "One.", "First.")
    (talk,) = ollama.talk()
    page.fill("#message", "Two.")
    page.press("#message", "Enter")
    assert talk.asked.wait(10)
    first = ".turn.user >> nth=0"
    page.hover(first)
    page.click(f"{first} >> [data-t-label='turn.edit']")
    page.fill(".edit-box", "Long and thought through.")
    page.press(".edit-box", "Enter")
    page.wait_for_selector("#toast [data-t='turn.busy']")
    assert page.input_value(".edit-box") == "Long and thought through."
    talk.say("Second.")
    talk.end()
    answered(page)
    (talk,) = ollama.talk()
    page.press(".edit-box", "Enter")
    assert talk.asked.wait(10)
    assert talk.request["messages"][-1]["content"] == "Long and thought through."
    talk.end()


def test_an_answer_whose_question_was_deleted_cannot_be_asked_again(
    page: Any, ollama: ScriptedOllama
) -> None:
    exchange(page, ollama, "One.", "First.")
    choose(page, "turn.remove", ".turn.user")
    press(page, "turn.again")
    page.wait_for_selector("#toast [data-t='turn.noQuestion']")
    assert texts(page) == ["First."]


ASKED = "Continue exactly where your last message was cut off"


@pytest.mark.parametrize("template", ["{{ if not $last }}<end>{{ end }}", "{{ .Prompt }}"])
def test_an_answer_that_was_cut_off_says_so_and_goes_on(
    page: Any, ollama: ScriptedOllama, template: str
) -> None:
    """Asked in words where the model's template closes what the assistant said last."""
    ollama.on("/api/show", json_reply({"template": template}))
    (talk,) = ollama.talk()
    page.fill("#message", "At length.")
    page.press("#message", "Enter")
    assert talk.asked.wait(10)
    talk.say("The first half")
    talk.end(reason="length")
    answered(page)
    page.wait_for_selector(f"{LAST} .mark[data-t='turn.length']")
    (talk,) = ollama.talk()
    page.click(f"{LAST} .go-on")
    assert talk.asked.wait(10)
    question, answer, *asked = talk.request["messages"]
    assert question == {"role": "user", "content": "At length."}
    assert answer == {"role": "assistant", "content": "The first half"}
    assert len(asked) == ("$last" not in template)
    assert all(said["content"].startswith(ASKED) for said in asked)
    talk.say(" and the second.")
    talk.end()
    answered(page)
    assert texts(page) == ["At length.", "The first half and the second."]
    assert page.locator(f"{LAST} .mark[data-t='turn.length']").count() == 0
    page.wait_for_selector(f"{LAST} .foot:has-text('68 tokens')")
    page.reload()
    page.wait_for_selector(f"{LAST} .body:has-text('The first half and the second.')")


def test_the_focus_stays_where_the_reader_is(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Pick a number.", "One.")
    (talk,) = ollama.talk()
    press(page, "turn.again")
    assert page.evaluate("document.activeElement.id") == "message"
    assert talk.asked.wait(10)
    talk.say("Two.")
    talk.end()
    answered(page)
    press(page, "turn.branch.left")
    assert page.evaluate("document.activeElement.dataset.tLabel") == "turn.branch.left"
    press(page, "turn.edit", ".turn.user")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.tLabel") == "turn.edit"
    choose(page, "turn.remove")
    assert page.evaluate("document.activeElement.id") == "message"
