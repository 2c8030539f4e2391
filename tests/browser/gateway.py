"""The gateway as a process, started and stopped without an event loop in the test's thread."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

START_S = 60.0
ROOT = Path(__file__).parents[2]


class Gateway:
    """`python -m tornado_ollama serve` with `config`, as often as it is started."""

    def __init__(self, directory: Path, config: dict[str, Any], *arguments: str) -> None:
        self._directory = directory
        self._log = directory / "gateway.log"
        file = directory / "config.yaml"
        state = {"state": {"directory": str(directory / "state")}}
        file.write_text(yaml.safe_dump(state | config), encoding="utf-8")
        self._command = [
            *(sys.executable, "-m", "tornado_ollama", "serve"),
            *("--config", str(file), "--host", "127.0.0.1", *arguments),
        ]
        self.url = ""

    def start(self, port: int = 0) -> None:
        """Returns when the address was printed. Without `port` on a free one."""
        # The tokens of whoever runs the tests are none of theirs.
        state = {"XDG_STATE_HOME": str(self._directory / "state"), "STATE_DIRECTORY": ""}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self._command, "--port", str(port)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self._directory,
                env=dict(os.environ, PYTHONPATH=str(ROOT), **state),
            )
        self.url = self._address()

    def reload(self) -> None:
        """Has it read its configuration and its files again; returns before it has."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _address(self) -> str:
        assert self._process.stdout is not None
        said = b""
        until = time.monotonic() + START_S
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while selector.select(max(0, until - time.monotonic())):
                piece = os.read(self._process.stdout.fileno(), 65536)
                said += piece
                found = re.search(rb"https?://[^\s:/]+:\d+", said)
                if found:
                    return found[0].decode() + "/"
                if not piece:
                    break
        self.stop()
        raise AssertionError(f"the gateway did not start:\n{said!r}\n{self._log.read_text()}")
