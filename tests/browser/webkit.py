"""WebKit, the engine of every iPhone, for tests of the page: WebKitGTK's MiniBrowser.

Driven over W3C WebDriver (https://www.w3.org/TR/webdriver2/), on a display that nobody sees.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

START_S = 60.0
ANSWER_S = 60.0
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's reference, a constant of the specification (section 12.2)."""


class WebKit:
    """A browser with a profile of its own, for a `with` block."""

    PROGRAMS = {"WebKitWebDriver": "webkit2gtk-driver", "Xvfb": "xvfb"}
    """What must be there, and the Debian packages that bring it."""

    def __init__(self, sparing: Path | None = None) -> None:
        """`sparing`: a directory for the settings by which it draws with less work."""
        self._sparing = sparing

    def __enter__(self) -> WebKit:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        with ExitStack() as started:
            screen, display = _screen()
            started.enter_context(screen)
            started.callback(screen.kill)
            driver = started.enter_context(self._driver(display))
            started.callback(driver.kill)
            self._session = self._new_session(driver)
            started.callback(self._ask, "DELETE", "")
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def open(self, address: str) -> None:
        self._ask("POST", "/url", {"url": address})

    def reload(self) -> None:
        self._ask("POST", "/refresh", {})

    @contextmanager
    def narrow(self) -> Iterator[None]:
        """A window that is as narrow as it can be: 447 pixels."""
        usual = self._ask("GET", "/window/rect")
        self._ask("POST", "/window/rect", {"width": 447, "height": usual["height"]})
        yield
        self._ask("POST", "/window/rect", usual)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, as far as JSON can hold it."""
        script = {"script": f"return {expression}", "args": []}
        return self._ask("POST", "/execute/sync", script)

    def press(self, selector: str) -> None:
        """A click in the middle of the element, which must be in sight."""
        self._ask("POST", f"/element/{self._find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        self._ask("POST", f"/element/{self._find(selector)}/value", {"text": text})

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def _find(self, selector: str) -> str:
        found = self._ask("POST", "/element", {"using": "css selector", "value": selector})
        return str(found[ELEMENT])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._send(method, f"/session/{self._session}{path}", body)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        with closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        assert answer.status == 200, value
        return value

    def _driver(self, display: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["WebKitWebDriver", f"--port={self._port}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Without these two the browser asks a desktop for its settings and its accessibility.
            env=dict(os.environ, DISPLAY=display, GSETTINGS_BACKEND="memory", NO_AT_BRIDGE="1")
            | self._little_work(),
        )

    def _little_work(self) -> dict[str, str]:
        """Motion is reduced, as in the tests' Chromium, and no frame goes through OpenGL, which has
        no graphics card here: a third of the processor time of a test."""
        if self._sparing is None:
            return {}
        (self._sparing / "gtk-3.0").mkdir()
        settings = "[Settings]\ngtk-enable-animations=0\n"
        (self._sparing / "gtk-3.0" / "settings.ini").write_text(settings, encoding="utf-8")
        return {"XDG_CONFIG_HOME": str(self._sparing), "WEBKIT_DISABLE_COMPOSITING_MODE": "1"}

    def _new_session(self, driver: subprocess.Popen[bytes]) -> str:
        """Its id, as soon as the driver listens."""
        until = time.monotonic() + START_S
        while True:
            try:
                return str(self._send("POST", "/session", {"capabilities": {}})["sessionId"])
            except ConnectionRefusedError:
                assert time.monotonic() < until and driver.poll() is None
                time.sleep(0.05)


def _screen() -> tuple[subprocess.Popen[bytes], str]:
    """A display without a screen, and its name. It ends with its process."""
    tells, told = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(told), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[told],
    )
    os.close(told)
    with open(tells, "rb") as name:
        return process, f":{name.readline().decode().strip()}"
