"""The page without its server, and with another version of itself on it."""

from __future__ import annotations

import re
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ..waiting import PATIENCE_S
from .gateway import ROOT, Gateway
from .ollama import ScriptedOllama
from .steps import BOX, LAST, answered, answering, ask, exchange
from .test_accessibility import complaints
from .test_connection import watched
from .test_other_browsers import READY, Browser, until
from .test_points import ANSWER, BROWSERS, Reader

KEPT = """async () => {
    const names = await caches.keys();
    const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return Object.fromEntries(names.map((name, n) => [name, kept[n].map(({ url }) => url)]));
}"""
"""The addresses that are kept, by cache."""

STATES = """await navigator.serviceWorker.getRegistration().then((one) =>
    [one.installing, one.waiting, one.active].flatMap((worker) => worker?.state ?? []))"""
CONTROLLED = "() => navigator.serviceWorker.controller?.state === 'activated'"
VERSION = "() => document.querySelector('link[rel=icon]').href.match(/@(\\w+)/)[1]"
NOTICE = "#notice [data-t='{}']"
SOON = """(() => {
    const wait = window.setTimeout;
    window.setTimeout = (work, ms, ...more) => wait(work, ms === 3_000 ? 0 : ms, ...more);
})()"""
"""The page has its worker when it is up, not three seconds later."""


OF_NO_USE_HERE = re.compile(
    r"\.map$|^(pdf|licences|mermaid\.js.*)$"
    r"|^KaTeX_(?!Main-Regular|Math-Italic)"
    r"|^(?!core|python|marked|katex)[\w-]+\.js$"
)
"""Of the libraries. A worker would keep most of it, which takes longer than most tests."""


def left_out(directory: str, names: list[str]) -> list[str]:
    is_library = "/vendor" in directory.removeprefix(str(ROOT))
    return [name for name in names if is_library and OF_NO_USE_HERE.search(name)]


class OwnGateway(Gateway):
    """With files of the page that a test may change, in `directory`/static."""

    def __init__(self, directory: Path, url: str) -> None:
        self.static = directory / "static"
        shutil.copytree(ROOT / "static", self.static, ignore=left_out)
        (directory / "tornado_ollama").symlink_to(ROOT / "tornado_ollama")
        super().__init__(directory, {"service": {"base_url": url}}, "--embedded", "never")

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    def change(self) -> None:
        """Serves another version of the page."""
        (self.static / f"{time.monotonic_ns()}.css").write_text("/* another version */")
        self.take()

    def take(self) -> None:
        """Serves the files as they are now."""
        before = self.version()
        self.reload()
        until = time.monotonic() + PATIENCE_S
        while self.version() == before:
            assert time.monotonic() < until
            time.sleep(0.05)

    def version(self) -> str:
        request = urllib.request.Request(self.url, headers={"Accept": "text/html"})
        with urllib.request.urlopen(request) as page:
            return str(page.read().decode().partition("/static/@")[2].partition("/")[0])


@pytest.fixture
def gateway(ollama: ScriptedOllama, tmp_path: Path) -> Iterator[OwnGateway]:
    gateway = OwnGateway(tmp_path, ollama.url)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def kept(open_page: Callable[..., Any], gateway: OwnGateway) -> Any:
    """A page whose files the browser has kept."""
    return with_worker(open_page, gateway)


def soon(page: Any) -> None:
    page.context.add_init_script(SOON)


def with_worker(open_page: Callable[..., Any], gateway: Gateway, **how: Any) -> Any:
    page = open_page(gateway=gateway, worker=True, **{"before": soon} | how)
    page.wait_for_function(CONTROLLED)
    return page


def wait_for(page: Any, expression: str) -> None:
    """Waits until an expression with `await` is true: Playwright takes a promise for true."""
    end = time.monotonic() + PATIENCE_S
    while not page.evaluate(f"async () => Boolean({expression})"):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def open_again(page: Any, gateway: Gateway) -> None:
    """From somewhere else, as after a start of the browser."""
    page.goto("about:blank")
    page.goto(gateway.url)
    page.wait_for_selector("html[data-ready]")


