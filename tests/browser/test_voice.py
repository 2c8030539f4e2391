"""Reading aloud and dictation, by voices and ears that the tests lend to the browsers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import BOX, LAST, answered, answering, case, exchange, new_chat
from .test_accessibility import complaints
from .test_other_browsers import Browser
from .test_points import ANSWER as LAST_ANSWER
from .test_points import BROWSERS, Reader, try_point
from .test_turns import choose, press
from .webkit import WebKit

VOICES = """
    window.said = [];
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    const speech = new EventTarget();
    Object.assign(speech, {
        getVoices: () => [{ lang: 'en' }],
        speak: (one) => { said.push([one.lang, one.text]); window.speaking = one; },
        cancel: () => { window.speaking = null; window.cancelled = said.length; },
    });
    Object.defineProperty(window, 'speechSynthesis', { value: speech });
"""
"""A browser that speaks what is never heard: a sentence ends when the test says so."""

EARS = """
    window.heard = [];
    window.SpeechRecognition = window.webkitSpeechRecognition = class {
        constructor() { window.ears = this; }
        start() { heard.push(this.lang); }
        stop() { this.onend(); }
        abort() { heard.push('aborted'); this.onend(); }
        say(transcript, isFinal = true) {
            this.onresult({ resultIndex: 0, results: [{ isFinal, 0: { transcript } }] });
        }
    };
