"""One run of an agent: `tornado-ollama launch` with a token, and a home of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from .offline import OFFLINE, PROXIES
from .programs import ROOT, SEARCH_PATH
from .scripted import NAME

RUN_S = 240.0
"""A run that has not ended by then hangs; on a quiet machine one takes seconds."""

TOKEN = "to-of-the-agents"


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit code {self.status}\n{self.out[-6000:]}\n-- stderr --\n{self.err[-6000:]}"


@dataclass(frozen=True, slots=True)
class Agents:
    """Runs agents against the gateway at `url`, with `home` as their user's."""

    url: str
    home: Path
    work: Path
    """Where they work; empty at first."""

    def apart(self, name: str) -> Agents:
        """The same in directories of their own, below these."""
        home, work = self.home / name, self.work / name
        home.mkdir()
        work.mkdir()
        return Agents(self.url, home, work)

    async def run(
        self, agent: str, *arguments: str, flags: tuple[str, ...] = (), **variables: str
    ) -> Done:
        """The agent with its own arguments; `flags` are those of `launch`."""
        command = (sys.executable, "-m", "tornado_ollama", "launch", agent)
        asked = ("--url", self.url, "--model", NAME, *flags, "--", *arguments)
        child = await asyncio.create_subprocess_exec(
            *(*command, *asked),
            cwd=self.work,
            env=self.environment() | variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(RUN_S):
                out, err = await child.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        return Done(child.returncode or 0, out.decode(), err.decode())

    def environment(self) -> dict[str, str]:
        proxies = PROXIES if os.environ.get(OFFLINE) == "proxies" else {}
        path = os.pathsep.join([*map(str, SEARCH_PATH), os.defpath])
        own = {"HOME": str(self.home), "PATH": path, "PYTHONPATH": str(ROOT)}
        plain = {"TERM": "dumb", "LANG": "C.UTF-8", "NO_COLOR": "1", "CI": "true"}
        return {**proxies, **own, **plain, "TORNADO_OLLAMA_TOKEN": TOKEN}
