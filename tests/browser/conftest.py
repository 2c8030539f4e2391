"""The page in a real Chromium, against the real gateway and a scripted Ollama.

Debian's Chromium is driven by Playwright: its headless shell, which takes a third of the whole
browser's processor time, or the browser where that is not installed. A few tests look at the page
in other browsers too. A test that fails leaves a screenshot of each page in `failures/`.

Fixtures:
    ollama      the scripted Ollama, as after its start
    open_page   open_page(width=..., scheme=..., ...) -> Page at the gateway's address
    page        open_page() with a wide screen, light, English
    webkit, firefox, firefox_without_site_data
                the other browsers
Every page is watched: a script error, a breach of the content security policy or a request to
anywhere but the gateway fails the test.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from ..programs import need
from .firefox import Firefox
from .gateway import Gateway
from .ollama import ScriptedOllama
from .profiles import FLAGS as PROFILE_FLAGS
from .profiles import ORDINARY, Profiles, new_context
from .webkit import WebKit

FAILURES = Path(__file__).parent / "failures"
SHELL = "chromium-headless-shell"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync "
    # As Chromium itself, but not its headless shell, has it: frames of other origins, and those in
    # a sandbox, have processes of their own.
    "--site-per-process --enable-features=IsolateSandboxedIframes "
    # A script that is compiled while it comes is compiled anew each time, one that has come is
    # taken from what the process has compiled before. With source positions, whatever asks where
    # something was called has its script compiled once more, which takes long for pdf.js.
    "--js-flags=--no-script-streaming,--no-enable-lazy-source-positions"
).split()
FAILED = pytest.StashKey[bool]()
LAN_NAME = "gateway.test"
"""A name as a machine on the LAN has one; it leads here."""
HARMLESS = (
    "Failed to load resource",
    "WebSocket connection",
    "Cross-Origin-Opener-Policy header has been ignored",  # on every page without TLS
)
"""What Chromium itself writes to the console."""

TOKEN = "page-test-token-0123456789abcdef"
MANAGER = "page-test-manager-0123456789abcdef"
OPERATOR = "page-test-operator-0123456789abcdef"


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker("browser")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    pages = getattr(item, "funcargs", {}).get("_pages")
    if report.failed:
        item.stash[FAILED] = True
    if report.when == "call" and report.failed and pages:
        FAILURES.mkdir(exist_ok=True)
        for number, page in enumerate(pages):
            name = re.sub(r"[^\w.-]+", "-", f"{item.name}-{number}.png")
            page.screenshot(path=FAILURES / name)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    path = shutil.which(SHELL) or shutil.which("chromium") or need(SHELL)
    with sync_playwright() as driver:
        names = f"--host-resolver-rules=MAP {LAN_NAME} 127.0.0.1"
        browser = driver.chromium.launch(executable_path=path, args=[*FLAGS, *PROFILE_FLAGS, names])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def _webkit(tmp_path_factory: Any) -> Iterator[WebKit]:
    for program, package in WebKit.PROGRAMS.items():
        need(program, package)
    with WebKit(tmp_path_factory.mktemp("webkit")) as browser:
        yield browser


@pytest.fixture
def webkit(_webkit: WebKit, _pages: list[Any]) -> WebKit:
    _pages.append(_webkit)
    return _webkit


@pytest.fixture
def firefox_without_site_data(tmp_path: Path, _pages: list[Any]) -> Iterator[Firefox]:
    """Fails the test for what the page's scripts throw or reject and nobody catches."""
    for program, package in Firefox.PROGRAMS.items():
        need(program, package)
    with Firefox(tmp_path, site_data=False, sparing=True) as browser:
        _pages.append(browser)
        yield browser
        assert not browser.errors, browser.errors


@pytest.fixture(scope="package")
def _firefox(tmp_path_factory: Any) -> Iterator[Firefox]:
    for program, package in Firefox.PROGRAMS.items():
        need(program, package)
    directory = tmp_path_factory.mktemp("firefox")
    with Firefox(directory, local=LAN_NAME, sparing=True) as browser:
        yield browser


