"""A gateway that wants a token: asking for it, keeping it, forgetting it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ..backend import json_reply
from .conftest import MANAGER, TOKEN
from .gateway import Gateway
from .ollama import ScriptedOllama, model
from .steps import ask, case, exchange, texts


def list_only(page: Any, name: str) -> None:
    """The gateway lists this model, whatever the token covers."""
    tags = json.dumps({"models": [{"name": name, "capabilities": ["completion"]}]})
    page.route("**/api/tags", lambda route: route.fulfill(body=tags))


def give(page: Any, token: str, *, remember: bool = False) -> None:
    page.wait_for_selector("#token-dialog[open]")
    page.fill("#token", token)
    page.set_checked("#token-keep", remember)
    page.click("#token-dialog .button.main")


def stores(page: Any) -> dict[str, str | None]:
    read = "(name) => window[name].getItem('tornado-ollama.token')"
    return {name: page.evaluate(read, name) for name in ("sessionStorage", "localStorage")}


def test_a_token_is_asked_for_tried_and_used(
    open_page: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, "wrong")
    page.wait_for_selector("#token-said:has-text('does not know this token')")
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    assert page.locator("#notice").is_hidden()
    exchange(page, ollama, "Hello.", "Hello, known one.")
    assert texts(page)[-1] == "Hello, known one."
    assert TOKEN not in page.url


def test_a_token_is_asked_for_where_the_host_name_needs_one(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    def refuse(page: Any) -> None:
        error = {"error": "This host name is not served here without a credential."}
        fulfil = {"status": 403, "body": json.dumps(error)}
        page.route(
            "**/api/tags",
            lambda route: (
                route.continue_()
                if "authorization" in route.request.headers
                else route.fulfill(**fulfil)
            ),
        )

    page = open_page(gateway=closed_gateway, before=refuse)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")


def test_the_dialog_tells_the_url_for_programs_that_can_send_no_header(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    page = open_page(gateway=closed_gateway)
    page.wait_for_selector("#token-dialog[open]")
    assert f"{closed_gateway.url.rstrip('/')}/k/TOKEN," in page.inner_text("#token-path")


@pytest.mark.parametrize(
    "pasted",
    [f"\u200b{TOKEN}\ufeff", f"Bearer {TOKEN}", f'"{TOKEN}"', f"Authorization: Bearer '{TOKEN}' "],
)
def test_what_comes_along_with_a_copied_token_is_taken_off(
    open_page: Callable[..., Any], closed_gateway: Gateway, pasted: str
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, pasted)
    page.wait_for_selector(".tries button")
    assert stores(page)["sessionStorage"] == TOKEN


def test_what_no_token_looks_like_is_said_to_be_none(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    page = open_page(gateway=closed_gateway)
    for pasted in ("пароль", "two words", "令牌"):
        with case(pasted):
            give(page, pasted)
            page.wait_for_selector("#token-said:has-text('This is not a token')")
            page.evaluate("document.querySelector('#token-said').replaceChildren()")


def test_browsers_are_not_asked_to_keep_the_token(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    advice: list[str] = []

    def listen(page: Any) -> None:
        page.on("console", lambda message: advice.append(message.text))

    page = open_page(gateway=closed_gateway, before=listen)
    page.wait_for_selector("#token-dialog[open]")
    assert page.get_attribute("#token", "autocomplete") == "off"
    assert page.get_attribute("#token", "type") == "password"
    page.wait_for_timeout(300)
    assert [text for text in advice if "assword" in text] == []


def test_a_token_that_may_use_no_model_here_is_told_so(
    open_page: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    ollama.on("/api/tags", json_reply({"models": [model("seer:4b", "completion")]}))
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN)
    page.wait_for_selector(".who:has-text('no model here that you may use with this token')")
    page.click("#welcome .button:has-text('Enter a token')")
    give(page, MANAGER)
    page.wait_for_selector(".tries button")


def test_a_token_lives_as_long_as_the_tab(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    assert stores(page) == {"sessionStorage": TOKEN, "localStorage": None}
    page.reload()
    page.wait_for_selector(".tries button")


def test_a_token_is_remembered_when_asked_and_forgotten_with_one_click(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN, remember=True)
    page.wait_for_selector(".tries button")
    assert stores(page) == {"sessionStorage": None, "localStorage": TOKEN}
    other = page.context.new_page()
    other.goto(closed_gateway.url)
    other.wait_for_selector(".tries button")
    page.click("#menu-button")
    page.click("#menu .menu-row:has-text('Token')")
    page.click("#token-dialog .button.bad")
    assert stores(page) == {"sessionStorage": None, "localStorage": None}
    page.wait_for_selector("#notice:has-text('asks for a token')")


def test_a_question_refused_for_want_of_a_token_is_asked_again_with_it(
    open_page: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = open_page(gateway=closed_gateway, before=lambda page: list_only(page, "talker:3b"))
    page.wait_for_selector(".tries button")
    (talk,) = ollama.talk()
    ask(page, "Do you know me?")
    page.wait_for_selector(".failure:has-text('asks for a token')")
    page.unroute("**/api/tags")
    page.click(".failure .button:has-text('Enter a token')")
    give(page, TOKEN)
    assert talk.asked.wait(10)
    talk.say("Now I do.")
    talk.end()
    page.wait_for_selector(".turn.assistant:has-text('Now I do.')")
    assert page.locator(".failure").count() == 0


def test_only_the_models_of_the_token_are_offered(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    page.click("#model-button")
    page.wait_for_selector("#model-options .option")
    assert page.locator("#model-options .option-name").all_inner_texts() == ["talker:3b"]


def test_a_model_the_token_may_not_use_is_refused_in_words(
    open_page: Callable[..., Any], closed_gateway: Gateway
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    list_only(page, "thinker:8b")
    page.reload()
    page.wait_for_selector("#model-name:has-text('thinker:8b')")
    ask(page, "May I?")
    page.wait_for_selector(".failure:has-text('Your token does not allow this.')")
    assert "thinker:8b" in page.inner_text(".failure .said")
    page.click(".failure .button:has-text('Choose another model')")
    page.wait_for_selector("#model-panel:popover-open")
