"""Whatever standard output and standard error are, the gateway starts, works, reloads and ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from ..backend import Backend
from ..backend.network import refusing_port
from ..conftest import merged
from ..embedded.model_process import require_model
from ..process import START_S
from ..raw_client import RawConnection
from ..standard_streams import STATES, shell_of, stream_state
from .keys import GENERATE, SECURED, bearer

pytestmark = pytest.mark.gen_test

ROOT = Path(__file__).parents[2]


class Silent:
    """A process of which nothing can be read."""

    def __init__(self, *arguments: str) -> None:
        self._command = [sys.executable, "-m", "tornado_ollama", *arguments]

    async def start(self, directory: Path, stdout: int | None, stderr: int | None) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *shell_of(self._command, stdout=stdout, stderr=stderr),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout if stdout is not None else asyncio.subprocess.DEVNULL,
            stderr=stderr if stderr is not None else asyncio.subprocess.DEVNULL,
            cwd=directory,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
        )

    async def connect(self, port: int) -> RawConnection:
        async with asyncio.timeout(START_S):
            while True:
                assert self.process.returncode is None, "it has ended instead of starting"
                try:
                    return await RawConnection(port).open()
                except OSError:
                    await asyncio.sleep(0.02)

    async def end(self, seconds: float = START_S) -> int:
        os.kill(self.process.pid, signal.SIGTERM)
        return await self.wait(seconds)

    async def wait(self, seconds: float = START_S) -> int:
        try:
            async with asyncio.timeout(seconds):
                return await self.process.wait()
        finally:
            if self.process.returncode is None:
                os.kill(self.process.pid, signal.SIGKILL)
                await self.process.wait()


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize(
    ("which", "state"),
    [*(("stdout", state) for state in STATES), *(("both", state) for state in STATES)]
    + [("stderr", "closed"), ("stderr", "unread")],
)
async def test_the_gateway_lives_whatever_its_streams_are(
    which: str, state: str, config_file: Path, config: Any, backend: Backend
) -> None:
    port = refusing_port()
    process = Silent("serve", "--config", str(config_file), "--port", str(port))
    with stream_state(state) as broken:
        stdout = broken if which != "stderr" else asyncio.subprocess.DEVNULL
        stderr = broken if which != "stdout" else asyncio.subprocess.DEVNULL
        await process.start(config_file.parent, stdout, stderr)
        try:
            client = await process.connect(port)
            for _ in range(3):
                response = await client.request("GET", "/api/tags", [bearer(GENERATE)])
                assert response.status == 200
            settings = json.loads(config_file.read_text())
            settings.pop("auth")
            fresh = merged(settings, {"auth": {"generate_tokens": ["fresh"]}})
            config_file.write_text(json.dumps(fresh))
            os.kill(process.process.pid, signal.SIGHUP)
            async with asyncio.timeout(START_S):
                while (await client.request("GET", "/api/tags", [bearer("fresh")])).status != 200:
                    await asyncio.sleep(0.02)
            client.leave()
        finally:
            status = await process.end()
    assert status == 0


@pytest.mark.parametrize("state", STATES)
async def test_the_start_that_fails_ends_whatever_standard_error_is(
    state: str, config_file: Path, backend: Backend
) -> None:
    process = Silent("serve", "--config", str(config_file), "--port", str(backend.port))
    with stream_state(state) as broken:
        await process.start(config_file.parent, asyncio.subprocess.DEVNULL, broken)
        assert await process.wait() == 2


@pytest.mark.gen_test(timeout=240)  # it ends when its model is loaded
@pytest.mark.parametrize("state", STATES)
async def test_the_embedded_backend_lives_whatever_its_streams_are(
    state: str, tmp_path: Path
) -> None:
    require_model()
    port = refusing_port()
    process = Silent("embedded", "--port", str(port), "--threads", "1")
    with stream_state(state) as broken:
        await process.start(tmp_path, broken, broken)
        client = await process.connect(port)
        assert (await client.request("GET", "/api/version")).status == 200
        client.leave()
        assert await process.end(180) == 0


@pytest.mark.parametrize("state", ["closed", "full", "unread"])
async def test_the_monitor_goes_on_and_ends_when_told(
    state: str, tmp_path: Path, backend: Backend
) -> None:
    process = Silent("monitor", "--interval", "1", "--url", backend.url)
    with stream_state(state) as broken:
        await process.start(tmp_path, broken, asyncio.subprocess.DEVNULL)
        for _ in range(2):
            await backend.next_request("/api/version")
        assert await process.end() == 0


async def test_the_monitor_ends_when_its_reader_has_left(tmp_path: Path, backend: Backend) -> None:
    process = Silent("monitor", "--interval", "1", "--url", backend.url)
    with stream_state("no reader") as broken:
        await process.start(tmp_path, broken, asyncio.subprocess.DEVNULL)
        assert await process.wait() == 1


CREATE = ("token", "create", "--name", "n")
JWT = ("token", "jwt", "--sub", "n", "--ttl", "1h")


@pytest.mark.parametrize(
    ("state", "arguments", "unbuffered"),
    [
        *(("closed", CREATE, ""), ("no reader", CREATE, ""), ("full", CREATE, "")),
        *(("full", CREATE, "1"), ("full", JWT, ""), ("full", ("token", "inspect", "x"), "")),
        *(("full", ("check",), ""), ("full", ("--version",), ""), ("closed", ("check",), "1")),
    ],
)
async def test_a_command_whose_answer_cannot_be_written_fails_in_one_line(
    state: str, arguments: tuple[str, ...], unbuffered: str, tmp_path: Path, backend: Backend
) -> None:
    environment = dict(
        os.environ,
        PYTHONPATH=str(ROOT),
        OLLAMA_BASE_URL=backend.url,
        JWT_SECRET_KEY="s" * 32,
        PYTHONUNBUFFERED=unbuffered,
    )
    with stream_state(state) as broken:
        process = await asyncio.create_subprocess_exec(
            *shell_of([sys.executable, "-m", "tornado_ollama", *arguments], stdout=broken),
            stdout=broken if broken is not None else asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=tmp_path,
            env=environment,
        )
        _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().startswith("tornado-ollama: the output cannot be written (")
    assert said.count(b"\n") == 1
