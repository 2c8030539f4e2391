"""`signals`: also where asyncio knows none."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tornado_ollama.signals import on_signal


@pytest.mark.parametrize("system", ["posix", "windows"])
def test_a_signal_calls_back_on_the_loop(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait() -> None:
        loop = asyncio.get_running_loop()
        if system == "windows":
            monkeypatch.setattr(type(loop), "add_signal_handler", _not_there)
        came = asyncio.Event()
        on_signal(loop, "SIGTERM", came.set)
        signal.raise_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            await came.wait()

    before = signal.getsignal(signal.SIGTERM)
    try:
        asyncio.run(wait())
    finally:
        signal.signal(signal.SIGTERM, before)


def _not_there(*_: object) -> None:
    raise NotImplementedError


def test_a_signal_that_the_system_does_not_have_is_left_out() -> None:
    async def ask() -> None:
        on_signal(asyncio.get_running_loop(), "SIGNOTHING", lambda: None)

    asyncio.run(ask())
