"""The page's files themselves: small, complete, and without anything the policy forbids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.handlers.javascript import without_comments

from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import exchange
from .test_languages import STATIC

INDEX = (STATIC / "index.html").read_text(encoding="utf-8")
JS = STATIC / "js"
MODULES = sorted(JS.rglob("*.js"))
ROOMS = ("app", "operator", "chat", "history", "settings", "models", "markdown", "net", "ui")
"""The folders of `static/js`. A module imports from its own and from those behind it."""

MAX_LINES = 300
MAX_METHODS = 15
FIRST_LOAD_BYTES = 110_000
FIRST_LOAD_REQUESTS = 12
"""Of the built page. Colours, formulas and fonts come later."""


def imports(module: Path, pattern: str = r"(?:from|import\() ?'(\.[./\w]+\.js)'") -> set[Path]:
    """The page's own modules that one names."""
    text = without_comments(module.read_text(encoding="utf-8"))
    return {(module.parent / path).resolve() for path in re.findall(pattern, text)}


def needed_at_once() -> set[Path]:
    """The modules that main.js imports, and those that these import."""
    found: set[Path] = set()
    look_at = [JS / "main.js"]
    while look_at:
        new = imports(look_at.pop(), r"from '(\.[./\w]+\.js)'") - found
        found |= new
        look_at += new
    return found


def test_every_module_is_in_a_room_and_imports_go_one_way() -> None:
    places = {file: file.relative_to(JS).parts for file in MODULES}
    loose = {"/".join(parts) for parts in places.values() if parts[0] not in ROOMS}
    assert loose == {"main.js", "early.js", "worker.js"}
    backwards = [
        f"{module.name} -> {other.name}"
        for module, (room, *_) in places.items()
        for other in imports(module)
        if room in ROOMS and ROOMS.index(places[other][0]) < ROOMS.index(room)
    ]
    assert backwards == []


def test_every_module_is_fetched_at_once_and_not_one_after_another() -> None:
    preloaded = re.findall(r'modulepreload" href="/static/(js/[/\w.]+)"', INDEX)
    assert {STATIC / path for path in preloaded} == needed_at_once()


def test_modules_stay_small() -> None:
    long = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in MODULES}
    assert {name: lines for name, lines in long.items() if lines > MAX_LINES} == {}


def methods(text: str) -> dict[str, int]:
    """The classes of a module, with how many methods, getters and setters each has.

    The formatter indents the members of a class by two spaces, and nothing else in it so."""
    member = re.compile(
        r"^  (?:(?:static|async|get|set) |\*)*#?\w+(?:\(| = (?:async )?\(.*=>)", re.M
    )
    classes = re.findall(r"^(?:export )?class (\w+)[^\n]*\{\n(.*?)^\}", text, re.M | re.S)
    return {name: len(member.findall(body)) for name, body in classes}


def test_methods_are_counted() -> None:
    text = (
        "export class A extends B {\n  #x = 1;\n  constructor() {\n    super();\n  }\n\n"
        "  get y() {\n    return run(\n  );\n  }\n\n  async #z(\n    a,\n  ) {\n  }\n"
        "  static of = (one) => one;\n}\n"
    )
    assert methods(text) == {"A": 4}


def test_classes_stay_small() -> None:
    counted = {
        f"{file.name}: {name}": count
        for file in MODULES
        for name, count in methods(file.read_text(encoding="utf-8")).items()
    }
    assert len(counted) > 30
    assert {name: count for name, count in counted.items() if count > MAX_METHODS} == {}


def test_nothing_makes_html_or_code_out_of_text() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
        r"|createContextualFragment|srcdoc|\.setAttribute\('on"
    )
    found = [file.name for file in MODULES if forbidden.search(file.read_text(encoding="utf-8"))]
    assert found == []
    assert not re.search(r"<script(?![^>]* src=)|\bon\w+=|\bstyle=|javascript:", INDEX)


def test_the_page_names_no_other_server() -> None:
    for file in [STATIC / "index.html", *MODULES, *sorted((STATIC / "css").glob("*.css"))]:
        addresses = re.findall(r"https?://[\w.-]+", file.read_text(encoding="utf-8"))
        # The names of XML namespaces, and the address in the recipe for a reverse proxy.
        assert set(addresses) <= {"http://www.w3.org", "http://127.0.0.1"}, file.name


@pytest.fixture
def received(chromium: Any) -> Iterator[tuple[Any, dict[str, float]]]:
    """A page, and the bytes that Chromium gets for it over the network by address, headers and
    all. Its worker, which begins some seconds later, is in `test_offline.py`."""
    context = chromium.new_context(service_workers="block")
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    addresses: dict[str, str] = {}
    received: dict[str, float] = {}

    def on_response(one: Any) -> None:
        if not one["response"].get("fromDiskCache"):
            addresses[one["requestId"]] = one["response"]["url"]

    def on_end(one: Any) -> None:
        if one["requestId"] in addresses:
            received[addresses[one["requestId"]]] = one["encodedDataLength"]

    devtools.on("Network.responseReceived", on_response)
    devtools.on("Network.loadingFinished", on_end)
    yield page, received
    context.close()


