"""What metrics, accounts and the access log cost: the gateway's CPU time for a request and for a
token, with all of them and without any.

    python -m bench.bookkeeping [--turns 1500]

One gateway switches them on and off in turns of 200 requests, because two processes of the same
code differ by some percent for as long as they live, and because the pace of a machine that others
share changes as much from one second to the next as from one minute to the next: what helps is to
compare often. What the threads of the log and of the accounts spend is divided among the requests
with bookkeeping.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.backend import Backend
from tests.process import GatewayProcess
from tests.waiting import until

from .side_by_side import (
    CALLERS,
    REQUESTS,
    STREAM_TOKENS,
    STREAMS,
    plain,
    requests,
    scripted,
    streams,
    tell,
    written,
)
from .switched import ORDER

PROCESSES = 10
"""Gateways, one after the other."""

WARM_UP = 2 * len(ORDER)
"""Turns that do not count."""

WORKS: dict[str, tuple[Callable[[int], Awaitable[None]], int, int]] = {
    "request": (requests, CALLERS * REQUESTS, 1),
    "token": (streams, STREAMS, STREAM_TOKENS),
}
"""What is done in a turn, how many records it makes, and how many units each of them is."""


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


async def measure(turns: int) -> None:
    """Prints the CPU times."""
    backend = Backend(scripted)
    await backend.start()
    try:
        for unit, (work, records, units) in WORKS.items():
            found: list[tuple[float, float]] = []
            for _ in range(PROCESSES):
                with tempfile.TemporaryDirectory() as name:
                    path = written(Path(name), "switched", config(Path(name), backend.url))
                    gateway = GatewayProcess(path, module="bench.switched")
                    gateway.command.insert(gateway.command.index("serve"), str(records))
                    try:
                        await gateway.start()
                        spent = await _spent(gateway, work, turns // PROCESSES)
                    finally:
                        await gateway.kill()
                found += [(a / records / units / 1e3, b / records / units / 1e3) for a, b in spent]
            tell(unit, found, "metrics, accounts and the log")
    finally:
        await backend.stop()


async def _spent(
    gateway: GatewayProcess, work: Callable[[int], Awaitable[None]], turns: int
) -> list[tuple[float, float]]:
    """Nanoseconds of neighbouring turns, without bookkeeping and with it."""
    turns -= turns % len(ORDER)
    for _ in range(WARM_UP + turns):
        await work(gateway.port)
    said = len(gateway.stdout)
    gateway.signal(signal.SIGUSR1)
    await until(lambda: gateway.stdout[said:].endswith("\n"), "it tells what it has measured")
    told = json.loads(gateway.stdout[said:])
    others = told["others"] / (len(told["turns"]) / 2)
    found = []
    for at in range(WARM_UP, WARM_UP + turns, 2):
        with_it, without = told["turns"][at : at + 2]
        if not ORDER[at % len(ORDER)]:
            with_it, without = without, with_it
        found.append((without, with_it + others))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time with and without bookkeeping")
    parser.add_argument("--turns", type=int, default=1500, help="of each unit")
    asyncio.run(measure(parser.parse_args().turns))


if __name__ == "__main__":
    main()
