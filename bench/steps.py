"""How many bytecodes and calls of Python a token and a request take in the gateway, by function.

    python -m bench.steps [--root ANOTHER_TREE] [--top 20]

Counts, not times: the same on every machine, so two trees can be compared on a busy one. Leaves out
Python's own library, of which the event loop turns more or less often, and what C does, such as
system calls.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.backend import Backend, Exchange
from tests.process import ROOT, GatewayProcess
from tests.raw_client import RawConnection
from tests.waiting import until

from .side_by_side import STREAMED, WORKS, plain, reply, token, written

FEW, MANY = 30, 100
"""Units of two runs, whose difference is counted: what begins and ends them is not."""

RUN_S = 3.0
"""Of each run, so that what the gateway does by the clock is in both. A token comes alone then,
although every step of the gateway is counted."""

TRACED = Path(__file__).with_name("traced.py")

Steps = dict[str, tuple[int, int]]
"""Bytecodes and calls of each function."""


class Ollama:
    """A scripted one, whose streams last RUN_S."""

    tokens = 0
    """Of each stream."""

    async def __call__(self, exchange: Exchange) -> None:
        await reply(exchange, self.tokens, lambda: asyncio.sleep(RUN_S / self.tokens))


async def measure(root: Path, top: int) -> None:
    """Prints the counts of the tree at `root`, those of the costliest functions apart."""
    ollama = Ollama()
    backend = Backend(ollama)
    await backend.start()
    with tempfile.TemporaryDirectory() as name:
        counts = Path(name) / "counts.json"
        os.environ["STEPS_FILE"] = str(counts)
        gateway = GatewayProcess(
            written(Path(name), "config", plain(backend.url)), root=root, script=TRACED
        )
        await gateway.start()
        try:
            for unit in WORKS:
                # The first warms up.
                found = [await _counted(gateway, counts, ollama, unit, n) for n in (FEW, FEW, MANY)]
                _show(unit, found[1], found[2], top)
        finally:
            await gateway.kill()
    await backend.stop()


async def _counted(
    gateway: GatewayProcess, counts: Path, ollama: Ollama, unit: str, number: int
) -> Steps:
    """The counts of a run of so many units."""
    method, path, body = WORKS[unit]
    ollama.tokens = number
    counts.unlink(missing_ok=True)
    gateway.signal(signal.SIGUSR1)
    run = asyncio.create_task(asyncio.sleep(RUN_S + 0.5))
    client = await RawConnection(gateway.port).open()
    for _ in range(1 if body == STREAMED else number):
        headers = [("Authorization", f"Bearer {token(0)}")]
        response = await client.request(method, path, headers, body)
        assert response.status == 200, response
    client.leave()
    await run
    gateway.signal(signal.SIGUSR2)
    await until(counts.exists, "the counts are written")
    found: Steps = json.loads(counts.read_text())
    return found


def _show(unit: str, few: Steps, many: Steps, top: int) -> None:
    units = MANY - FEW
    rows: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for name, (steps, called) in many.items():
        before = few.get(name, (0, 0))
        rows[name] = steps - before[0]
        calls[name] = called - before[1]
    print(f"a {unit}: {rows.total() / units:.0f} bytecodes, {calls.total() / units:.1f} calls")
    for name, steps in rows.most_common(top):
        print(f"{steps / units:10.1f} {calls[name] / units:6.2f}  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Bytecodes and calls of a token and a request")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree of the gateway")
    parser.add_argument("--top", type=int, default=20, help="functions shown of each")
    asked: Any = parser.parse_args()
    asyncio.run(measure(asked.root.resolve(), asked.top))


if __name__ == "__main__":
    main()
