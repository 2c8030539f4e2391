"""The chat page in Firefox or WebKit: the frames of a long answer, and of a long chat while it is
opened and scrolled. `python -m bench.page --browser firefox` runs it.

WebDriver has no way to run a script before the page's own, so the time at which a chat is open is
looked for as soon as a script may run: it is never too early.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser.firefox import Firefox
from tests.browser.gateway import Gateway
from tests.browser.ollama import ScriptedOllama
from tests.browser.test_other_browsers import READY, Browser, says, until
from tests.browser.test_points import IDLE, WRITE
from tests.browser.webkit import WebKit

from .page_figures import GROW, READ_FRAMES, SCROLL, WATCH_FRAMES, spread, token

BROWSERS = ("firefox", "webkit")
ASKED_S = 60

OPENED = """((total) => {
    if (window.opened_ms) return window.opened_ms;
    const last = document.querySelector('.turn.assistant:last-of-type > .body');
    const all = document.querySelectorAll('.turn').length >= total;
    if (all && last?.textContent) window.opened_ms = Math.round(performance.now());
    return window.opened_ms ?? 0;
})"""


@contextmanager
def other_browser(name: str) -> Iterator[Browser]:
    with tempfile.TemporaryDirectory() as profile:
        with Firefox(Path(profile)) if name == "firefox" else WebKit() as browser:
            yield browser


SCROLL_S = 180.0
"""How long a thousand messages may take to be scrolled, where frames take a twentieth of a second.
"""


class BenchElsewhere:
    """Pages of one browser, driven over WebDriver, at one gateway."""

    def __init__(self, browser: Browser, gateway: Gateway, ollama: ScriptedOllama) -> None:
        self._browser, self._gateway, self._ollama = browser, gateway, ollama

    def long_answer(self, tokens: int, rate: int) -> dict[str, Any]:
        self._open()
        talk = self._ask("At length, please.")
        self._run(WATCH_FRAMES)
        began = time.monotonic()
        for number in range(tokens):
            wait = began + number / rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            talk.say(token(number + 1))
        took = time.monotonic() - began
        talk.end(reply=tokens)
        until(self._browser, IDLE)
        frames = self._browser.evaluate(f"({READ_FRAMES})()")
        return {"tokens": tokens, "tokens_per_second": round(tokens / took), **spread(frames)}

    def long_chat(self, messages: int) -> dict[str, Any]:
        text = "".join(token(number) for number in range(1, 420))
        self._open()
        for number in range(2):
            talk = self._ask(f"Question {number}")
            talk.say(text)
            talk.end()
            until(self._browser, IDLE)
        self._wait_for(f"({GROW})({messages})")
        self._browser.reload()
        until(self._browser, f"{OPENED}({messages}) > 0")
        opened_ms = self._browser.evaluate("window.opened_ms")
        self._run(WATCH_FRAMES)
        self._wait_for(f"({SCROLL})()")
        frames = self._browser.evaluate(f"({READ_FRAMES})()")
        return {"messages": messages, "opened_ms": opened_ms, **spread(frames)}

    def _open(self) -> None:
        self._browser.open(self._gateway.url)
        until(self._browser, READY)
        until(self._browser, says("#model-name", ":"))

    def _ask(self, question: str) -> Any:
        (talk,) = self._ollama.talk()
        self._browser.evaluate(WRITE.format("#message", question))
        self._browser.press("#send")
        assert talk.asked.wait(ASKED_S)
        return talk

    def _run(self, function: str) -> None:
        self._browser.evaluate(f"(({function})(), true)")

    def _wait_for(self, promise: str) -> None:
        self._browser.evaluate(
            f"(window.over = false, {promise}.then(() => {{ window.over = true; }}), true)"
        )
        until(self._browser, "window.over", SCROLL_S)
