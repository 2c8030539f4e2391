"""The models on the server, for those who may manage them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from ..backend import Exchange, json_reply
from .conftest import MANAGER, TOKEN
from .gateway import Gateway
from .ollama import MODELS, ScriptedOllama, Talk, model
from .steps import exchange
from .test_connection import slow, watched
from .test_token import give


def opened(page: Any) -> None:
    page.wait_for_selector("#models-entry:not([hidden])", state="attached")
    page.click("#menu-button")
    page.click("#models-entry")
    page.wait_for_selector(".managed li >> nth=3")


def test_a_pull_shows_its_progress_and_goes_on_while_the_view_is_closed(
    page: Any, ollama: ScriptedOllama
) -> None:
    pull = ollama.talk_on("/api/pull")
    opened(page)
    page.fill(".pull-form input", "ollama pull newcomer:1b")
    page.press(".pull-form input", "Enter")
    assert pull.asked.wait(10)
    assert pull.request == {"model": "newcomer:1b"}
    pull.put(status="pulling", completed=500_000_000, total=2_000_000_000)
    page.wait_for_selector(".pulls:has-text('500 MB / 2 GB')")
    page.keyboard.press("Escape")
    assert not pull.left.is_set()
    pull.put(status="pulling", completed=1_500_000_000, total=2_000_000_000)
    opened(page)
    page.wait_for_selector(".pulls:has-text('1.5 GB / 2 GB')")
    pull.put(status="success")
    pull.hang_up()
    page.wait_for_selector(".pulls li", state="detached")


def reporting(pull: Talk, over: threading.Event) -> threading.Thread:
    """A line of progress every 60 ms, until the pull is left or `over` is set."""

    def report() -> None:
        for done in range(1, 400):
            if pull.left.is_set() or over.wait(0.06):
                return
            pull.put(status="pulling", completed=done * 1_000_000, total=400_000_000)

    thread = threading.Thread(target=report)
    thread.start()
    return thread


def start_pull(page: Any, name: str) -> None:
    page.fill(".pull-form input", name)
    page.press(".pull-form input", "Enter")


def test_a_pull_can_be_stopped_however_often_it_reports(page: Any, ollama: ScriptedOllama) -> None:
    pull = ollama.talk_on("/api/pull")
    opened(page)
    start_pull(page, "newcomer:1b")
    assert pull.asked.wait(10)
    over = threading.Event()
    thread = reporting(pull, over)
    try:
        page.wait_for_selector(".pulls progress[value]")
        page.focus("[data-t-label='manage.stop']")
        before = page.get_attribute(".pulls progress", "value")
        page.wait_for_function(
            "(before) => document.querySelector('.pulls progress').value > before + 3e6",
            arg=float(before),
        )
        focused = page.evaluate("document.activeElement.dataset.tLabel")
        assert focused == "manage.stop"
        box = page.locator("[data-t-label='manage.stop']").bounding_box()
        page.mouse.move(box["x"] + 10, box["y"] + 10)
        page.mouse.down()
        page.wait_for_timeout(150)  # as long as a finger takes
        page.mouse.up()
        assert pull.left.wait(10)
    finally:
        over.set()
        thread.join()
    page.wait_for_selector(".pulls li", state="detached")
    assert page.evaluate("document.activeElement.matches('.pull-form input')")


def test_a_name_that_nobody_knows_is_said_with_a_next_step_and_dismissed(
    page: Any, ollama: ScriptedOllama
) -> None:
    pull = ollama.talk_on("/api/pull")
    opened(page)
    start_pull(page, "lama3")
    assert pull.asked.wait(10)
    pull.put(status="pulling manifest")
    pull.fail("pull model manifest: file does not exist")
    page.wait_for_selector(".pulls .said:has-text('No model is known by the name lama3.')")
    assert "ollama.com/library" in page.inner_text(".pulls .said")
    page.click("[data-t-label='manage.dismiss']")
    page.wait_for_selector(".pulls li", state="detached")


def test_a_name_that_is_none_is_said_too(page: Any, ollama: ScriptedOllama) -> None:
    ollama.on("/api/pull", json_reply({"error": "invalid model name"}, 400))
    opened(page)
    start_pull(page, "../../x")
    page.wait_for_selector(".pulls .said:has-text('No model is known by the name')")


def test_a_pull_that_fails_says_why_and_one_that_is_stopped_ends(
    page: Any, ollama: ScriptedOllama
) -> None:
    pull = ollama.talk_on("/api/pull")
    opened(page)
    page.fill(".pull-form input", "nobody/nothing")
    page.press(".pull-form input", "Enter")
    assert pull.asked.wait(10)
    pull.fail("pull model manifest: file does not exist")
    page.wait_for_selector(".pulls .said:has-text('file does not exist')")
    pull = ollama.talk_on("/api/pull")
    page.click(".pulls .button:visible")
    assert pull.asked.wait(10)
    pull.put(status="pulling manifest")
    page.wait_for_selector(".pulls:has-text('pulling manifest')")
    page.click(".pulls .icon-button")
    assert pull.left.wait(10)
    page.wait_for_selector(".pulls li", state="detached")


def test_many_pulls_at_once_leave_the_page_its_connections(
    page: Any, ollama: ScriptedOllama
) -> None:
    pulls = ollama.talks_on("/api/pull", 8)
    opened(page)
    for number, pull in enumerate(pulls):
        page.fill(".pull-form input", f"model-{number}")
        page.press(".pull-form input", "Enter")
        assert pull.asked.wait(10)
        pull.put(status="pulling", completed=1, total=2)
    page.wait_for_selector(".pulls li >> nth=7")
    page.locator(".managed li", has_text="seer:4b").locator("[data-t-label='manage.show']").click()
    page.keyboard.press("Escape")
    exchange(page, ollama, "Hello.", "Hi.")
    for pull in pulls:
        pull.put(status="success")
        pull.hang_up()
    opened(page)
    page.wait_for_selector(".pulls li", state="detached")


def test_where_no_socket_gets_through_pulls_take_turns(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    page.evaluate("window.noSockets = true")
    pulls = ollama.talks_on("/api/pull", 4)
    opened(page)
    for number in range(4):
        page.fill(".pull-form input", f"model-{number}")
        page.press(".pull-form input", "Enter")
    for pull in pulls[:3]:
        assert pull.asked.wait(10)
    assert not pulls[3].asked.is_set()
    pulls[0].put(status="success")
    pulls[0].hang_up()
    assert pulls[3].asked.wait(10)
    for pull in pulls[1:]:
        pull.put(status="success")
        pull.hang_up()
    page.wait_for_selector(".pulls li", state="detached")


def test_a_pull_goes_on_after_its_connection_was_lost(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    first, second = ollama.talks_on("/api/pull", 2)
    opened(page)
    page.fill(".pull-form input", "newcomer:1b")
    page.press(".pull-form input", "Enter")
    assert first.asked.wait(10)
    first.put(status="pulling", completed=1, total=2)
    page.wait_for_selector(".pulls:has-text('pulling')")
    page.evaluate("window.sockets.at(-1).close(4000)")
    assert first.left.wait(10)
    assert second.asked.wait(10)
    second.put(status="success")
    second.hang_up()
    page.wait_for_selector(".pulls li", state="detached")


def test_a_model_is_deleted_only_after_a_question(page: Any, ollama: ScriptedOllama) -> None:
    asked: list[dict[str, Any]] = []

    async def delete(exchange: Exchange) -> None:
        asked.append(json.loads(await exchange.read_body()))
        await json_reply(None)(exchange)

    ollama.on("/api/delete", delete)
    opened(page)
    row = page.locator(".managed li", has_text="seer:4b")
    row.locator("[data-t-label='manage.delete']").click()
    row.locator(".button:has-text('Cancel')").click()
    assert asked == []
    row.locator("[data-t-label='manage.delete']").click()
    row.locator(".button.bad").click()
    page.wait_for_selector(".managed .button.bad", state="detached")
    assert asked == [{"model": "seer:4b"}]


def test_a_refused_copy_is_said(page: Any, ollama: ScriptedOllama) -> None:
    ollama.on("/api/copy", json_reply({"error": 'destination "?" is invalid'}, 400))
    opened(page)
    row = page.locator(".managed li", has_text="seer:4b")
    row.locator("[data-t-label='manage.copy']").click()
    row.locator("input").fill("?")
    row.locator("input").press("Enter")
    page.wait_for_selector("#models-view .said:has-text('is invalid')")


def test_what_is_typed_and_asked_stays_when_the_models_change(
    page: Any, ollama: ScriptedOllama
) -> None:
    ollama.on("/api/show", json_reply({"capabilities": ["completion"]}))
    opened(page)
    pull = ollama.talk_on("/api/pull")
    start_pull(page, "newcomer:1b")
    rows = page.locator(".managed li")
    rows.nth(0).locator("[data-t-label='manage.show']").click()
    rows.nth(1).locator("[data-t-label='manage.delete']").click()
    rows.nth(2).locator("[data-t-label='manage.copy']").click()
    rows.nth(2).locator("input").press_sequentially("my-")
    newcomer = model("newcomer:1b", "completion")
    ollama.on("/api/tags", json_reply({"models": [newcomer, *MODELS]}))
    ollama.on("/api/ps", json_reply({"models": [{"name": "talker:3b"}]}))
    assert pull.asked.wait(10)
    pull.put(status="success")
    pull.hang_up()
    page.wait_for_selector(".managed li:first-child:has-text('newcomer:1b')")
    page.keyboard.type("copy")
    assert rows.nth(3).locator("input").input_value() == "my-copy"
    assert page.locator(".managed .button.bad").count() == 1
    assert page.locator(".model-facts").count() == 1


def test_a_list_that_cannot_be_read_is_not_an_empty_one(page: Any, ollama: ScriptedOllama) -> None:
    page.wait_for_selector("#models-entry:not([hidden])", state="attached")
    ollama.on("/api/tags", json_reply({"error": "no luck"}, 500))
    page.click("#menu-button")
    page.click("#models-entry")
    page.wait_for_selector("#models-view .said:has-text('failed (status 500)')")
    assert page.is_hidden("#models-view [data-t='manage.none']")


def test_a_capability_that_the_page_does_not_know_keeps_its_name(
    page: Any, ollama: ScriptedOllama
) -> None:
    ollama.on("/api/show", json_reply({"capabilities": ["completion", "teleport"]}))
    opened(page)
    page.locator(".managed li >> nth=0").locator("[data-t-label='manage.show']").click()
    page.wait_for_selector(".model-facts dd:has-text('chat, teleport')")


def test_details_are_shown_and_folded_again(page: Any, ollama: ScriptedOllama) -> None:
    shown = {"capabilities": ["completion"], "parameters": "stop END", "license": "\nFree"}
    ollama.on("/api/show", json_reply(shown))
    opened(page)
    row = page.locator(".managed li", has_text="talker:3b")
    row.locator("[data-t-label='manage.show']").click()
    page.wait_for_selector(".model-facts:has-text('stop END')")
    row.locator("[data-t-label='manage.show']").click()
    page.wait_for_selector(".model-facts", state="detached")


def test_who_may_not_manage_is_not_shown_the_way(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    page.click("#menu-button")
    page.wait_for_selector("#models-entry", state="hidden")
    page.click("#menu .menu-row:has([data-t='token.menu'])")
    give(page, MANAGER)
    page.click("#menu-button")
    page.wait_for_selector("#models-entry:visible")


def test_a_pull_that_is_stopped_while_the_socket_opens_is_not_sent(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=slow)
    page.evaluate("window.openMs = 500")
    stopped, wanted = ollama.talks_on("/api/pull", 2)
    opened(page)
    page.fill(".pull-form input", "unwanted:1b")
    page.press(".pull-form input", "Enter")
    page.click(".pulls [data-t-label='manage.stop']")
    page.fill(".pull-form input", "wanted:1b")
    page.press(".pull-form input", "Enter")
    assert stopped.asked.wait(10)
    assert stopped.request == {"model": "wanted:1b"}
    assert not wanted.asked.is_set()
    stopped.put(status="success")
    stopped.hang_up()
    page.wait_for_selector(".pulls li", state="detached")
