"""Themes, narrow screens, and the controls that hands and screen readers need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .ollama import ScriptedOllama
from .steps import LAST, answered, ask, exchange

LONG = "An unbreakable " + "word" * 60 + " and then more of the same, in a sentence that wraps."


@pytest.mark.parametrize("width", [320, 360, 1280, 2200])
def test_nothing_sticks_out_at_any_width(
    open_page: Callable[..., Any], ollama: ScriptedOllama, width: int
) -> None:
    page = open_page(width=width)
    exchange(page, ollama, LONG, LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    room, used = page.evaluate(
        "(({clientWidth, scrollWidth}) => [clientWidth, scrollWidth])(window.scroller)"
    )
    assert used <= room
    for selector in ("#model-button", "#new-chat", "#menu-button", "#send"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_the_column_is_no_wider_than_it_reads_well(open_page: Callable[..., Any]) -> None:
    page = open_page(width=2200)
    assert page.locator("#composer").bounding_box()["width"] <= 44 * 16


def test_the_theme_follows_the_system_until_one_is_chosen(open_page: Callable[..., Any]) -> None:
    page = open_page(scheme="dark")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.emulate_media(color_scheme="light")
    page.wait_for_selector("html[data-theme='light']")
    page.click("#menu-button")
    page.click("#menu label:has-text('Dark')")
    page.wait_for_selector("html[data-theme='dark']")
    page.reload()
    page.wait_for_selector("html[data-theme='dark'][data-ready]")


def test_every_control_has_a_name(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    page.click("#menu-button")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, [role=listbox]')]
        .filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim()
            || node.labels?.length)).map((node) => node.outerHTML)"""
    )
    assert nameless == []


def test_the_conversation_can_be_led_by_keyboard(page: Any, ollama: ScriptedOllama) -> None:
    page.wait_for_selector(".tries button")
    (talk,) = ollama.talk()
    page.focus("#message")
    page.keyboard.type("Hello.")
    reached = []
    while "send" not in reached:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached == ["attach", "settings-button", "send"]
    page.keyboard.press("Enter")
    assert talk.asked.wait(10)
    talk.say("Hello.")
    talk.end()
    page.wait_for_selector("#send[data-t-label='composer.send']")
    page.focus("#model-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#model-panel:popover-open")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#model-name:has-text('thinker:8b')")
    assert page.evaluate("document.activeElement.id") == "message"