def test_chats_are_read_searched_and_saved_without_the_server(
    kept: Any, gateway: OwnGateway, ollama: ScriptedOllama
) -> None:
    exchange(
        kept, ollama, "About otters", "They **hold** hands.\n\n```python\nprint(1)\n```\n$x^2$"
    )
    gateway.stop()
    open_again(kept, gateway)
    kept.wait_for_selector(NOTICE.format("fail.offline.what"))
    kept.fill(".chats-head input", "hold hands")
    kept.click(".chat-open")
    kept.wait_for_selector(f"{LAST} strong")
    kept.wait_for_selector(f"{LAST} .code .syntax-name, {LAST} .code .syntax-word")
    kept.wait_for_selector(f"{LAST} .katex math")
    kept.click("#menu-button")
    with kept.expect_download() as download:
        kept.click("#menu .menu-row:has([data-t='export.all'])")
    assert "About otters" in Path(download.value.path()).read_text(encoding="utf-8")


def test_chats_are_found_without_the_server_by_keyboard_alone_on_a_phone_in_chinese(
    open_page: Callable[..., Any], gateway: OwnGateway, ollama: ScriptedOllama
) -> None:
    page = with_worker(open_page, gateway, width=360, scheme="dark", locale="zh-CN")
    exchange(page, ollama, "About otters", "They hold hands.")
    gateway.stop()
    open_again(page, gateway)
    page.wait_for_selector(NOTICE.format("fail.offline.what"))
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Alt+C")
    page.wait_for_selector(".chat-open")
    while not page.evaluate("document.activeElement.matches('.chats-head input')"):
        page.keyboard.press("Tab")
    page.keyboard.type("hands")
    page.wait_for_selector(".chat-hit mark")
    while not page.evaluate("document.activeElement.matches('.chat-open')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{LAST} .body:has-text('They hold hands.')")


def test_what_is_written_without_the_server_is_kept_and_sent_when_it_is_back(
    kept: Any, gateway: OwnGateway, ollama: ScriptedOllama
) -> None:
    gateway.stop()
    kept.reload()
    kept.wait_for_selector("html[data-ready]")
    ask(kept, "Are you there?")
    kept.wait_for_selector(NOTICE.format("fail.offline.what"))
    assert kept.input_value(BOX) == "Are you there?"
    gateway.start(gateway.port)
    kept.wait_for_selector("#notice", state="hidden")  # the page looks every few seconds
    exchange(kept, ollama, "Are you there?", "Again.")


def test_an_answer_does_not_pass_through_the_worker_and_nothing_of_it_is_kept(
    kept: Any, gateway: OwnGateway, ollama: ScriptedOllama
) -> None:
    seen: dict[str, bool] = {}
    kept.on("response", lambda one: seen.update({one.url: one.from_service_worker}))
    watched(kept)
    kept.reload()
    kept.wait_for_selector("html[data-ready]")
    kept.evaluate("window.noSockets = true")
    talk = answering(kept, ollama, "Over HTTP?", "The first half")
    talk.end()
    answered(kept)
    exchange(kept, ollama, "Once more.", "Done.")
    kept.evaluate("() => fetch('/v1/models').then(({ status }) => status)")
    kept.wait_for_load_state("networkidle")
    paths = {url.removeprefix(gateway.url): passed for url, passed in seen.items()}
    assert {"health", "api/tags", "api/chat", "v1/models"} <= set(paths)
    through = {path for path, passed in paths.items() if passed}
    assert through and all(path == "" or path.startswith("static/@") for path in through)
    [(name, addresses)] = kept.evaluate(KEPT).items()
    files = f"{gateway.url}static/@{kept.evaluate(VERSION)}/"
    assert name.startswith("page@") and f"{files}vendor/marked.js" in addresses
    assert all(one.startswith(files) for one in addresses)


