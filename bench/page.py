"""The chat page in a real Chromium: the first load, the first token, frames.

    python -m bench.page [--tokens 20000] [--rate 200] [--messages 500] [--firsts 30]

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

WATCH_FRAMES = """() => {
    window.frames_ = [];
    window.watching = true;
    let last = performance.now();
    const look = (now) => {
        window.frames_.push(now - last);
        last = now;
        if (window.watching) requestAnimationFrame(look);
    };
    requestAnimationFrame((now) => { last = now; requestAnimationFrame(look); });
}"""

READ_FRAMES = "() => { window.watching = false; return window.frames_; }"

SCROLL = """() => new Promise((done) => {
    const scroller = document.getElementById('scroller');
    scroller.scrollTop = 0;
    const step = () => {
        const before = scroller.scrollTop;
        scroller.scrollTop += 400;
        if (scroller.scrollTop === before) done();
        else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""

GROW = """(total) => new Promise((done) => {
    indexedDB.open('tornado-ollama').onsuccess = ({ target }) => {
        const store = target.result.transaction('messages', 'readwrite').objectStore('messages');
        store.getAll().onsuccess = ({ target: { result } }) => {
            const said = (role) => result.find((one) => one.role === role);
            const kinds = [said('user'), said('assistant')];
            let above = result.find((one) => !result.some((other) => other.parent === one.id));
            for (let count = result.length; count < total; count += 1) {
                const place = { id: `grown-${count}`, parent: above.id, at: above.at + 1 };
                above = { ...kinds[count % 2], shown: null, ...place };
                store.put(above);
            }
            store.transaction.oncomplete = () => done();
        };
    };
})"""
"""Makes the chat on this device longer, with copies of its first question and answer."""

WORDS = "The wind turns faster where the air is warm and wet, and slower over the sea. ".split()


def token(number: int) -> str:
    """Words, with a heading, a list and some code now and then, as in a long answer."""
    if number % 400 == 0:
        return f"\n\n## Part {number // 400}\n\n"
    if number % 400 == 200:
        return "\n\n```python\nfor word in words:\n    print(word)\n```\n\n- one **bold** item\n\n"
    if number % 60 == 0:
        return "\n\n"
    return WORDS[number % len(WORDS)] + " "


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


def spread(frames: list[float]) -> dict[str, Any]:
    ordered = sorted(frames)
    return {
        "frames": len(frames),
        "frame_ms": {
            "median": round(statistics.median(ordered), 1),
            "p99": round(ordered[int(len(ordered) * 0.99)], 1),
            "max": round(ordered[-1], 1),
        },
        "over_50_ms": sum(frame > 50 for frame in frames),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--firsts", type=int, default=30)
    wanted = parser.parse_args()
    ollama = ScriptedOllama()
    ollama.start()
    config = {"service": {"base_url": ollama.url}}
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as driver:
        gateway = Gateway(Path(directory), config, "--embedded", "never")
        gateway.start()
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
            gateway.stop()
            ollama.stop()


def show(name: str, figures: dict[str, Any]) -> None:
    print(f"{name}: {json.dumps(figures)}", flush=True)


if __name__ == "__main__":
    main()
