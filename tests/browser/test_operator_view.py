"""The operator's view: what runs, what was used, which tokens there are; what others see of it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from ..backend import json_reply
from .conftest import MANAGER, OPERATOR, TOKEN
from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import LAST, answering, exchange
from .test_accessibility import AXE, complaints
from .test_connection import watched
from .test_token import give

VIEW = "#operator-view"
ROW = f"{VIEW} .activity li"
PLOTS = f"{VIEW} .plots"


def opened(page: Any) -> None:
    page.wait_for_selector("#operator-entry:not([hidden])", state="attached")
    page.click("#menu-button")
    page.click("#operator-entry")
    page.wait_for_selector(f"{VIEW}[open]")


@pytest.fixture
def sign_in(open_page: Callable[..., Any], closed_gateway: Gateway) -> Callable[..., Any]:
    def sign_in(token: str, **how: Any) -> Any:
        page = open_page(gateway=closed_gateway, **how)
        give(page, token)
        page.wait_for_selector("#token-dialog:not([open])", state="attached")
        return page

    return sign_in


def status(url: str, token: str) -> int:
    """With which status the gateway answers who has this token."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize("token", [OPERATOR, MANAGER], ids=["over the socket", "over HTTP"])
def test_somebodys_stream_is_seen_and_stopped_and_ollama_stops(
    sign_in: Callable[..., Any], ollama: ScriptedOllama, token: str
) -> None:
    reader = sign_in(TOKEN)
    talk = answering(reader, ollama, "Count.", "One")
    page = sign_in(token)
    opened(page)
    row = page.locator(ROW)
    row.wait_for()
    assert "page" in row.inner_text()
    assert "talker:3b" in row.inner_text()
    talk.say(" two")
    talk.say(" three")
    page.wait_for_selector(f"{ROW}:has-text('3 tokens')")
    assert "Writing" in row.inner_text()
    assert not talk.left.is_set()
    row.locator("button").click()
    assert talk.left.wait(10)
    row.wait_for(state="detached")
    page.wait_for_selector(f"{VIEW} .now:has-text('Nothing runs')")
    assert page.evaluate("document.activeElement.closest('.now') !== null")
    reader.wait_for_selector(f"{LAST} .failure")


def test_the_speed_of_a_stream_is_seen(page: Any, ollama: ScriptedOllama) -> None:
    talk = answering(page, ollama, "Count.", "One")
    opened(page)
    page.wait_for_selector(f"{ROW}:has-text('1 tokens')")
    for word in range(20):
        talk.say(f" {word}")
    page.wait_for_selector(f"{ROW}:has-text('21 tokens')")
    page.wait_for_selector(f"{ROW}:has-text('tokens/s')")
    talk.end()
    page.wait_for_selector(ROW, state="detached")