def test_a_new_version_is_offered_and_there_at_the_next_load(
    open_page: Callable[..., Any], gateway: OwnGateway
) -> None:
    def with_a_clock(page: Any) -> None:
        page.clock.install()
        soon(page)

    page = with_worker(open_page, gateway, before=with_a_clock)
    before = page.evaluate(VERSION)
    gateway.change()
    page.clock.fast_forward(31_000)
    page.wait_for_selector(NOTICE.format("newer.what"))
    assert complaints(page) == []
    page.fill(BOX, "half a sentence")
    page.focus("#notice .button")
    page.keyboard.press("Enter")
    page.wait_for_function(f"(before) => ({VERSION})() !== before", arg=before)
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(VERSION) == gateway.version()
    assert page.is_hidden("#notice") and page.input_value(BOX) == "half a sentence"


def test_a_page_of_the_version_before_goes_on_with_its_own_files(
    kept: Any, gateway: OwnGateway, ollama: ScriptedOllama
) -> None:
    old = kept.evaluate(VERSION)
    for file in (gateway.static / "i18n").iterdir():
        file.write_text("{}")
    gateway.change()
    new = kept.context.new_page()
    new.goto(gateway.url)
    wait_for(new, f"(await ({KEPT})())['page@{gateway.version()}']?.length > 20")
    wait_for(new, f"({STATES}).join() === 'activated'")
    # What the browser keeps by itself would hide what the worker does not.
    kept.context.new_cdp_session(kept).send("Network.clearBrowserCache")
    kept.click("#menu-button")
    kept.check("#menu input[name='language'][value='zh-CN']")
    kept.wait_for_selector("html[lang='zh-CN']")
    assert kept.get_attribute(BOX, "placeholder") == "输入消息"
    assert kept.evaluate(VERSION) == old


def test_a_version_that_is_not_whole_is_not_kept(
    kept: Any, gateway: OwnGateway, ollama: ScriptedOllama
) -> None:
    """As where the server changes while the worker fetches: a file has not the listed digest."""
    script = kept.evaluate("fetch('/static/js/worker.js').then((answer) => answer.text())")
    other = re.sub(r'(?<="i18n/en.json": "sha256-)[^"]+', "A" * 43 + "=", script)
    # It stands behind the list that the gateway makes, and counts.
    (gateway.static / "js" / "worker.js").write_text(other.replace("'page@'", "'page@again-'"))
    gateway.take()
    said = kept.evaluate(
        """async () => {
            const registration = await navigator.serviceWorker.getRegistration();
            await registration.update();
            const next = registration.installing;
            return new Promise((resolve) => next.addEventListener('statechange', () =>
                ['redundant', 'activated'].includes(next.state) && resolve(next.state)));
        }"""
    )
    assert said == "redundant"
    gateway.stop()
    open_again(kept, gateway)
    kept.wait_for_selector(NOTICE.format("fail.offline.what"))


def test_where_the_browser_cannot_read_what_it_keeps_the_server_is_asked(
    open_page: Callable[..., Any], gateway: OwnGateway
) -> None:
    worker = gateway.static / "js" / "worker.js"
    broken = "caches.match = async () => { throw new DOMException('broken', 'UnknownError'); };\n"
    worker.write_text(broken + worker.read_text())
    gateway.take()
    page = with_worker(open_page, gateway)
    open_again(page, gateway)
    assert page.inner_text("#model-name") == "talker:3b"


