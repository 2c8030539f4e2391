"""Signals that come while the gateway starts: none is lost, and none but a stop ends it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama import server
from tornado_ollama.config import SettingsReader, load
from tornado_ollama.errors import ConfigError

from ..backend import Backend, StallBeforeHeaders
from ..conftest import merged
from ..process import GatewayProcess
from ..raw_client import RawConnection
from .keys import SECURED, bearer

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_sighup_before_the_gateway_is_ready_is_a_reload_afterwards(
    config_file: Path, config: Any
) -> None:
    """The configuration is a pipe: whoever opens it is a process in the middle of its start."""
    settings = json.loads(config_file.read_text())
    config_file.unlink()
    os.mkfifo(config_file)
    process = GatewayProcess(config_file)
    starting = asyncio.ensure_future(process.start())
    try:
        with await asyncio.to_thread(_writer, config_file) as pipe:
            process.signal(signal.SIGHUP)
            pipe.write(json.dumps(settings))
        await starting
        settings.pop("auth")
        fresh = merged(settings, {"auth": {"generate_tokens": ["fresh"]}})
        await asyncio.to_thread(config_file.write_text, json.dumps(fresh))
        client = await RawConnection(process.port).open()
        async with asyncio.timeout(10):
            while (await client.request("GET", "/api/tags", [bearer("fresh")])).status != 200:
                await asyncio.sleep(0.01)
        client.leave()
        process.signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        await process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
async def test_a_stop_while_it_looks_for_ollama_is_heard(
    config_file: Path, backend: Backend, number: signal.Signals
) -> None:
    backend.on("/api/version", StallBeforeHeaders())
    process = GatewayProcess(config_file, ["--embedded", "auto"])
    starting = asyncio.ensure_future(process.start())
    try:
        await backend.next_request("/api/version")
        process.signal(number)
        with pytest.raises(AssertionError, match="did not start"):
            await starting
        assert await process.wait() == 0
        assert "embedded" not in process.stderr
    finally:
        await process.kill()


async def test_signals_are_heard_before_the_port_answers(
    config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def listen(*_: Any, **more: Any) -> Any:
        order.append("listen")
        raise ConfigError("the port is taken")

    monkeypatch.setattr(server, "on_signal", lambda loop, name, callback: order.append(name))
    monkeypatch.setattr(server, "listen", listen)
    settings = load(config_file, {}, {})
    try:
        with pytest.raises(ConfigError):
            await server.serve(settings, SettingsReader(None, {}, {}, serving=True))
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    assert order == ["SIGTERM", "SIGINT", "SIGHUP", "listen"]


def _writer(pipe: Path) -> Any:
    return pipe.open("w")
