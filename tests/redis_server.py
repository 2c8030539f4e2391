"""A real `redis-server` of a test's own, on loopback, without files."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from .programs import need
from .waiting import PATIENCE_S


class RedisServer:
    """Starts on entering, on a free port, and ends on leaving."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._program = need("redis-server")
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def start(self) -> None:
        settings = f"--port {self.port} --bind 127.0.0.1 --save  --appendonly no"
        self._process = subprocess.Popen(
            [self._program, *settings.split(" "), "--dir", str(self._directory)],
            stdout=subprocess.DEVNULL,
        )
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end, "redis-server does not start"
                time.sleep(0.01)

    def stop(self) -> None:
        if self._process is not None:
            self.resume()
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Lets it hang: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