"""

READ = f"{LAST} .read"
ANSWER = (
    "## Otters\n\nThey **hold** [hands](https://a.example/). It is true.\n\n"
    "```python\nprint(1)\nprint(2)\n```\n\n- one\n- $\\frac{1}{2}$ and <b>more</b>\n\n"
    "| a | b |\n|---|---|\n| c | d |"
)


def with_voices(page: Any) -> None:
    page.add_init_script(VOICES)


def with_ears(page: Any) -> None:
    page.add_init_script(EARS)
    page.add_init_script(
        "localStorage.setItem('tornado-ollama.settings', JSON.stringify({ dictate: 'true' }))"
    )


def said_all(page: Any) -> list[list[str]]:
    """Lets it speak to the end."""
    page.wait_for_function("() => window.speaking")
    page.evaluate(
        "() => { while (window.speaking) { const one = window.speaking;"
        " window.speaking = null; one.onend(); } }"
    )
    said: list[list[str]] = page.evaluate("said")
    return said


def test_an_answer_is_read_without_marks_and_code_is_named(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=with_voices)
    exchange(page, ollama, "Otters?", ANSWER)
    page.click(READ)
    page.wait_for_selector(f"{READ}[aria-pressed='true']")
    assert [text for _, text in said_all(page)] == [
        *("Otters", "They hold hands.", "It is true.", "Code python, lines: 2."),
        *("one", "a formula and more", "a, b", "c, d"),
    ]
    page.wait_for_selector(f"{READ}[aria-pressed='false']")


def test_an_answer_is_read_in_its_own_language(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=with_voices)
    for answer, language in (
        ("The otter is with you.", "en"),
        ("Der Otter ist nicht zu sehen.", "de"),
        ("水獭手拉着手睡觉。", "zh-CN"),
        ("カワウソは手をつなぐ。", "ja"),
        ("Otter", "en"),  # nothing tells: as the page
    ):
        with case(answer):
            exchange(page, ollama, "Say.", answer)
            page.click(READ)
            assert said_all(page) == [[language, answer]]
            new_chat(page)
            forget_speech(page)


def test_a_long_sentence_is_read_in_pieces(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=with_voices)
    words = "and so it goes on " * 100
    exchange(page, ollama, "Say.", words)
    page.click(READ)
    pieces = [text for _, text in said_all(page)]
    assert max(map(len, pieces)) <= 300 and " ".join(pieces) == words.strip()


def test_reading_ends(open_page: Callable[..., Any], ollama: ScriptedOllama) -> None:
    page = open_page(before=with_voices)
    for how in ("again", "escape", "another", "new chat"):
        with case(how):
            reading_ends(page, ollama, how)
            new_chat(page)
            forget_speech(page)


def forget_speech(page: Any) -> None:
    """What is said from now on is counted anew."""
    page.evaluate("window.said.splice(0), window.speaking = window.cancelled = undefined")


def reading_ends(page: Any, ollama: ScriptedOllama, how: str) -> None:
    exchange(page, ollama, "First.", "One is here. Two is here.")
    exchange(page, ollama, "Second.", "Three is here.")
    first = ".turn.assistant:nth-of-type(2) .read"
    page.focus(first)
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.speaking")
    if how == "again":
        page.keyboard.press("Space")
    elif how == "escape":
        page.keyboard.press("Escape")
    elif how == "another":
        page.click(READ)
        page.wait_for_function("() => window.speaking?.text === 'Three is here.'")
        assert page.get_attribute(READ, "aria-pressed") == "true"
    else:
        page.click("#new-chat")
    assert page.evaluate("window.cancelled") == 1
    if how != "another":
        assert page.evaluate("window.speaking") is None
    if how != "new chat":
        assert page.get_attribute(first, "aria-pressed") == "false"


def test_reading_ends_with_the_answer_that_is_read(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=with_voices)
    for how in ("removed", "in other words", "answered anew"):
        with case(how):
            reading_ends_with_its_answer(page, ollama, how)
            new_chat(page)
            forget_speech(page)


def reading_ends_with_its_answer(page: Any, ollama: ScriptedOllama, how: str) -> None:
    exchange(page, ollama, "First.", "One is here. Two is here.")
    page.click(READ)
    page.wait_for_function("() => window.speaking")
    if how == "removed":
        choose(page, "turn.remove")
    elif how == "in other words":
        choose(page, "turn.editAnswer")
        page.fill(f"{LAST} .edit-box", "Three is here.")
        page.click(f"{LAST} [data-t='turn.edit.save']")
    else:
        (talk,) = ollama.talk()
        press(page, "turn.again")
        assert talk.asked.wait(10)
        talk.end()
        answered(page)
    page.wait_for_function("() => window.cancelled === 1 && !window.speaking")
    assert page.query_selector(".read[aria-pressed='true']") is None


def test_what_the_browser_cannot_do_is_not_offered(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    bare = """
        Object.defineProperty(window, 'speechSynthesis', { value: undefined });
        delete window.SpeechRecognition; delete window.webkitSpeechRecognition;
        localStorage.setItem('tornado-ollama.settings', JSON.stringify({ dictate: 'true' }));"""
    page = open_page(before=lambda page: page.add_init_script(bare))
    exchange(page, ollama, "Hello.", "Hello.")
    page.hover(LAST)
    assert page.is_hidden(READ) and page.query_selector("#dictate") is None
    page.click("#settings-button")
    page.wait_for_selector("#settings[open]")
    assert page.is_hidden("#setting-dictate")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_dictation_is_off_until_the_reader_switches_it_on_and_knows(
    open_page: Callable[..., Any], locale: str
) -> None:
    page = open_page(width=360, locale=locale, before=lambda page: page.add_init_script(EARS))
    assert page.query_selector("#dictate") is None
    page.click("#settings-button")
    page.select_option("#setting-dictate", "true")
    page.keyboard.press("Escape")
    page.fill(BOX, "Before.")
    page.focus("#dictate")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ask [data-t='dictate.ask']")
    assert complaints(page) == [] and page.evaluate("heard") == []
    page.keyboard.press("Escape")
    assert page.evaluate("heard") == []
    page.keyboard.press("Enter")
    page.click("#ask .button.main")
    page.wait_for_selector("#dictate[aria-pressed='true']")
    assert page.evaluate("heard") == [locale] and complaints(page) == []
    page.evaluate("ears.say('not yet', false)")
    page.evaluate("ears.say('what I say')")
    assert page.input_value(BOX) == "Before. what I say"
    page.focus("#dictate")
    page.keyboard.press("Enter")
    page.wait_for_selector("#dictate[aria-pressed='false']")
    page.keyboard.press("Enter")  # it is not asked again
    page.wait_for_selector("#dictate[aria-pressed='true']")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("how", ["sent", "by Enter", "as the next", "new chat", "switched off"])
def test_dictation_ends(open_page: Callable[..., Any], ollama: ScriptedOllama, how: str) -> None:
    page = open_page(before=with_ears)
    if how == "as the next":
        answering(page, ollama, "Hello.", "Hello")
    else:
        exchange(page, ollama, "Hello.", "Hello.")
    page.click("#dictate")
    page.click("#ask .button.main")
    page.evaluate("ears.say('Otters?')")
    if how in ("sent", "by Enter"):
        (talk,) = ollama.talk()
        page.click("#send") if how == "sent" else page.press(BOX, "Enter")
        assert talk.asked.wait(10)
        assert talk.request["messages"][-1]["content"] == "Otters?"
        talk.end()
    elif how == "as the next":
        page.press(BOX, "Enter")
    elif how == "new chat":
        page.click("#new-chat")
    else:
        page.click("#settings-button")
        page.select_option("#setting-dictate", "")
        page.keyboard.press("Escape")
        page.wait_for_selector("#dictate", state="hidden")
    page.wait_for_function("() => heard.at(-1) === 'aborted'")
    page.evaluate("ears.say('too late')")
    page.wait_for_function(f"() => !document.querySelector('{BOX}').value.includes('too late')")


def test_dictation_that_fails_says_so(open_page: Callable[..., Any]) -> None:
    page = open_page(before=with_ears)
    page.click("#dictate")
    page.click("#ask .button.main")
    for error, said in (
        ("no-speech", ""),
        ("not-allowed", "dictate.refused"),
        ("network", "dictate.failed"),
    ):
        with case(error):
            page.wait_for_selector("#dictate[aria-pressed='true']")
            page.evaluate(f"ears.onerror({{ error: '{error}' }}), ears.onend()")
            page.wait_for_selector("#dictate[aria-pressed='false']")
            if said:
                page.wait_for_selector(f"#toast [data-t='{said}']")
            else:
                assert page.is_hidden("#toast")
            page.click("#dictate")


def lend(reader: Reader, script: str) -> None:
    """Runs a script that another browser gets before the page."""
    reader.browser.evaluate(f"(() => {{ {script} return true; }})()")


def reading(reader: Reader) -> None:
    lend(reader, VOICES + "document.documentElement.dataset.voices = '';")
    reader.is_answered("Otters?", "They **hold** hands.")
    reader.there(f"{LAST_ANSWER} .read")
    reader.click(f"{LAST_ANSWER} .read")
    reader.is_true("window.speaking?.text === 'They hold hands.'")
    reader.click(f"{LAST_ANSWER} .read")
    reader.is_true("window.speaking === null")


def dictating(reader: Reader) -> None:
    lend(reader, EARS)
    reader.click("#settings-button")
    reader.there("#settings[open]")
    reader.write("#setting-dictate", "true")
    reader.click("#settings header button")
    reader.there("#dictate")
    reader.click("#dictate")
    reader.click("#ask .button.main")
    reader.is_true("window.heard.length === 1")
    if isinstance(reader.browser, WebKit):
        with reader.browser.narrow():
            reader.is_true("innerWidth < 500")
            reader.there("#dictate")
            reader.is_true("document.documentElement.scrollWidth <= innerWidth")
    reader.browser.evaluate("(ears.say('what I say'), true)")
    reader.is_true("document.querySelector('#message').value === 'what I say'")
    reader.write("#message", "")
    reader.browser.evaluate("(localStorage.removeItem('tornado-ollama.settings'), true)")


@pytest.mark.parametrize("point", [reading, dictating], ids=lambda point: point.__name__)
@pytest.mark.parametrize("browser", BROWSERS, indirect=True)
def test_in_other_browsers_too(
    browser: Browser,
    ollama: ScriptedOllama,
    other_gateway: Gateway,
    point: Callable[[Reader], None],
) -> None:
    try_point(point, browser, ollama, other_gateway)