def test_the_keys_are_told_and_work(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    assert "Stop the answer" in page.inner_text("#help")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "message"
    page.keyboard.type("a/b?")
    assert page.input_value("#message") == "a/b?"
    page.keyboard.press("Control+k")
    page.wait_for_selector("#model-panel:popover-open")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+c")
    page.wait_for_selector("#side:visible")
    page.keyboard.press("Alt+n")
    page.wait_for_selector(".tries button")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_from_right_to_left(
    open_page: Callable[..., Any], ollama: ScriptedOllama, width: int
) -> None:
    page = open_page(width=width)
    page.evaluate("document.documentElement.dir = 'rtl'")
    exchange(page, ollama, LONG, f"- {LONG}\n\n> {LONG}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    question = page.locator(".turn.user > .body").bounding_box()
    assert question["x"] <= width / 2
    for selector in ("#side-toggle", "#new-chat", "#menu-button", "#send"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_fingers_get_targets_of_44_pixels(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, touch=True)
    for selector in ("#model-button", "#new-chat", "#menu-button", "#send"):
        assert page.locator(selector).bounding_box()["height"] >= 44


ARABIC = "مرحبا بالعالم! كيف حالك؟"
HEBREW = "שלום עולם! מה שלומך?"


def directions(page: Any, selector: str) -> set[str]:
    found = page.locator(selector).evaluate_all(
        "all => all.map((node) => getComputedStyle(node).direction)"
    )
    assert found, selector
    return set(found)


def test_what_is_written_from_right_to_left_is_laid_out_so(
    page: Any, ollama: ScriptedOllama
) -> None:
    answer = (
        f"# {ARABIC}\n\n{ARABIC}\n\n- {ARABIC}\n- {HEBREW}\n\n> {HEBREW}\n\n"
        f"| {ARABIC} | {ARABIC} |\n|---|---|\n| {ARABIC} | 1 |\n\n"
        f"```python\nx = 1  # {ARABIC}\n```\n"
    )
    page.fill("#message", ARABIC)
    assert directions(page, "#message") == {"rtl"}
    (talk,) = ollama.talk()
    ask(page, ARABIC)
    assert talk.asked.wait(10)
    talk.say(thinking=HEBREW)
    talk.say(answer)
    talk.end()
    page.wait_for_selector(f"{LAST} pre")
    for part in ("h3", "p", "ul", "li", "blockquote", "th", "td", ".thinking .body"):
        assert directions(page, f"{LAST} {part}") == {"rtl"}, part
    assert directions(page, ".turn.user .body") == {"rtl"}
    assert directions(page, f"{LAST} pre") == {"ltr"}
    item, list_ = (page.locator(f"{LAST} {part}").first.bounding_box() for part in ("li", "ul"))
    assert item["x"] == list_["x"], "the bullets are at the right"
    page.hover(".turn.user")
    page.click(".turn.user [data-t-label='turn.edit']")
    assert directions(page, ".edit-box") == {"rtl"}
    page.click(".edit .button:not(.main)")
    page.click("#side-toggle")
    page.wait_for_selector(".chat-title")
    assert directions(page, ".chat-title") == {"rtl"}


def test_text_of_two_directions_keeps_to_its_own(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Greet.", f"In Arabic:\n\n{ARABIC}\n\n- English\n- words")
    assert directions(page, f"{LAST} p >> nth=0") == {"ltr"}
    assert directions(page, f"{LAST} p >> nth=1") == {"rtl"}
    assert directions(page, f"{LAST} ul") == {"ltr"}


def test_wide_tables_scroll_and_break_no_words(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360)
    words = "Internationalisation | Responsibility | `unpronounceable_name` | Straightforward"
    exchange(page, ollama, "Compare.", f"| {words} |\n|---|---|---|---|\n| {words} |\n")
    room, used = page.locator(f"{LAST} .table").evaluate("(n) => [n.clientWidth, n.scrollWidth]")
    assert used > room
    heights = page.locator(f"{LAST} th").evaluate_all("all => all.map((n) => n.clientHeight)")
    assert max(heights) < 45, "one line each"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_bar_keeps_its_buttons_and_the_name(
    open_page: Callable[..., Any], ollama: ScriptedOllama, width: int
) -> None:
    page = open_page(width=width)
    page.wait_for_selector("#model-name:has-text('talker')")
    # In one go, because the page says who answers whenever it has looked.
    measure = """(words) => {
        const byId = (id) => document.getElementById(id);
        const [name, chip] = ['model-name', 'backend-chip'].map(byId);
        name.textContent = words;
        chip.hidden = false;
        chip.textContent = 'embedded model';
        const buttons = ['side-toggle', 'new-chat', 'menu-button'].map((id) => (
            byId(id).getBoundingClientRect()));
        const range = document.createRange();
        range.selectNodeContents(name);
        const text = range.getBoundingClientRect();
        return { narrowest: Math.min(...buttons.map((one) => one.width)), end: buttons[2].right,
            chip: chip.offsetWidth, isCut: text.width > name.getBoundingClientRect().width };
    }"""
    short = page.evaluate(measure, "smollm2")
    assert short["narrowest"] >= 36 and short["end"] <= width
    assert short["chip"] >= 50 and not short["isCut"]
    long = page.evaluate(measure, "registry.example.org/somebody/" + "a-very-long-name" * 9)
    assert long["narrowest"] >= 36 and long["end"] <= width
    assert long["chip"] >= 50 and long["isCut"]


def test_the_empty_page_begins_at_its_beginning(open_page: Callable[..., Any]) -> None:
    page = open_page(width=320, height=480)
    page.wait_for_selector(".tries button")
    page.wait_for_timeout(50)
    assert page.evaluate("window.scroller.scrollTop") == 0
    assert page.locator("#jump").is_hidden()


def test_figures_of_older_turns_stand_without_a_hole_before_them(
    page: Any, ollama: ScriptedOllama
) -> None:
    for word in ("One.", "Two."):
        exchange(page, ollama, word, word)
    page.hover("#message")
    answer = page.locator(".turn.assistant >> nth=0")
    mark, words = (answer.locator(part).bounding_box() for part in (".foot .mark", ".prose"))
    assert abs(mark["x"] + 8 - words["x"]) <= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_edge_of_a_field_is_seen(open_page: Callable[..., Any], scheme: str) -> None:
    page = open_page(scheme=scheme)
    page.evaluate("document.activeElement.blur()")
    page.click("#settings-button")
    page.wait_for_timeout(200)
    ratio = """(node) => {
        const light = (colour) => {
            const [r, g, b] = colour.match(/\\d+/g).map((part) => part / 255)
                .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        };
        const behind = getComputedStyle(node.closest('dialog') ?? document.body).backgroundColor;
        const pair = [light(getComputedStyle(node).borderTopColor), light(behind)];
        return Math.max(...pair) / Math.min(...pair);
    }"""
    for selector in (".composer", "#setting-system", "#setting-seed"):
        assert page.locator(selector).evaluate(ratio) >= 3, selector


def test_a_long_question_is_folded(page: Any, ollama: ScriptedOllama) -> None:
    log = "\n".join(f"{number} GET /index.html 200" for number in range(6000))
    (talk,) = ollama.talk()
    # Typed by the driver, so many lines would take a minute.
    page.evaluate(
        """(log) => { const box = document.getElementById('message'); box.value = log;
        box.dispatchEvent(new Event('input', { bubbles: true })); }""",
        log,
    )
    page.press("#message", "Enter")
    assert talk.asked.wait(10)
    talk.say("Fine.")
    talk.end()
    answered(page)
    assert talk.request["messages"][-1]["content"] == log
    question = page.locator(".turn.user .body")
    assert question.bounding_box()["height"] < 500
    toggle = question.locator("button")
    assert toggle.get_attribute("aria-expanded") == "false"
    toggle.click()
    assert question.bounding_box()["height"] > 100_000
    assert toggle.inner_text() == "Show less"
    top = page.evaluate("window.scroller.scrollTop")
    page.wait_for_timeout(50)
    assert page.evaluate("window.scroller.scrollTop") == top, "the reader stays at its beginning"
    toggle.evaluate("(node) => node.click()")
    assert toggle.get_attribute("aria-expanded") == "false"
    assert question.bounding_box()["height"] < 500
    page.hover(".turn.user")
    page.click(".turn.user [data-t-label='turn.copy']")
    page.wait_for_selector(".turn.user [data-t-label='copied']")
    assert page.evaluate("navigator.clipboard.readText()") == log
    page.click(".turn.user [data-t-label='turn.edit']")
    assert page.input_value(".edit-box") == log
    assert page.locator(".edit-box").bounding_box()["height"] < 600


def test_a_short_question_is_not_folded(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    assert page.locator(".turn.user .body button").count() == 0
