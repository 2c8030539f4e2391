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

START_S = 20.0
"""Interpreter start and imports on a busy machine."""


class GatewayProcess:
    """`python -m tornado_ollama serve`, its port, and all that it said."""

    def __init__(
        self,
        config_file: Path | None,
        arguments: Sequence[str] = (),
        *,
        directory: Path | None = None,
    ) -> None:
        """Without a `config_file` the default one holds, and a `.env` in `directory`."""
        self._command = [sys.executable, "-m", "tornado_ollama", "serve", *arguments]
        if config_file is not None:
            self._command += ["--config", str(config_file)]
        self._directory = directory if config_file is None else config_file.parent
        self._readers: list[asyncio.Task[None]] = []
        self.port = 0
        self.stdout = ""
        self.stderr = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> None:
        """Returns when the gateway has printed its address, and so listens."""
        environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parent.parent))
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
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

    async def _read(self, name: str, listening: asyncio.Event) -> None:
        pipe = getattr(self._process, name)
        while line := await pipe.readline():
            setattr(self, name, getattr(self, name) + line.decode())
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
        return status

    async def kill(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGKILL)
        await self.wait()

    def peak_memory(self) -> int:
        """The most resident memory the process ever had, in bytes (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024
