"""Two models side by side: each writes, is stopped and fails in a column of its own, and the chat
goes on with one of them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..backend import Reply, json_reply
from .chats import bring_chat
from .conftest import OPERATOR, TOKEN
from .exports import PIXEL
from .gateway import Gateway
from .ollama import MODELS, ScriptedOllama, Talk
from .steps import BOX, answered, ask, choose_model, exchange, texts
from .test_accessibility import complaints
from .test_connection import watched
from .test_token import give
from .test_tools import CALL
from .test_turns import choose, press

FIRST = ".beside > section >> nth=0"
SECOND = ".beside > section >> nth=1"
PNG = base64.b64decode(PIXEL)


def compare_with(page: Any, name: str) -> None:
    """Chooses a second model, by the keyboard."""
    page.keyboard.press("ControlOrMeta+k")
    page.wait_for_selector("#model-options .option")
    page.keyboard.press("Tab")
    page.wait_for_selector(".panel-foot button:focus")
    page.keyboard.press("Enter")
    current = page.inner_text("#model-name")
    assert page.inner_text(".option[data-active] .option-name") != current
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#second-model:has-text('{name}')")


def both_asked(page: Any, ollama: ScriptedOllama, question: str) -> tuple[Talk, Talk]:
    """The answers of the first and of the second model, which have been asked."""
    talks = ollama.talk(2)
    ask(page, question)
    assert all(talk.asked.wait(10) for talk in talks)
    names = [names_of(page, place) for place in (FIRST, SECOND)]
    by_name = {talk.request["model"]: talk for talk in talks}
    return by_name[names[0]], by_name[names[1]]


def both_begun(page: Any, ollama: ScriptedOllama) -> tuple[Talk, Talk]:
    """As `both_asked`; of each answer the first word is there."""
    first, second = both_asked(page, ollama, "Why?")
    first.say("Because")
    second.say("Therefore")
    body(page, FIRST, "Because")
    body(page, SECOND, "Therefore")
    return first, second


def names_of(page: Any, place: str) -> str:
    page.wait_for_selector(f"{place} >> .ends", state="attached")
    return str(page.get_attribute(place, "aria-label"))


def body(page: Any, place: str, words: str) -> None:
    page.wait_for_selector(f"{place} >> .body:has-text('{words}')")


def end(talk: Talk, words: str, reply: int = 34) -> None:
    talk.say(words)
    talk.end(reply=reply)


def compared(page: Any, ollama: ScriptedOllama, question: str, one: str, other: str) -> None:
    """A question that two models have answered."""
    first, second = both_asked(page, ollama, question)
    end(first, one)
    end(second, other)
    answered(page)


def test_both_are_asked_at_once_and_written_in_columns(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    assert first.request["messages"] == second.request["messages"]
    first.say("Because")
    second.say("", thinking="Hm.")
    body(page, FIRST, "Because")
    page.wait_for_selector(f"{SECOND} >> .thinking[data-now]")
    second.say("Therefore")
    body(page, SECOND, "Therefore")
    left, right = (page.locator(place).bounding_box() for place in (FIRST, SECOND))
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] == right["y"]
    end(second, " so.", reply=70)
    page.wait_for_selector(f"{SECOND} >> .foot .mark:has-text('70 tokens, 35/s')")
    page.wait_for_selector(f"{SECOND} >> .ends:has-text('took 2.5 s')")
    assert page.locator(f"{FIRST} >> .state").count() == 1
    end(first, " of that.")
    answered(page)
    assert texts(page) == ["Why?", "Because of that.", "Therefore so."]


def test_each_is_stopped_on_its_own(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    first, second = both_begun(page, ollama)
    page.click(f"{SECOND} >> [data-t='action.stop']")
    assert second.left.wait(10)
    page.wait_for_selector(f"{SECOND} >> .mark:has-text('stopped')")
    assert page.locator(f"{FIRST} >> .state").count() == 1
    end(first, " of that.")
    answered(page)
    assert not first.left.is_set()
    assert texts(page) == ["Why?", "Because of that.", "Therefore"]


def test_the_button_of_the_message_box_and_escape_stop_both(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    for key in ("Enter", "Escape"):
        first, second = both_asked(page, ollama, "Why?")
        page.focus("#send")
        page.keyboard.press(key)
        assert first.left.wait(10)
        assert second.left.wait(10)
        answered(page)


def test_a_failure_is_told_in_its_column_and_tried_again_in_it(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    first.say("Because")
    body(page, FIRST, "Because")
    second.fail("no luck")
    page.wait_for_selector(f"{SECOND} >> .failure .said:has-text('no luck')")
    assert page.locator(f"{FIRST} >> .failure").count() == 0
    (again,) = ollama.talk()
    page.click(f"{SECOND} >> [data-t='action.retry']")
    assert again.asked.wait(10)
    assert again.request["model"] == "thinker:8b"
    end(again, "Therefore.")
    body(page, SECOND, "Therefore.")
    assert page.locator(f"{FIRST} >> .state").count() == 1
    end(first, " of that.")
    answered(page)
    assert texts(page) == ["Why?", "Because of that.", "Therefore."]
    page.reload()
    body(page, SECOND, "Therefore.")
    assert texts(page) == ["Why?", "Because of that.", "Therefore."]


def test_a_model_that_was_removed_is_missed_in_its_column_only(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    exchange_both = both_asked(page, ollama, "Why?")
    for talk in exchange_both:
        end(talk, "So.")
    answered(page)
    left = [one for one in MODELS if one["name"] != "thinker:8b"]
    ollama.on("/api/tags", json_reply({"models": left}))
    page.reload()
    page.wait_for_selector("#second-model:has-text('thinker:8b')")
    talk = Talk(ollama._loop)
    missing = Reply(b'{"error":"model \'thinker:8b\' not found"}', 404)

    async def by_model(exchange: Any) -> None:
        await exchange.read_body()
        await (talk if exchange.json()["model"] == "talker:3b" else missing)(exchange)

    ollama.on("/api/chat", by_model, by_model)
    ask(page, "And now?")
    second = ".beside >> nth=1 >> section >> nth=1"
    page.wait_for_selector(f"{second} >> .failure .what:has-text('does not have thinker:8b')")
    end(talk, "Now too.")
    answered(page)
    assert page.locator(".failure").count() == 1
    assert texts(page)[-1] == "Now too."


def test_what_a_token_may_not_use_is_refused_in_its_column_only(
    open_page: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, OPERATOR)
    page.wait_for_selector(".tries button")
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    page.click("#menu-button")
    page.click("#menu .menu-row:has([data-t='token.menu'])")
    give(page, TOKEN)
    page.wait_for_selector("#token-dialog:not([open])", state="attached")
    (talk,) = ollama.talk()
    ask(page, "And now?")
    assert talk.asked.wait(10)
    second = ".beside >> nth=1 >> section >> nth=1"
    page.wait_for_selector(f"{second} >> .failure .what")
    assert "thinker:8b" in page.inner_text(f"{second} >> .failure")
    end(talk, "Still.")
    answered(page)
    assert page.locator(".failure").count() == 1


def test_the_chat_goes_on_with_the_one_that_is_chosen(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    page.click(f"{SECOND} >> [data-t='beside.choose']")
    page.wait_for_selector("#toast:has-text('goes on with this answer')")
    assert texts(page) == ["Why?", "Therefore."]
    assert page.inner_text(".turn.assistant .branch .mark") == "2/2"
    assert page.locator(".beside, #second-model").count() == 0
    assert page.inner_text("#model-name") == "thinker:8b"
    assert page.evaluate("document.activeElement.id") == "message"
    talk = exchange(page, ollama, "And?", "So.")
    assert talk.request["model"] == "thinker:8b"
    said = [message["content"] for message in talk.request["messages"]]
    assert said == ["Why?", "Therefore.", "And?"]
    page.reload()
    page.wait_for_selector(".turn:has-text('So.')")
    assert page.locator(".beside, #second-model").count() == 0
    assert page.inner_text(".turn.assistant >> nth=0 >> .branch .mark") == "2/2"
    press(page, "turn.branch.left", ".turn.assistant:nth-of-type(2)")
    assert texts(page) == ["Why?", "Because."]


def test_the_choice_can_be_undone(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    page.click(f"{SECOND} >> [data-t='beside.choose']")
    page.click("#toast .button")
    body(page, SECOND, "Therefore.")
    page.wait_for_selector("#second-model:has-text('thinker:8b')")
    assert page.inner_text("#model-name") == "talker:3b"


def test_the_good_one_is_chosen_while_the_other_is_still_written(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    first.say("Because")
    body(page, FIRST, "Because")
    end(second, "Therefore.")
    page.click(f"{SECOND} >> [data-t='beside.choose']")
    assert first.left.wait(10)
    answered(page)
    assert texts(page) == ["Why?", "Therefore."]
    press(page, "turn.branch.left", ".turn.assistant")
    assert texts(page) == ["Why?", "Because"]


def asked_again(page: Any, ollama: ScriptedOllama, question: str) -> dict[str, list[str]]:
    """What each model is sent with another question, by its name; both answer with their names."""
    talks = ollama.talk(2)
    ask(page, question)
    said = {}
    for talk in talks:
        assert talk.asked.wait(10)
        name = talk.request["model"]
        said[name] = [message["content"] for message in talk.request["messages"]]
        end(talk, f"{name} on {question}")
    answered(page)
    return said


BOTH_ON = ["talker:3b on And?", "thinker:8b on And?"]


def test_each_goes_on_with_what_it_said_itself(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    page.reload()
    page.wait_for_selector("#second-model:has-text('thinker:8b')")
    assert asked_again(page, ollama, "And?") == {
        "talker:3b": ["Why?", "Because.", "And?"],
        "thinker:8b": ["Why?", "Therefore.", "And?"],
    }
    shown = ["Why?", "Because.", "Therefore.", "And?", *BOTH_ON]
    assert texts(page) == shown
    page.reload()
    page.wait_for_selector(f".turn:has-text('{BOTH_ON[1]}')")
    assert texts(page) == shown


def test_after_several_questions_the_chosen_branch_is_one_conversation(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    asked_again(page, ollama, "And?")
    page.click(".beside >> nth=1 >> section >> nth=1 >> [data-t='beside.choose']")
    page.wait_for_selector("#toast:visible")
    assert page.locator(".beside").count() == 0
    assert texts(page) == ["Why?", "Therefore.", "And?", "thinker:8b on And?"]
    first = ".turn.assistant:nth-of-type(2)"
    assert page.inner_text(f"{first} .branch .mark") == "2/2"
    talk = exchange(page, ollama, "So?", "So.")
    said = [message["content"] for message in talk.request["messages"]]
    assert said == ["Why?", "Therefore.", "And?", "thinker:8b on And?", "So?"]
    press(page, "turn.branch.left", first)
    assert texts(page) == ["Why?", "Because.", "And?", "talker:3b on And?"]


def test_the_choice_after_several_questions_can_be_undone(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    asked_again(page, ollama, "And?")
    page.click(f"{SECOND} >> [data-t='beside.choose']")
    page.wait_for_selector("#toast:visible")
    assert texts(page) == ["Why?", "Therefore.", "And?", "thinker:8b on And?"]
    page.click("#toast .button")
    page.wait_for_selector(".beside >> nth=1")
    assert texts(page) == ["Why?", "Because.", "Therefore.", "And?", *BOTH_ON]


def test_a_question_in_two_branches_is_changed_in_both(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    asked_again(page, ollama, "And?")
    question = ".turn.user >> nth=1"
    page.hover(question)
    page.click(f"{question} >> [data-t-label='turn.edit']")
    page.fill(".edit-box", "And then?")
    page.click("[data-t='turn.edit.save']")
    assert asked_again(page, ollama, "So?") == {
        "talker:3b": ["Why?", "Because.", "And then?", BOTH_ON[0], "So?"],
        "thinker:8b": ["Why?", "Therefore.", "And then?", BOTH_ON[1], "So?"],
    }


def test_a_question_in_other_words_is_asked_in_both_branches(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    asked_again(page, ollama, "And?")
    question = ".turn.user >> nth=1"
    page.hover(question)
    page.click(f"{question} >> [data-t-label='turn.edit']")
    page.fill(".edit-box", "Or?")
    talks = ollama.talk(2)
    page.press(".edit-box", "Enter")
    said = {}
    for talk in talks:
        assert talk.asked.wait(10)
        said[talk.request["model"]] = [one["content"] for one in talk.request["messages"]]
        end(talk, "Or.")
    answered(page)
    assert said == {
        "talker:3b": ["Why?", "Because.", "Or?"],
        "thinker:8b": ["Why?", "Therefore.", "Or?"],
    }
    assert texts(page) == ["Why?", "Because.", "Therefore.", "Or?", "Or.", "Or."]


def test_one_of_two_branches_is_deleted_and_the_other_shown(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    asked_again(page, ollama, "And?")
    page.click(".beside >> nth=1 >> section >> nth=0 >> [data-t-label='turn.more']")
    page.click("#popup-menu .menu-row:has([data-t='turn.remove'])")
    assert texts(page) == ["Why?", "Because.", "Therefore.", "And?", BOTH_ON[1]]
    page.click("#toast .button")
    page.wait_for_selector(".beside >> nth=1")
    assert texts(page) == ["Why?", "Because.", "Therefore.", "And?", *BOTH_ON]


def test_after_it_is_dropped_one_model_answers(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    assert page.locator(".mark[data-t='beside.main']").count() == 0
    page.click("#second-model [data-t-label='model.compareNot']")
    assert page.evaluate("document.activeElement.id") == "model-button"
    page.wait_for_selector(f"{FIRST} >> .mark:has-text('goes on here')")
    exchange(page, ollama, "And?", "So.")
    assert texts(page) == ["Why?", "Because.", "Therefore.", "And?", "So."]
    page.reload()
    page.wait_for_selector(".turn:has-text('So.')")
    assert page.locator("#second-model").count() == 0


def test_where_the_first_fails_the_chat_goes_on_with_the_second(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    first.fail("no luck")
    end(second, "Therefore.")
    answered(page)
    page.reload()
    page.wait_for_selector("#second-model")
    said = ["Why?", "Therefore.", "And?"]
    assert asked_again(page, ollama, "And?") == {"talker:3b": said, "thinker:8b": said}
    page.click("#second-model [data-t-label='model.compareNot']")
    page.wait_for_selector(f"{SECOND} >> .mark:has-text('goes on here')")


def test_an_answer_that_is_there_is_given_another_beside_it(
    page: Any, ollama: ScriptedOllama
) -> None:
    exchange(page, ollama, "Why?", "Because.")
    exchange(page, ollama, "And?", "So.")
    (talk,) = ollama.talk()
    choose(page, "turn.alsoWith", ".turn.assistant:nth-of-type(2)")
    page.wait_for_selector("#model-options .option")
    page.keyboard.type("thinker")
    page.keyboard.press("Enter")
    assert talk.asked.wait(10)
    assert talk.request["messages"] == [{"role": "user", "content": "Why?"}]
    end(talk, "Therefore.")
    answered(page)
    assert texts(page) == ["Why?", "Because.", "Therefore.", "And?", "So."]
    assert page.locator("#second-model").count() == 0
    page.reload()
    page.wait_for_selector(".turn:has-text('So.')")
    assert texts(page) == ["Why?", "Because.", "Therefore.", "And?", "So."]


def test_both_are_taken_up_again_after_a_reload(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    first, second = both_begun(page, ollama)
    page.reload()
    page.wait_for_selector(f"{FIRST} >> .state")
    page.wait_for_selector(f"{SECOND} >> .state")
    end(first, " of that.")
    end(second, " so.")
    answered(page)
    assert texts(page) == ["Why?", "Because of that.", "Therefore so."]


def test_both_are_written_behind_another_chat(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    first.say("Because")
    body(page, FIRST, "Because")
    page.click("#new-chat")
    page.wait_for_selector(".tries button")
    assert page.locator("#second-model").count() == 0
    end(second, "Therefore.")
    page.go_back()
    body(page, SECOND, "Therefore.")
    page.wait_for_selector(f"{FIRST} >> .state")
    end(first, " of that.")
    answered(page)
    assert texts(page) == ["Why?", "Because of that.", "Therefore."]


def test_the_second_waits_where_one_chat_may_run_at_a_time(
    open_page: Callable[..., Any], narrow_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = open_page(gateway=narrow_gateway)
    compare_with(page, "thinker")
    first, second = ollama.talk(2)
    ask(page, "Why?")
    assert first.asked.wait(10)
    assert first.request["model"] == "talker:3b"
    page.wait_for_selector(f"{SECOND} >> .state:has-text('In the queue, place 1')")
    page.reload()
    page.wait_for_selector(f"{SECOND} >> .state:has-text('In the queue, place 1')")
    end(first, "Because.")
    assert second.asked.wait(10)
    end(second, "Therefore.")
    answered(page)
    assert texts(page) == ["Why?", "Because.", "Therefore."]


def test_another_tab_sees_both_and_takes_both_over(
    page: Any, ollama: ScriptedOllama, open_gateway: Gateway
) -> None:
    compare_with(page, "thinker")
    first, second = both_begun(page, ollama)
    other = page.context.new_page()
    other.goto(page.url)
    for place in (FIRST, SECOND):
        other.wait_for_selector(f"{place} >> .mark:has-text('another tab')")
    end(second, " so.")
    body(other, SECOND, "Therefore so.")
    other.wait_for_selector(f"{FIRST} >> .mark:has-text('another tab')")
    page.close()
    other.wait_for_selector(f"{FIRST} >> .state")
    end(first, " of that.")
    answered(other)
    assert texts(other) == ["Why?", "Because of that.", "Therefore so."]


def test_what_is_sent_meanwhile_goes_when_both_are_complete(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    first.say("Because.")
    body(page, FIRST, "Because.")
    ask(page, "And?")
    page.wait_for_selector("#queued li")
    first.end()
    page.wait_for_selector(f"{FIRST} >> [data-t='beside.choose']")
    assert len(ollama.chats()) == 2
    talks = ollama.talk(2)
    end(second, "Therefore.")
    for talk in talks:
        assert talk.asked.wait(10)
        end(talk, "So.")
    answered(page)
    assert texts(page) == ["Why?", "Because.", "Therefore.", "And?", "So.", "So."]


def test_a_temporary_chat_compares_too(page: Any, ollama: ScriptedOllama) -> None:
    page.click("#menu-button")
    page.click("#menu .menu-row:has([data-t='temporary.menu'])")
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    page.click(f"{SECOND} >> [data-t='beside.choose']")
    exchange(page, ollama, "And?", "So.")
    assert texts(page) == ["Why?", "Therefore.", "And?", "So."]


def test_files_have_both_and_are_read_back(
    page: Any, open_page: Callable[..., Any], ollama: ScriptedOllama, tmp_path: Path
) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")

    def saved(form: str) -> Path:
        with page.expect_download() as download:
            page.hover(".chat-row")
            page.click(".chat-row [data-t-label='chats.more']")
            page.click(f"#popup-menu .menu-row:has([data-t='chats.save.{form}'])")
        download.value.save_as(tmp_path / f"chat.{form}")
        return tmp_path / f"chat.{form}"

    page.click("#side-toggle")
    markdown = saved("markdown").read_text(encoding="utf-8")
    assert "## talker:3b\n\nBecause.\n\n## thinker:8b\n\nTherefore." in markdown
    html = page.context.new_page()
    html.goto(saved("html").as_uri())
    columns = html.locator(".beside article").all_inner_texts()
    assert [text.split() for text in columns] == [
        ["talker:3b", "Because."],
        ["thinker:8b", "Therefore."],
    ]
    other = open_page()
    other.click("#menu-button")
    with other.expect_file_chooser() as chooser:
        other.click("#menu .menu-row:has([data-t='import.menu'])")
    file = tmp_path / "chats.json"
    file.write_bytes(saved("json").read_bytes())
    chooser.value.set_files(file)
    other.wait_for_selector("#toast:has-text('Chats imported: 1')")
    other.click("#side-toggle")
    other.click(".chat-open:has-text('Why?')")
    body(other, SECOND, "Therefore.")
    other.wait_for_selector("#second-model:has-text('thinker:8b')")
    assert texts(other) == ["Why?", "Because.", "Therefore."]
    page.click(f"{FIRST} >> [data-t='beside.choose']")
    assert "Therefore" not in saved("markdown").read_text(encoding="utf-8")


def test_it_is_read_stopped_and_chosen_by_the_keyboard_alone(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    first.say("Because")
    second.say("Therefore")
    body(page, SECOND, "Therefore")
    place = "document.activeElement.closest('.beside > section')?.ariaLabel"
    while page.evaluate(place) != "thinker:8b":  # the nearest before the message box
        page.keyboard.press("Shift+Tab")
    assert page.inner_text(":focus") == "Stop"
    page.keyboard.press("Enter")
    assert second.left.wait(10)
    page.wait_for_selector(f"{SECOND} >> button:focus:has-text('Go on with this one')")
    end(first, " of that.")
    answered(page)
    while page.evaluate(place) != "talker:3b":
        page.keyboard.press("Shift+Tab")
    order = []
    while page.evaluate("document.activeElement.id") != "attach":
        order.append(page.evaluate(place))
        page.keyboard.press("Tab")
        assert len(order) < 40
    assert [name for name in order if name] == sorted(name for name in order if name)
    page.focus(f"{SECOND} >> [data-t='beside.choose']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".turn.assistant .branch")
    assert texts(page) == ["Why?", "Therefore"]


def test_screen_readers_are_told_of_each_end_once_and_whose_it_is(
    page: Any, ollama: ScriptedOllama
) -> None:
    page.evaluate(
        """() => {
            window.said = [];
            const place = document.getElementById('announcer');
            const note = () => place.textContent && window.said.push(place.textContent);
            new MutationObserver(note).observe(place, { childList: true });
        }"""
    )
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    page.wait_for_selector(f"{SECOND} >> .seconds:has-text('s')")  # so long that one would be told
    second.say("", thinking="Hm.")
    second.say("Therefore.")
    second.end()
    page.wait_for_function("() => window.said.length === 1")
    first.fail("no luck")
    page.wait_for_function("() => window.said.length === 2")
    assert page.evaluate("window.said") == [
        "thinker:8b: The answer is complete.",
        "talker:3b: The server failed (status 500).",
    ]
    assert page.locator(".beside [role='alert']").count() == 0


@pytest.mark.parametrize(
    ("width", "scheme", "locale"), [(360, "dark", "zh-CN"), (1280, "light", "en-US")]
)
def test_it_fits_and_axe_finds_nothing(
    open_page: Callable[..., Any], ollama: ScriptedOllama, width: int, scheme: str, locale: str
) -> None:
    page = open_page(width=width, height=740, scheme=scheme, locale=locale)
    compare_with(page, "thinker")
    assert complaints(page) == []
    first, second = both_asked(page, ollama, "Why?")
    first.say("A line with `code`.\n\n" * 9 + "```\n" + "x" * 300 + "\n```\n")
    second.say("word" * 100)
    page.wait_for_selector(f"{FIRST} >> pre")
    assert complaints(page) == []
    second.fail("no luck")
    end(first, "The end.")
    answered(page)
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    room, used = page.evaluate(
        "(({clientWidth, scrollWidth}) => [clientWidth, scrollWidth])(window.scroller)"
    )
    assert used <= room
    for selector in ("#second-model .icon-button", "#new-chat", "#menu-button"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_where_there_is_room_for_one_it_is_turned_to_the_other(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, height=740)
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    end(first, "Because.")
    second.say("Therefore")
    body(page, FIRST, "Because.")
    assert page.is_hidden(SECOND)
    page.wait_for_selector(".beside-turns button:has-text('thinker:8b'):has-text('writing')")
    page.click(".beside-turns button:has-text('thinker:8b')")
    body(page, SECOND, "Therefore")
    assert page.is_hidden(FIRST)
    end(second, " so.")
    answered(page)
    assert texts(page) == ["Why?", "Therefore so."]
    page.click("#side-toggle")
    page.fill("#chats input[type='search']", "Because")
    page.click(".chat-open:has-text('Because')")
    body(page, FIRST, "Because.")
    assert page.is_hidden(SECOND)


def test_where_there_is_room_for_one_it_is_the_one_that_did_not_fail(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, height=740)
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    talks = ollama.talk(2)
    ask(page, "And?")
    for talk in talks:
        assert talk.asked.wait(10)
        if talk.request["model"] == "talker:3b":
            talk.fail("no luck")
        else:
            end(talk, "So.")
    answered(page)
    page.wait_for_selector(".turn:has-text('So.')")
    assert texts(page) == ["Why?", "Because.", "And?", "So."]


def test_the_smaller_context_of_both_is_what_a_message_must_fit(
    page: Any, ollama: ScriptedOllama
) -> None:
    loaded = [
        {"name": "talker:3b", "model": "talker:3b", "context_length": 8000},
        {"name": "thinker:8b", "model": "thinker:8b", "context_length": 1000},
    ]
    ollama.on("/api/ps", json_reply({"models": loaded}))
    page.reload()
    page.wait_for_selector("#model-name:has-text('talker')")
    compare_with(page, "thinker")
    page.fill(BOX, "word " * 1000)
    page.wait_for_selector("#fits:has-text('thinker:8b sees 1,000 at once')")
    page.wait_for_selector("#context:has-text('≈ 2 × 1,256 tokens')")
    page.click("#second-model [data-t-label='model.compareNot']")
    page.wait_for_selector("#fits", state="hidden")


def test_images_are_asked_of_models_that_both_see(page: Any, ollama: ScriptedOllama) -> None:
    choose_model(page, "seer")
    compare_with(page, "thinker")
    with page.expect_file_chooser() as chooser:
        page.click("#attach")
    chooser.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": PNG})
    page.wait_for_selector("#attachments img")
    ask(page, "What is it?")
    page.wait_for_selector("#toast:has-text('thinker:8b cannot see images')")
    assert ollama.chats() == []
    page.click("#second-model [data-t-label='model.compareNot']")
    exchange(page, ollama, "What is it?", "A dot.")


def test_nothing_of_it_is_fetched_before_it_is_used(page: Any, ollama: ScriptedOllama) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.reload()
    exchange(page, ollama, "Hello.", "Hello.")
    own = ("columns", "second_model", "choosing", "beside.css")
    assert [url for url in fetched if any(name in url for name in own)] == []
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    page.click(f"{FIRST} >> [data-t='beside.choose']")
    page.wait_for_selector("#toast:visible")
    assert all(any(name in url for url in fetched) for name in own)


def test_one_of_them_is_deleted_and_comes_back(page: Any, ollama: ScriptedOllama) -> None:
    compare_with(page, "thinker")
    compared(page, ollama, "Why?", "Because.", "Therefore.")
    page.click(f"{FIRST} >> [data-t-label='turn.more']")
    page.click("#popup-menu .menu-row:has([data-t='turn.remove'])")
    assert texts(page) == ["Why?", "Therefore."]
    page.click("#toast .button")
    assert texts(page) == ["Why?", "Because.", "Therefore."]


def test_over_plain_http_both_are_written_too(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    page.evaluate("window.noSockets = true")
    compare_with(page, "thinker")
    first, second = both_begun(page, ollama)
    page.click(f"{FIRST} >> [data-t='action.stop']")
    assert first.left.wait(10)
    end(second, " so.")
    answered(page)
    assert texts(page) == ["Why?", "Because", "Therefore so."]


def test_one_that_was_stopped_is_written_on_beside_the_other(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    first.say("Because")
    second.say("Therefore")
    body(page, SECOND, "Therefore")
    page.click(f"{SECOND} >> [data-t='action.stop']")
    assert second.left.wait(10)
    (more,) = ollama.talk()
    page.click(f"{SECOND} >> [data-t='turn.goOn']")
    assert more.asked.wait(10)
    assert more.request["model"] == "thinker:8b"
    end(more, " it goes on.")
    body(page, SECOND, "Therefore it goes on.")
    end(first, ".")
    answered(page)
    assert texts(page) == ["Why?", "Because.", "Therefore it goes on."]


def test_with_what_tools_gave_the_chat_goes_on_after_that_answer(
    page: Any, ollama: ScriptedOllama
) -> None:
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "How warm is it?")
    end(first, "I do not know.")
    second.say("", tool_calls=[CALL])
    second.end()
    answered(page)
    page.fill(f"{SECOND} >> .tool textarea", "7 degrees")
    (talk,) = ollama.talk()
    page.click(f"{SECOND} >> [data-t='tool.send']")
    assert talk.asked.wait(10)
    assert talk.request["model"] == "thinker:8b"
    assert talk.request["messages"][-1]["content"] == "7 degrees"
    end(talk, "It is 7 degrees.")
    answered(page)
    assert texts(page) == ["How warm is it?", "I do not know.", "It is 7 degrees."]


def test_a_new_chat_is_named_once_after_both_answers(page: Any, ollama: ScriptedOllama) -> None:
    page.click("#settings-button")
    page.wait_for_selector("#settings[open]")
    page.select_option("#setting-titles", "true")
    page.keyboard.press("Escape")
    compare_with(page, "thinker")
    first, second = both_asked(page, ollama, "Why?")
    (title,) = ollama.talk()
    end(second, "Therefore.")
    body(page, SECOND, "Therefore.")
    end(first, "Because.")
    assert title.asked.wait(10)
    assert "Because." in title.request["messages"][-1]["content"]
    end(title, "Reasons")
    page.wait_for_function("() => document.title.startsWith('Reasons')")
    assert len(ollama.chats()) == 3


def rows(count: int) -> list[dict[str, Any]]:
    """The messages of a chat of `count` questions, each with two answers side by side."""
    messages: list[dict[str, Any]] = []
    for row in range(count):
        above = f"a{row - 1}" if row else None
        pair = [f"a{row}", f"b{row}"]
        messages += [
            {"id": f"q{row}", "parent": above, "role": "user", "beside": pair, "shown": pair[0]},
            {"id": pair[0], "parent": f"q{row}", "role": "assistant", "model": "talker:3b"},
            {"id": pair[1], "parent": f"q{row}", "role": "assistant", "model": "thinker:8b"},
        ]
    return [
        {**message, "at": at, "content": f"Words of {message['id']}." + " More." * 60}
        for at, message in enumerate(messages)
    ]


def test_of_a_long_chat_only_what_is_near_is_drawn(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    page = open_page(width=360, height=740)
    chat = {"chat": {"title": "A long one", "updatedAt": 1}, "messages": rows(40)}
    bring_chat(page, tmp_path, chat)
    page.wait_for_selector(".turn:has-text('Words of a39.')")
    assert page.locator(".turn").count() == 120
    page.wait_for_function("() => document.querySelectorAll('.turn[data-far]').length > 80")
    page.evaluate("window.scroller.scrollTop = 0")
    page.wait_for_selector(".turn:has-text('Words of a0.')")
    page.click(".beside >> nth=0 >> .beside-turns button >> nth=1")
    page.wait_for_selector(".turn:has-text('Words of b0.')")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".turn[data-far]").count() == 0
