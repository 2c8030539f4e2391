"""The chat page in a real Chromium: the first load, the first token, frames; in Firefox or WebKit
the frames alone.

    python -m bench.page [--browser chromium] [--tokens 20000] [--rate 200] [--messages 500]
                         [--firsts 30]

The real gateway stands between the page and a scripted Ollama. Takes about two minutes with the
defaults, because a long answer is written as slowly as a model writes it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.gateway import Gateway
from tests.browser.ollama import ScriptedOllama
from tests.browser.steps import LAST, answered, ask, exchange

from .page_elsewhere import BROWSERS, BenchElsewhere, other_browser
from .page_figures import GROW, READ_FRAMES, SCROLL, WATCH_FRAMES, spread, token

WATCH_ARRIVALS = """
window.arrivals = [];
window.WebSocket = class extends WebSocket {
    constructor(...all) {
        super(...all);
        // Registered before the page's own listener: this is when the frame arrives.
        this.addEventListener('message', ({ data }) => {
            if (!data.includes('"delta"') || window.arrivals.seen) return;
            window.arrivals.seen = true;
            const at = performance.now();
            const body = '.turn.assistant:last-of-type > .body';
            const drawn = () => document.querySelector(body)?.textContent;
            let frames = 0;
            const look = () => {
                frames += 1;
                // Before the paint of this frame: what is in the document now is what it shows.
                if (!drawn()) return requestAnimationFrame(look);
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => {
                    window.arrivals.push({ frames, ms: performance.now() - at });
                };
                port2.postMessage(null);  // runs after the paint
            };
            requestAnimationFrame(look);
        });
    }
};
"""

PAINTS = """() => ({
    ...Object.fromEntries(performance.getEntriesByType('paint')
        .map(({ name, startTime }) => [`${name.replaceAll('-', '_')}_ms`, Math.round(startTime)])),
    ready_ms: Math.round(performance.now()),
})"""


class Bench:
    """Pages of one browser at one gateway."""

    def __init__(self, browser: Any, gateway: Gateway, ollama: ScriptedOllama) -> None:
        self._browser, self._gateway, self._ollama = browser, gateway, ollama

    @contextmanager
    def page(self, script: str = "") -> Iterator[Any]:
        context = self._browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        if script:
            page.add_init_script(script)
        page.goto(self._gateway.url)
        page.wait_for_selector(".tries button")
        yield page
        context.close()

    def first_load(self) -> dict[str, Any]:
        context = self._browser.new_context()
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        received: list[float] = []
        devtools.on(
            "Network.loadingFinished", lambda one: received.append(one["encodedDataLength"])
        )
        page.goto(self._gateway.url)
        page.wait_for_selector(".tries button")
        page.wait_for_load_state("networkidle")
        context.close()
        return {"requests": len(received), "transferred_kb": round(sum(received) / 1000, 1)}

    def slow_load(self) -> dict[str, Any]:
        """Over a line of 1.6 Mb/s with 150 ms there and back."""
        context = self._browser.new_context()
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        line = {"latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
        devtools.send("Network.emulateNetworkConditions", {"offline": False, **line})
        figures = {}
        for name in ("first", "reload"):
            page.goto(self._gateway.url) if name == "first" else page.reload()
            page.wait_for_selector("html[data-ready]")
            figures[name] = page.evaluate(PAINTS)
        context.close()
        return figures

    def first_token(self, times: int) -> dict[str, Any]:
        with self.page(WATCH_ARRIVALS) as page:
            for number in range(times):
                page.evaluate("window.arrivals.seen = false")
                (talk,) = self._ollama.talk()
                ask(page, f"Question {number}")
                talk.asked.wait(10)
                page.wait_for_timeout(7 * number % 17)  # anywhere between two frames
                talk.say("Word")
                page.wait_for_function(f"() => window.arrivals.length === {number + 1}")
                talk.end()
                answered(page)
            arrivals = page.evaluate("window.arrivals")
        ms = [one["ms"] for one in arrivals]
        return {
            "times": times,
            "in_the_very_next_frame": sum(one["frames"] == 1 for one in arrivals),
            "ms_to_after_the_paint": {
                "median": round(statistics.median(ms), 1),
                "max": round(max(ms), 1),
            },
        }

    def long_answer(self, tokens: int, rate: int) -> dict[str, Any]:
        with self.page() as page:
            (talk,) = self._ollama.talk()
            ask(page, "At length, please.")
            talk.asked.wait(10)
            page.evaluate(WATCH_FRAMES)
            began = time.monotonic()
            for number in range(tokens):
                wait = began + number / rate - time.monotonic()
                if wait > 0:
                    page.wait_for_timeout(wait * 1000) if wait > 0.05 else time.sleep(wait)
                talk.say(token(number + 1))
            took = time.monotonic() - began
            talk.end(reply=tokens)
            answered(page)
            frames = page.evaluate(READ_FRAMES)
        return {"tokens": tokens, "tokens_per_second": round(tokens / took), **spread(frames)}

    def long_chat(self, messages: int) -> dict[str, Any]:
        text = "".join(token(number) for number in range(1, 420))
        with self.page() as page:
            for number in range(2):
                exchange(page, self._ollama, f"Question {number}", text)
            page.evaluate(GROW, messages)
            page.reload()
            page.wait_for_selector(f".turn >> nth={messages - 1}")
            page.wait_for_selector(f"{LAST} > .body:visible")
            opened_ms = page.evaluate("Math.round(performance.now())")
            page.evaluate(WATCH_FRAMES)
            page.evaluate(SCROLL)
            frames = page.evaluate(READ_FRAMES)
        return {"messages": messages, "opened_ms": opened_ms, **spread(frames)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the chat page in a real browser.")
    parser.add_argument("--browser", choices=("chromium", *BROWSERS), default="chromium")
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--firsts", type=int, default=30)
    wanted = parser.parse_args()
    ollama = ScriptedOllama()
    ollama.start()
    config = {"service": {"base_url": ollama.url}}
    with tempfile.TemporaryDirectory() as directory:
        gateway = Gateway(Path(directory), config, "--embedded", "never")
        gateway.start()
        try:
            if wanted.browser == "chromium":
                in_chromium(wanted, gateway, ollama)
            else:
                elsewhere(wanted, gateway, ollama)
        finally:
            gateway.stop()
            ollama.stop()


def in_chromium(wanted: argparse.Namespace, gateway: Gateway, ollama: ScriptedOllama) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        bench = Bench(browser, gateway, ollama)
        try:
            show("first load", bench.first_load())
            show("first load, slow line", bench.slow_load())
            show("first token", bench.first_token(wanted.firsts))
            show("long chat, scrolled", bench.long_chat(wanted.messages))
            show("long answer", bench.long_answer(wanted.tokens, wanted.rate))
        finally:
            browser.close()


def elsewhere(wanted: argparse.Namespace, gateway: Gateway, ollama: ScriptedOllama) -> None:
    with other_browser(wanted.browser) as browser:
        bench = BenchElsewhere(browser, gateway, ollama)
        show("long chat, scrolled", bench.long_chat(wanted.messages))
        show("long answer", bench.long_answer(wanted.tokens, wanted.rate))


def show(name: str, figures: dict[str, Any]) -> None:
    print(f"{name}: {json.dumps(figures)}", flush=True)


if __name__ == "__main__":
    main()
