"""The gateway as a process of its own, for what only a process can show: signals and memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tornado_ollama.config import SETTINGS

from . import canary

ROOT = Path(__file__).parent.parent

START_S = 60.0
"""Interpreter start and imports on a busy machine."""

VARIABLES = (
    *(name for setting in SETTINGS.values() for name in setting.row.variables),
    *("OLLAMA_HOST", "OLLAMA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
"""What the gateway, its clients and its tests would read from the environment."""


class GatewayProcess:
    """`python -m tornado_ollama serve`, its port, and all that it said."""

    def __init__(
        self,
        config_file: Path | None,
        arguments: Sequence[str] = (),
        *,
        directory: Path | None = None,
        root: Path = ROOT,
        module: str = "tornado_ollama",
        script: Path | None = None,
    ) -> None:
        """Without a `config_file` the default one holds, and a `.env` in `directory`. `root` is
        the source tree that is run, `module` what of it; `script`: a file in its place."""
        run = ["-m", module] if script is None else [str(script)]
        self.command = [sys.executable, *run, "serve", *arguments]
        """What `start` runs."""
        if config_file is not None:
            self.command += ["--config", str(config_file)]
        self._directory = directory if config_file is None else config_file.parent
        self._root = root
        self._readers: list[asyncio.Task[None]] = []
        self._said: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self.port = 0

    @property
    def stdout(self) -> str:
        return "".join(self._said["stdout"])

    @property
    def stderr(self) -> str:
        return "".join(self._said["stderr"])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def start(self) -> None:
        """Returns when the gateway has printed its address, and so listens."""
        environment = dict(os.environ, PYTHONPATH=str(self._root))
        if self._directory is not None:  # what runs outside pytest keeps to its own directory, too
            environment.setdefault("XDG_STATE_HOME", str(self._directory))
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self._directory,
            env=environment,
        )
        listening = asyncio.Event()
        self._readers = [
            asyncio.ensure_future(self._read("stdout", listening)),
            asyncio.ensure_future(self._read("stderr", listening)),
        ]
        async with asyncio.timeout(START_S):
            await listening.wait()
        assert self.port, f"the gateway did not start:\n{self.stdout}\n{self.stderr}"
        with contextlib.suppress(OSError):  # it may have ended again
            title = Path(f"/proc/{self.pid}/cmdline").read_bytes()
            canary.current.look("the title of the process", title)

    async def _read(self, name: str, listening: asyncio.Event) -> None:
        pipe = getattr(self._process, name)
        while line := await pipe.readline():
            self._said[name].append(line.decode())
            found = re.search(r"https?://[^\s:/]+:(\d+)", line.decode())
            if name == "stdout" and found and not self.port:
                self.port = int(found[1])
                listening.set()
        if name == "stdout":
            listening.set()

    def signal(self, number: signal.Signals) -> None:
        # Not `Process.send_signal`: it looks whether the process has ended, and so takes the
        # exit status away from the watcher that waits for it.
        os.kill(self.pid, number)

    async def wait(self) -> int:
        """The exit status, once the process has ended and all its output has been read."""
        async with asyncio.timeout(START_S):
            status = await self._process.wait()
            await asyncio.gather(*self._readers)
        canary.current.look("the output of the process", self.stdout + self.stderr)
        return status

    async def kill(self) -> None:
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGKILL)
        await self.wait()

    def peak_memory(self) -> int:
        """The most resident memory the process ever had, in bytes (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024
