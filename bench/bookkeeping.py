"""What metrics, accounts and the access log cost: the gateway's CPU time for a request and for a
token, with all of them and without any.

    python -m bench.bookkeeping [--rounds 100]

One gateway has them switched on and off in turns, because two processes of the same code differ by
some percent for as long as they live. A turn ends when everything has been done that was put off.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.backend import Backend
from tests.process import GatewayProcess

from .side_by_side import (
    CALLERS,
    REQUESTS,
    STREAM_TOKENS,
    STREAMS,
    cpu_s,
    plain,
    requests,
    scripted,
    streams,
    tell,
    written,
)

PROCESSES = 10
"""Gateways, one after the other."""

SETTLE_S = 0.15
"""Until the thread of the log and the database have done what is left."""


async def many_requests(port: int) -> None:
    """About as many as a busy gateway answers in the second after which the accounts are stored."""
    for _ in range(3):
        await requests(port)


WORKS: dict[str, tuple[Callable[[int], Awaitable[None]], int, int]] = {
    "request": (many_requests, 3 * CALLERS * REQUESTS, 3),
    "token": (streams, STREAMS * STREAM_TOKENS, 1),
}
"""What is done, how many units it is, and how often in a round."""


def config(directory: Path, backend: str) -> dict[str, Any]:
    return plain(backend, CALLERS) | {"state": {"directory": str(directory)}}


def gateways(directory: Path, backend: str) -> tuple[GatewayProcess, GatewayProcess]:
    """For `bench.instructions`: one without bookkeeping, one with it."""
    without = config(directory / "without", backend)
    without |= {"log": {"level": "error"}, "usage": {"keep_days": 0}}
    return (
        GatewayProcess(written(directory, "without", without), module="bench.unobserved"),
        GatewayProcess(written(directory, "with", config(directory / "with", backend))),
    )


async def measure(rounds: int) -> None:
    """Prints the CPU times."""
    backend = Backend(scripted)
    await backend.start()
    found: dict[str, list[tuple[float, float]]] = {unit: [] for unit in WORKS}
    try:
        for _ in range(PROCESSES):
            with tempfile.TemporaryDirectory() as name:
                path = written(Path(name), "switched", config(Path(name), backend.url))
                gateway = GatewayProcess(path, module="bench.switched")
                try:
                    await gateway.start()
                    await _measure_one(gateway, max(1, rounds // PROCESSES), found)
                finally:
                    await gateway.kill()
    finally:
        await backend.stop()
    for unit, both in found.items():
        tell(unit, both, "metrics, accounts and the log")


async def _measure_one(
    gateway: GatewayProcess, rounds: int, found: dict[str, list[tuple[float, float]]]
) -> None:
    for number in range(rounds + 1):
        for unit, (work, count, times) in WORKS.items():
            for turn in range(times):
                spent = {}
                for on in (True, False) if (number + turn) % 2 else (False, True):
                    before = cpu_s(gateway.pid)
                    if on:
                        os.kill(gateway.pid, signal.SIGUSR2)
                    await work(gateway.port)
                    os.kill(gateway.pid, signal.SIGUSR1)
                    await asyncio.sleep(SETTLE_S)
                    spent[on] = (cpu_s(gateway.pid) - before) / count * 1e6
                if number:  # the first round warms up
                    found[unit].append((spent[False], spent[True]))


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time with and without bookkeeping")
    parser.add_argument("--rounds", type=int, default=100)
    asyncio.run(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