class Program(BaseHTTPRequestHandler):
    """Another one at the same address, that answers everything with its page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another</title>")

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None: ...


def is_dropped(page: Any) -> None:
    wait_for(page, "(await navigator.serviceWorker.getRegistrations()).length === 0")
    wait_for(page, "(await caches.keys()).length === 0")


def test_where_the_server_has_no_worker_any_more_the_browser_drops_it(
    kept: Any, gateway: OwnGateway
) -> None:
    (gateway.static / "js" / "worker.js").unlink()
    gateway.take()
    kept.reload()
    is_dropped(kept)


def test_another_program_at_the_same_address_is_rid_of_the_worker(
    kept: Any, gateway: OwnGateway
) -> None:
    gateway.stop()
    with HTTPServer(("127.0.0.1", gateway.port), Program) as other:
        thread = Thread(target=other.serve_forever)
        thread.start()
        kept.reload()
        assert kept.title() == "Another"
        is_dropped(kept)
        other.shutdown()
        thread.join()


REGISTERED = """
    window.registered = [];
    const { register } = ServiceWorkerContainer.prototype;
    ServiceWorkerContainer.prototype.register = function (...all) {
        registered.push([document.readyState, 'ready' in document.documentElement.dataset]);
        return register.apply(this, all);
    };"""
"""Notes how far the page was when it asked for the worker."""


def test_a_page_that_has_the_worker_does_not_ask_for_it_again(kept: Any) -> None:
    """That would keep a worker that is on its way out."""
    kept.add_init_script(REGISTERED)
    kept.reload()
    kept.wait_for_selector("html[data-ready]")
    kept.wait_for_load_state("networkidle")
    kept.wait_for_timeout(200)
    assert kept.evaluate(CONTROLLED) and kept.evaluate("registered") == []


def test_nothing_is_kept_before_the_page_is_up(
    open_page: Callable[..., Any], gateway: OwnGateway
) -> None:
    """The worker is asked for when the page is ready and has loaded, and some seconds later."""
    page = open_page(
        gateway=gateway,
        worker=True,
        before=lambda page: (page.clock.install(), page.add_init_script(REGISTERED)),
    )
    page.wait_for_load_state("networkidle")
    assert page.evaluate("registered") == []
    page.clock.fast_forward(3_000)
    page.wait_for_function("() => registered.length === 1")
    assert page.evaluate("registered") == [["complete", True]]
    page.wait_for_function(CONTROLLED)


OFFER = """() => {
    window.asked = 0;
    const offer = new Event('beforeinstallprompt', { cancelable: true });
    offer.prompt = async () => { window.asked += 1; };
    window.offered = dispatchEvent(offer);
}"""


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_page_can_be_installed_from_the_settings_where_the_browser_offers_it(
    open_page: Callable[..., Any], locale: str
) -> None:
    page = open_page(width=360, locale=locale)
    page.click("#settings-button")
    page.wait_for_selector("#settings[open]")
    assert page.is_hidden("#install")
    page.evaluate(OFFER)
    assert page.evaluate("offered") is False  # the browser does not ask by itself
    page.focus("#install .button")
    assert complaints(page) == []
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.asked === 1")
    assert page.is_hidden("#install")


@pytest.mark.parametrize("browser", BROWSERS, indirect=True)
def test_other_browsers_open_the_page_without_the_server_and_drop_its_worker(
    browser: Browser, ollama: ScriptedOllama, gateway: OwnGateway
) -> None:
    reader = Reader(browser, ollama, gateway)
    browser.open(gateway.url)
    until(browser, READY)
    reader.see("#model-name", ":")
    reader.is_answered("About otters", "They hold hands.")
    is_there = "Boolean(navigator.serviceWorker.controller?.state === 'activated')"
    try:
        until(browser, is_there)
    except AssertionError:  # a worker that could not keep every file is tried again at a visit
        browser.reload()
        until(browser, is_there)
    gateway.stop()
    browser.reload()
    reader.see("#notice", "The server cannot be reached.")
    reader.see(f"{ANSWER} > .body", "They hold hands.")
    (gateway.static / "js" / "worker.js").unlink()
    gateway.start(gateway.port)
    browser.reload()
    registered = "navigator.serviceWorker.getRegistrations()"
    reader.is_true(
        f"({registered}.then((all) => {{ window.all = all }}), window.all?.length === 0)"
    )


POLICIES = """() => {
    const told = (run) => { try { return String(run()); } catch (error) { return error.name; } };
    const other = document.createElement('p');
    return [
        ...['service-worker', 'default', 'other'].map((name) =>
            told(() => trustedTypes.createPolicy(name, { createHTML: (text) => text }))),
        told(() => { other.innerHTML = '<b>bold</b>'; }),
        told(() => { document.createElement('script').src = '/static/js/main.js'; }),
    ];
}"""


def test_no_script_can_make_a_policy_of_trusted_types_or_do_without(
    chromium: Any, open_gateway: Gateway
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(open_gateway.url)
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(POLICIES) == ["TypeError"] * 5
    context.close()