@pytest.fixture
def firefox(_firefox: Firefox, _pages: list[Any]) -> Iterator[Firefox]:
    """Fails the test for what the page's scripts throw or reject and nobody catches."""
    _firefox.errors.clear()
    _pages.append(_firefox)
    yield _firefox
    assert not _firefox.errors, _firefox.errors


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Any:
    """The fixture that a test's parameter names: `firefox`, `webkit`."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="package")
def _ollama() -> Iterator[ScriptedOllama]:
    ollama = ScriptedOllama()
    ollama.start()
    yield ollama
    ollama.stop()


@pytest.fixture
def ollama(_ollama: ScriptedOllama) -> ScriptedOllama:
    _ollama.reset()
    return _ollama


def open_to_all(ollama: ScriptedOllama, directory: Path) -> Gateway:
    gateway = Gateway(directory, {"service": {"base_url": ollama.url}}, "--embedded", "never")
    gateway.start()
    return gateway


@pytest.fixture(scope="package")
def open_gateway(_ollama: ScriptedOllama, tmp_path_factory: Any) -> Iterator[Gateway]:
    """Without tokens: open to this machine."""
    gateway = open_to_all(_ollama, tmp_path_factory.mktemp("open"))
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def other_gateway(_ollama: ScriptedOllama, tmp_path_factory: Any) -> Iterator[Gateway]:
    """As `open_gateway`, for browsers that have one profile for all tests: at another address than
    any before, so that what other files of tests have left in it belongs to another origin."""
    gateway = open_to_all(_ollama, tmp_path_factory.mktemp("other"))
    yield gateway
    gateway.stop()


@pytest.fixture(scope="package")
def closed_gateway(_ollama: ScriptedOllama, tmp_path_factory: Any) -> Iterator[Gateway]:
    """Wants a token; forgets lost chats at once. TOKEN may use talker:3b only, MANAGER manages and
    may not chat, OPERATOR does both."""
    config = {
        "service": {"base_url": _ollama.url},
        "auth": {
            "generate_tokens": [
                {"name": "page", "token": TOKEN, "models": ["talker:*"]},
                {"name": "operator", "token": OPERATOR},
            ],
            "model_tokens": [
                {"name": "manager", "token": MANAGER},
                {"name": "operator", "token": OPERATOR},
            ],
        },
        "chat": {"resume_grace": 0.05},
    }
    gateway = Gateway(tmp_path_factory.mktemp("closed"), config, "--embedded", "never")
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture(scope="package")
def narrow_gateway(_ollama: ScriptedOllama, tmp_path_factory: Any) -> Iterator[Gateway]:
    """Lets one chat at a time go to Ollama, and three wait."""
    config = {
        "service": {"base_url": _ollama.url},
        "limits": {"max_parallel": 1, "max_queued": 3},
    }
    gateway = Gateway(tmp_path_factory.mktemp("narrow"), config, "--embedded", "never")
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture(scope="package")
def lan_gateway(_ollama: ScriptedOllama, tmp_path_factory: Any) -> Iterator[Gateway]:
    """Reached over plain HTTP by a name that is not localhost."""
    config = {"service": {"base_url": _ollama.url}, "listen": {"allowed_hosts": [LAN_NAME]}}
    gateway = Gateway(tmp_path_factory.mktemp("lan"), config, "--embedded", "never")
    gateway.start()
    gateway.url = gateway.url.replace("127.0.0.1", LAN_NAME)
    yield gateway
    gateway.stop()


@pytest.fixture
def _pages() -> list[Any]:
    return []


def went_well(request: pytest.FixtureRequest) -> bool:
    """Whether the test has not failed, as far as it has come."""
    return not request.node.stash.get(FAILED, False)


@pytest.fixture(scope="package")
def profiles(chromium: Any) -> Profiles:
    return Profiles(chromium)


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest,
    chromium: Any,
    profiles: Profiles,
    ollama: ScriptedOllama,
    open_gateway: Gateway,
    _pages: list[Any],
) -> Iterator[Callable[..., Any]]:
    contexts: list[Any] = []
    complaints: list[str] = []

    def tab(url: str, screen: dict[str, int], scheme: str, worker: bool, **how: Any) -> Any:
        if url.startswith(ORDINARY) and not worker:
            return profiles.take(url, **how).open(url, screen=screen, scheme=scheme)
        how |= {"service_workers": "allow" if worker else "block"}
        contexts.append(new_context(chromium, viewport=screen, color_scheme=scheme, **how))
        return contexts[-1].new_page()

    def open_page(
        width: int = 1280,
        height: int = 800,
        scheme: str = "light",
        locale: str = "en-US",
        touch: bool = False,
        gateway: Gateway = open_gateway,
        before: Callable[[Any], None] | None = None,
        worker: bool = False,
    ) -> Any:
        """A page in an empty profile of its own. `before(page)` runs before it loads. Without
        `worker` it may have no service worker: Playwright's routes would not see what that
        fetches."""
        screen = {"width": width, "height": height}
        page = tab(gateway.url, screen, scheme, worker, locale=locale, has_touch=touch)
        _watch(page, gateway.url, complaints)
        _pages.append(page)
        if before is not None:
            before(page)
        page.goto(gateway.url)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    profiles.leave(in_order=went_well(request))
    assert not complaints, complaints


def _watch(page: Any, url: str, complaints: list[str]) -> None:
    def on_console(message: Any) -> None:
        if message.type == "error" and not any(known in message.text for known in HARMLESS):
            complaints.append(message.text)

    def on_request(request: Any) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            complaints.append(f"a request left the page: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", on_request)


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    return open_page()
