"""Firefox, for tests of the page: as it is, or with cookies and site data blocked.

Debian's `firefox-esr`, driven over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), which it
speaks by itself.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

ANSWER_S = 60.0
ACCEPT_SITE_DATA = 0
REFUSE_SITE_DATA = 2
"""Firefox's `network.cookie.cookieBehavior` for "all cookies blocked", site data with them."""


FEW_PROCESSES = (
    'user_pref("fission.webContentIsolationStrategy", 0);\n'
    'user_pref("dom.ipc.processCount", 1);\n'
    'user_pref("dom.ipc.processPrelaunch.enabled", false);\n'
)
"""All tabs share a process, or each would start one for a page and one ahead: half of the time that
a page takes to open."""

LITTLE_WORK = (
    'user_pref("ui.prefersReducedMotion", 1);\n'
    'user_pref("layout.frame_rate", 20);\n'
    'user_pref("accessibility.force_disabled", 1);\n'
    'user_pref("places.history.enabled", false);\n'
    'user_pref("browser.chrome.site_icons", false);\n'
    'user_pref("browser.pagethumbnails.capturing_disabled", true);\n'
    'user_pref("browser.newtab.preload", false);\n'
    'user_pref("browser.sessionstore.interval", 10000000);\n'
)
"""Fewer frames, and nothing kept for a reader's later days: a quarter of the processor time of a
test. Motion is reduced in the tests' Chromium, too."""


class Firefox:
    """A browser with an empty profile in `directory`, for a `with` block. Without `site_data` there
    is no storage and no channel between tabs. `local`: a name that leads to this machine.
    `sparing`: set to `LITTLE_WORK`. `errors`: what the page's scripts have thrown or rejected and
    nobody has caught."""

    PROGRAMS = {"firefox-esr": "firefox-esr"}
    """What must be there, and the Debian package that brings it."""

    def __init__(
        self, directory: Path, *, site_data: bool = True, local: str = "", sparing: bool = False
    ) -> None:
        self._directory = directory
        self._cookies = ACCEPT_SITE_DATA if site_data else REFUSE_SITE_DATA
        self._local = local
        self._more = LITTLE_WORK if sparing else ""
        self._ids = count(1)
        self.errors: list[str] = []

    def __enter__(self) -> Firefox:
        prefs = (
            f'user_pref("network.cookie.cookieBehavior", {self._cookies});\n'
            f'user_pref("network.dns.localDomains", "{self._local}");\n'
            f"{FEW_PROCESSES}{self._more}"
        )
        (self._directory / "user.js").write_text(prefs, encoding="utf-8")
        with ExitStack() as started:
            process = started.enter_context(self._process())
            started.callback(process.kill)
            address = _address(process) + "/session"
            self._socket = started.enter_context(connect(address, max_size=None, proxy=None))
            self._ask("session.new", capabilities={})
            self._ask("session.subscribe", events=["log.entryAdded"])
            self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def open(self, address: str) -> None:
        """In a tab of its own; the one before is closed, and with it what it kept for itself."""
        new = self._ask("browsingContext.create", type="tab")["context"]
        self._ask("browsingContext.close", context=self._context)
        self._context = new
        self._navigate(address)

    def reload(self) -> None:
        self._ask("browsingContext.reload", context=self._context, wait="complete")

    def _navigate(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, as far as JSON can hold it."""
        said = self._ask(
            "script.evaluate",
            expression=f"JSON.stringify([{expression}])",
            target={"context": self._context},
            awaitPromise=False,
        )
        assert said["type"] == "success", said["exceptionDetails"]["text"]
        return json.loads(said["result"]["value"])[0]

    def press(self, selector: str) -> None:
        """A click in the middle of the element, which must be in sight."""
        locator = {"type": "css", "value": selector}
        found = self._ask("browsingContext.locateNodes", context=self._context, locator=locator)
        element = {"type": "element", "element": {"sharedId": found["nodes"][0]["sharedId"]}}
        self._act(
            "pointer",
            {"type": "pointerMove", "x": 0, "y": 0, "origin": element},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        )

    def type(self, selector: str, text: str) -> None:
        self.press(selector)
        steps = ("keyDown", "keyUp")
        self._act("key", *({"type": step, "value": key} for key in text for step in steps))

    def printed(self) -> bytes:
        """The page on paper, as a PDF."""
        printed = self._ask("browsingContext.print", context=self._context)
        return base64.b64decode(printed["data"])

    def screenshot(self, path: Path) -> None:
        taken = self._ask("browsingContext.captureScreenshot", context=self._context)
        path.write_bytes(base64.b64decode(taken["data"]))

    def _act(self, kind: str, *steps: dict[str, Any]) -> None:
        source = {"type": kind, "id": kind, "actions": list(steps)}
        self._ask("input.performActions", context=self._context, actions=[source])

    def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv(ANSWER_S))
            if said.get("id") == number:
                assert said["type"] == "success", said
                return said["result"]
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self.errors.append(said["params"]["text"])

    def _process(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--remote-debugging-port", "0"]
            + ["--profile", str(self._directory), "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )


def _address(process: subprocess.Popen[bytes]) -> str:
    """Where it listens, as its first lines say."""
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(rb"WebDriver BiDi listening on (\S+)", line)
        if found:
            return found[1].decode()
    raise AssertionError("Firefox did not start")