def test_those_who_wait_are_seen_in_their_order(
    open_page: Callable[..., Any], narrow_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = open_page(gateway=narrow_gateway)
    talk = answering(page, ollama, "Count.", "One")
    second = open_page(gateway=narrow_gateway)
    (other,) = ollama.talk()
    second.fill("#message", "And me?")
    second.press("#message", "Enter")
    second.wait_for_selector(f"{LAST} .state")
    opened(page)
    page.wait_for_selector(f"{ROW} >> nth=1")
    assert "place 1" in page.locator(ROW).nth(1).inner_text()
    assert "Running: 1 of at most 1. Waiting: 1." in page.inner_text(f"{VIEW} .now")
    page.locator(f"{ROW} button").nth(1).click()
    second.wait_for_selector(f"{LAST} .failure")
    assert not other.asked.is_set()
    talk.end()
    page.wait_for_selector(ROW, state="detached")


def test_who_may_not_manage_sees_their_own_requests_and_nothing_else(
    sign_in: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    other = sign_in(OPERATOR)
    others = answering(other, ollama, "Count.", "One")
    page = sign_in(TOKEN)
    own = answering(page, ollama, "Count too.", "Two")
    opened(page)
    page.wait_for_selector(f"{VIEW} h2:has-text('Your requests')")
    page.wait_for_selector(ROW)
    page.wait_for_selector(f"{VIEW} .now:has-text('Running: 2')")
    assert page.locator(ROW).count() == 1
    assert "operator" not in page.inner_text(VIEW)
    assert page.locator(f"{VIEW} section:visible").count() == 2
    page.click(f"{ROW} button")
    assert own.left.wait(10)
    assert not others.left.is_set()
    others.end()


def test_a_lost_socket_is_opened_again(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    opened(page)
    page.wait_for_selector(f"{VIEW} .now:has-text('Nothing runs')")
    page.evaluate("window.sockets.at(-1).close(4000)")
    page.wait_for_function("() => window.sockets.length === 2")
    (talk,) = ollama.talk()
    page.evaluate(
        "fetch('/api/chat', { method: 'POST', body: JSON.stringify({ model: 'talker:3b',"
        " messages: [] }) }) && null"
    )
    assert talk.asked.wait(10)
    page.wait_for_selector(ROW)
    talk.end()


def test_models_in_memory_are_shown_with_what_they_occupy(
    page: Any, ollama: ScriptedOllama
) -> None:
    loaded = {
        "name": "talker:3b",
        "size": 4_000_000_000,
        "size_vram": 3_000_000_000,
        "context_length": 8192,
        "expires_at": "2318-01-01T00:00:00Z",
    }
    ollama.on("/api/ps", json_reply({"models": [loaded]}))
    opened(page)
    page.wait_for_selector(f"{VIEW} .loaded li")
    said = page.inner_text(f"{VIEW} .loaded li")
    for words in ("talker:3b", "4 GB", "75 % on the GPU", "context 8,192", "stays"):
        assert words in said
    assert "Ollama" in page.inner_text(f"{VIEW} dl")
    width = page.get_attribute(f"{VIEW} .loaded rect >> nth=1", "width")
    assert float(width) == 75
    ollama.on("/api/ps", json_reply({"models": []}))  # it is looked at again by itself
    page.wait_for_selector(f"{VIEW} .loaded li", state="detached")


def test_usage_is_drawn_by_day_credential_and_model(
    sign_in: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = sign_in(OPERATOR)
    exchange(page, ollama, "Hello.", "Hi.")
    opened(page)
    page.wait_for_selector(f"{PLOTS} .ranking >> nth=1")
    assert page.locator(f"{PLOTS} .columns rect").count() == 30
    credentials = page.inner_text(f"{PLOTS} .ranking >> nth=0")
    assert "operator" in credentials
    assert "talker:3b" in page.inner_text(f"{PLOTS} .ranking >> nth=1")
    last = page.locator(f"{PLOTS} .columns rect").last
    assert float(last.get_attribute("height")) == 100
    page.select_option(f"{VIEW} .usage select >> nth=1", "7")
    page.wait_for_function(
        "() => document.querySelectorAll('#operator-view .columns rect').length === 7"
    )
    page.select_option(f"{VIEW} .usage select >> nth=0", "seconds")
    assert "GPU seconds" in page.inner_text(f"{PLOTS} .plot-total")
    page.select_option(f"{VIEW} .usage select >> nth=0", "requests")
    assert "Requests" in page.inner_text(f"{PLOTS} .plot-total")


def test_own_usage_is_shown_to_who_may_not_manage(
    sign_in: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = sign_in(TOKEN)
    exchange(page, ollama, "Hello.", "Hi.")
    opened(page)
    page.wait_for_selector(f"{PLOTS} .ranking")
    assert page.inner_text(f"{VIEW} .usage h3") == "Your usage"
    assert page.locator(f"{PLOTS} .ranking").count() == 1


def test_a_token_is_made_shown_once_and_revoked(
    sign_in: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = sign_in(OPERATOR)
    opened(page)
    page.wait_for_selector(f"{VIEW} .tokens li:has-text('operator')")
    page.fill(f"{VIEW} .token-form input >> nth=0", "laptop")
    page.fill(f"{VIEW} .token-form input >> nth=1", "talker:*, llama3*")
    page.press(f"{VIEW} .token-form input >> nth=1", "Enter")
    page.wait_for_selector(f"{VIEW} .new-token code")
    token = page.inner_text(f"{VIEW} .new-token code")
    assert status(f"{closed_gateway.url}api/version", token) == 200
    assert page.evaluate("document.activeElement.dataset.tLabel") == "operator.token.copy"
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{VIEW} .new-token [data-t-label='copied']")
    assert page.evaluate("navigator.clipboard.readText()") == token
    row = f"{VIEW} .tokens li:has(b:text-is('laptop'))"
    assert "talker:* llama3*" in page.inner_text(row)
    assert "may use models" in page.inner_text(row)

    page.keyboard.press("Escape")
    page.wait_for_selector(f"{VIEW}:not([open])", state="attached")
    assert token not in page.content()
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    assert token not in page.evaluate(kept)
    opened(page)
    page.wait_for_selector(row)
    assert token not in page.content()

    page.click(f"{row} [data-t-label='operator.revoke']")
    assert page.evaluate("document.activeElement.dataset.t") == "cancel"
    page.click(f"{row} .button.bad")
    page.wait_for_selector(f"{row}:has-text('revoked')")
    assert status(f"{closed_gateway.url}api/version", token) == 401


def test_a_token_that_cannot_be_made_is_said_in_words(
    sign_in: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = sign_in(OPERATOR)
    opened(page)
    page.fill(f"{VIEW} .token-form input >> nth=0", "operator")
    page.press(f"{VIEW} .token-form input >> nth=0", "Enter")
    page.wait_for_selector(f"{VIEW} .tokens .said:has-text('There is a token named operator')")
    assert page.input_value(f"{VIEW} .token-form input >> nth=0") == "operator"


def test_a_token_made_while_the_view_closes_is_not_shown(
    sign_in: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = sign_in(OPERATOR)
    made = json.dumps({"name": "late", "token": "to-late-token"})
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route) if route.request.method == "POST" else route.continue_()

    page.route("**/admin/tokens", hold)
    opened(page)
    page.fill(f"{VIEW} .token-form input >> nth=0", "late")
    page.press(f"{VIEW} .token-form input >> nth=0", "Enter")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{VIEW}:not([open])", state="attached")
    with page.expect_response("**/admin/tokens"):
        held[0].fulfill(status=201, body=made, content_type="application/json")
    opened(page)
    page.wait_for_selector(f"{VIEW} .tokens li")
    assert "to-late-token" not in page.content()


def test_who_has_sent_no_token_makes_none(page: Any, ollama: ScriptedOllama) -> None:
    opened(page)
    page.wait_for_selector(f"{VIEW} .tokens:has-text('Enter a token that may manage')")
    assert page.locator(f"{VIEW} .token-form:visible").count() == 0


def test_recent_errors_are_shown_by_kind(
    sign_in: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = sign_in(OPERATOR)
    assert status(f"{closed_gateway.url}admin/tokens", TOKEN) == 403
    opened(page)
    page.wait_for_selector(f"{VIEW} details")
    kind = page.locator(f"{VIEW} details", has_text="/admin/tokens").first
    kind.locator("summary").click()
    said = kind.inner_text()
    assert "GET /admin/tokens · 403" in said
    assert "page" in said


def test_the_view_is_fetched_when_it_is_opened(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    asked: list[str] = []
    page = open_page(before=lambda page: page.on("request", lambda r: asked.append(r.url)))
    page.wait_for_selector("#operator-entry", state="attached")
    of_the_view = re.compile(r"/operator|/usage\?|/queue$|/admin/")
    assert not [url for url in asked if of_the_view.search(url)]
    opened(page)
    page.wait_for_selector(f"{VIEW} .now:has-text('Nothing runs')")
    assert [url for url in asked if "/operator" in url]


def test_nothing_is_asked_once_it_is_closed(page: Any, ollama: ScriptedOllama) -> None:
    sent: list[str] = []

    def listen(socket: Any) -> None:
        socket.on("framesent", lambda frame: sent.append(json.loads(frame)["type"]))

    page.on("websocket", listen)
    opened(page)
    page.wait_for_selector(f"{VIEW} .now:has-text('Nothing runs')")
    with page.expect_event("console", lambda message: message.text == "closed"):
        page.evaluate(
            "document.getElementById('operator-view').addEventListener('close',"
            " () => setTimeout(() => console.info('closed'), 100))"
        )
        page.keyboard.press("Escape")
    assert sent == ["watch", "cancel"]


@pytest.mark.skipif(not AXE.exists(), reason="node_modules is missing: make page")
@pytest.mark.parametrize(
    ("scheme", "contrast"), [("light", "normal"), ("dark", "normal"), ("dark", "high")]
)
def test_axe_finds_nothing_serious_in_it(
    sign_in: Callable[..., Any], ollama: ScriptedOllama, scheme: str, contrast: str
) -> None:
    page = sign_in(OPERATOR, scheme=scheme)
    if contrast == "high":
        page.evaluate("document.documentElement.dataset.contrast = 'high'")
    exchange(page, ollama, "Hello.", "Hi.")  # or there is no usage to plot
    talk = answering(page, ollama, "Count.", "One")
    opened(page)
    page.wait_for_selector(ROW)
    page.wait_for_selector(f"{VIEW} .tokens li")
    page.fill(f"{VIEW} .token-form input >> nth=0", f"axe-{scheme}-{contrast}")
    page.press(f"{VIEW} .token-form input >> nth=0", "Enter")
    page.wait_for_selector(f"{VIEW} .new-token code")
    page.wait_for_selector(PLOTS)
    assert complaints(page) == []
    talk.end()


@pytest.mark.parametrize("width", [360, 320])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_narrow_screen_holds_it(
    sign_in: Callable[..., Any], ollama: ScriptedOllama, width: int, locale: str
) -> None:
    page = sign_in(OPERATOR, width=width, locale=locale, touch=True)
    talk = answering(page, ollama, "Count.", "One")
    opened(page)
    page.wait_for_selector(ROW)
    page.wait_for_selector(f"{VIEW} .tokens li")
    wide = "(s) => { const b = document.querySelector(s); return b.scrollWidth - b.clientWidth }"
    assert page.evaluate(wide, f"{VIEW} .drawer-body") == 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    talk.end()


def test_the_keyboard_reaches_all_of_it(
    sign_in: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = sign_in(OPERATOR)
    talk = answering(page, ollama, "Count.", "One")
    page.focus("#menu-button")
    page.keyboard.press("Enter")
    page.focus("#operator-entry")
    page.keyboard.press("Enter")
    page.wait_for_selector(ROW)
    page.wait_for_selector(f"{VIEW} .tokens li")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.dataset.t ?? document.activeElement.tagName")
        )
    assert {"operator.stop", "SELECT", "operator.token.make"} <= reached
    page.locator(f"{ROW} button").focus()
    page.keyboard.press("Enter")
    assert talk.left.wait(10)
