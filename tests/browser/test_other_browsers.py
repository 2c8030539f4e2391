"""The page in WebKit, and in Firefox where the reader keeps no site data: it opens and chats."""

from __future__ import annotations

import time
from typing import Any, Protocol

from .firefox import Firefox
from .gateway import Gateway
from .ollama import ScriptedOllama
from .profiles import PATIENCE_MS
from .webkit import WebKit

READY = "'ready' in document.documentElement.dataset"
OPTIONS = "[...document.querySelectorAll('#model-options .option')]"
IN_SIGHT = f"""{OPTIONS}.filter((option) => {{
    const {{ x, y, width, height }} = option.getBoundingClientRect();
    return option.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}}).map((option) => option.querySelector('.option-name').textContent)"""
"""The names of the models that a reader sees in the list."""

CHATTING_MODELS = ["talker:3b", "thinker:8b", "seer:4b"]


class Browser(Protocol):
    """What both drivers do."""

    def open(self, address: str) -> None: ...
    def reload(self) -> None: ...
    def evaluate(self, expression: str) -> Any: ...
    def press(self, selector: str) -> None: ...
    def type(self, selector: str, text: str) -> None: ...


def until(browser: Browser, expression: str, seconds: float = PATIENCE_MS / 1000) -> None:
    """Waits until a JavaScript expression is true, at most so many seconds."""
    end = time.monotonic() + seconds
    while not browser.evaluate(expression):
        assert time.monotonic() < end, expression
        time.sleep(0.05)


def says(selector: str, words: str) -> str:
    return f"Boolean(document.querySelector({selector!r})?.innerText.includes({words!r}))"


def chats(browser: Browser, ollama: ScriptedOllama, gateway: Gateway) -> None:
    """Opens the page, chooses a model from the list, asks and reads the answer as it comes."""
    browser.open(gateway.url)
    until(browser, READY)
    until(browser, says("#model-name", "talker:3b"))
    browser.press("#model-button")
    until(browser, f"{OPTIONS}.length > 0")
    assert browser.evaluate(IN_SIGHT) == CHATTING_MODELS
    browser.press("#model-options .option:nth-child(3)")
    until(browser, says("#model-name", "seer:4b"))
    (talk,) = ollama.talk()
    browser.type("#message", "Hello?")
    browser.press("#send")
    assert talk.asked.wait(10)
    talk.say("The first half")
    until(browser, says(".turn.assistant > .body", "The first half"))
    talk.say(" and the second.")
    talk.end()
    until(browser, says(".turn.assistant > .body", "The first half and the second."))
    until(browser, "Boolean(document.querySelector('#send[data-t-label=\"composer.send\"]'))")
    assert talk.request["model"] == "seer:4b"


def test_webkit_opens_the_page_lists_the_models_and_chats(
    webkit: WebKit, ollama: ScriptedOllama, other_gateway: Gateway
) -> None:
    chats(webkit, ollama, other_gateway)


def test_firefox_without_site_data_opens_the_page_lists_the_models_and_chats(
    firefox_without_site_data: Firefox, ollama: ScriptedOllama, other_gateway: Gateway
) -> None:
    browser = firefox_without_site_data
    browser.open(other_gateway.url)
    until(browser, says(".who", "keeps no chats"))
    chats(browser, ollama, other_gateway)
    browser.press("#side-toggle")
    until(browser, says(".chat-open", "Hello?"))
    assert browser.evaluate(says("#chats", "keeps no chats"))