def load(page: Any, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(".tries button")
    page.wait_for_load_state("networkidle")


@pytest.mark.skipif(not (STATIC / "built").exists(), reason="static/built is missing: make page")
def test_the_built_page_loads_in_a_few_small_requests_and_again_with_one(
    received: tuple[Any, dict[str, float]], open_gateway: Gateway, ollama: Any
) -> None:
    page, bytes_of = received
    load(page, open_gateway.url)
    assert any("/built/main.js" in url for url in bytes_of)
    assert 4 < len(bytes_of) <= FIRST_LOAD_REQUESTS
    assert sum(bytes_of.values()) < FIRST_LOAD_BYTES
    bytes_of.clear()
    load(page, open_gateway.url + "#again")
    page.reload()
    load(page, open_gateway.url)
    # What comes from the cache counts no bytes.
    assert [url for url, size in bytes_of.items() if size > 0 and "/static/" in url] == []
    assert bytes_of[open_gateway.url] > 0


@pytest.mark.skipif(not (STATIC / "built").exists(), reason="static/built is missing: make page")
def test_what_is_used_later_is_fetched_later(
    received: tuple[Any, dict[str, float]], open_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page, bytes_of = received

    def scripts() -> set[str]:
        paths = (re.search(r"/built/([\w-]+)\.js$", url) for url in bytes_of)
        return {re.sub(r"-[A-Z0-9]{8}$", "", path[1]) for path in paths if path}

    load(page, open_gateway.url)
    exchange(page, ollama, "Hello.", "Good day.")
    page.wait_for_load_state("networkidle")
    assert scripts() == {"early", "main"}
    page.click("#settings-button")
    page.wait_for_selector("#settings[open]")
    page.keyboard.press("Escape")
    assert {"settings_drawer", "chat_settings"} <= scripts()
    assert not {"prompts", "fitting", "queue"} & scripts()
    page.fill("#message", "/")
    page.wait_for_selector("#prompts:visible")
    page.fill("#message", "word " * 100)
    page.wait_for_selector("#context:has-text('tokens')")
    page.wait_for_load_state("networkidle")
    assert {"prompts", "fitting"} <= scripts()
    assert not {"queue", "jump", "fork", "title", "tag_dialog"} & scripts()


def test_without_a_build_the_modules_are_loaded_as_they_are(
    received: tuple[Any, dict[str, float]], open_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page, bytes_of = received
    load(page, f"{open_gateway.url}static/index.html")
    assert any("/js/main.js" in url for url in bytes_of)
    exchange(page, ollama, "Hello.", "**Good** day.")
    page.wait_for_selector(".turn.assistant strong")


def test_a_good_load_leaves_no_error_in_the_console(open_page: Callable[..., Any]) -> None:
    said: list[str] = []

    def listen(page: Any) -> None:
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))

    page = open_page(before=listen, worker=True)
    page.wait_for_selector(".tries button")
    page.wait_for_load_state("networkidle")
    assert [line for line in said if line.startswith(("error", "warning"))] == []


@pytest.mark.parametrize("broken", ["i18n/en.json", "*/main.js"])
def test_a_page_that_cannot_be_loaded_says_so(
    open_page: Callable[..., Any], open_gateway: Gateway, broken: str
) -> None:
    page = open_page()
    other = page.context.new_page()
    other.route(f"**/{broken}", lambda route: route.fulfill(status=503))
    other.goto(open_gateway.url)
    other.wait_for_selector("#broken:visible")
    assert "Load it again" in other.inner_text("#broken")


@pytest.mark.parametrize("method", ["IDBFactory.prototype.open", "IDBObjectStore.prototype.count"])
def test_a_database_that_never_answers_does_not_keep_the_page_from_opening(
    open_page: Callable[..., Any], ollama: ScriptedOllama, method: str
) -> None:
    deaf = f"{method} = () => ({{}});"
    page = open_page(before=lambda page: page.add_init_script(deaf))
    exchange(page, ollama, "Hello.", "Hello.")
    page.click("#side-toggle")
    page.wait_for_selector("#chats [data-t='chats.notKept']")


def test_a_page_that_was_only_slow_is_not_covered(
    open_page: Callable[..., Any], open_gateway: Gateway
) -> None:
    page = open_page()
    other = page.context.new_page()
    other.clock.install()
    held: list[Any] = []
    other.route("**/i18n/en.json", lambda route: held.append(route))
    other.goto(open_gateway.url)
    while not held:
        other.wait_for_timeout(20)
    other.clock.fast_forward(21_000)
    other.wait_for_selector("#broken:visible")
    held.pop().continue_()
    other.wait_for_selector("html[data-ready]")
    assert other.is_hidden("#broken")
