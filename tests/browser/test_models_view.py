"""The models on the server, for those who may manage them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..backend import Exchange, json_reply
from .conftest import MANAGER, TOKEN
from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import exchange
from .test_connection import watched
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
    page.click(".pulls .button")
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
