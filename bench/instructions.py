"""How many instructions of the processor a request and a token take in two gateways.

    python -m bench.instructions limits|bookkeeping|ANOTHER_TREE [--rounds 3]

Both run under valgrind (Debian's package of that name), which counts what Python and its libraries
execute in all threads; the work of the kernel, some tenth of a request, is not counted. The same
requests come one after another, and each token when the one before has reached the client, so that
two runs differ by one or two percents on a busy machine.

`limits` and `bookkeeping` compare what `bench.limits` and `bench.bookkeeping` do; the path of
another tree compares its gateway with this one's. Takes ten minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests import process
from tests.backend import Backend, Exchange
from tests.process import GatewayProcess
from tests.raw_client import RawConnection

from . import bookkeeping, limits
from .side_by_side import STREAMED, WORKS, Make, plain, reply, token, written

FEW, MANY = 50, 150
"""Requests of two runs, whose difference is counted: what begins and ends them is not."""

TOKENS = 10
"""In place of each request."""

SLOWED = Path(__file__).with_name("slowed.py")


class Ollama:
    """A scripted one, which writes a token when it is told to."""

    def __init__(self) -> None:
        self.next = asyncio.Semaphore(0)
        self.tokens = 0

    async def __call__(self, exchange: Exchange) -> None:
        await reply(exchange, self.tokens, lambda: self.next.acquire())


class Counted:
    """A gateway whose instructions are counted, into files of `directory`."""

    def __init__(self, gateway: GatewayProcess, directory: Path) -> None:
        self._gateway = gateway
        self._directory = directory
        gateway.command[1:1] = [str(SLOWED)]
        gateway.command[:0] = [
            *("valgrind", "--quiet", "--tool=callgrind"),
            f"--callgrind-out-file={directory / 'counts.%p'}",
        ]

    async def start(self) -> None:
        await self._gateway.start()
        self._port, self._pid = self._gateway.port, self._gateway.pid

    async def kill(self) -> None:
        await self._gateway.kill()

    async def count(self, ollama: Ollama, unit: str, number: int) -> int:
        """The instructions of so many requests on one connection, or of one with many tokens."""
        method, path, body = WORKS[unit]
        headers = [("Authorization", f"Bearer {token(0)}")]
        client = await RawConnection(self._port).open()
        await self._control("--zero")
        if body == STREAMED:
            ollama.tokens, ollama.next = number * TOKENS, asyncio.Semaphore(0)
            await client.send_request(method, path, headers, body)
            response = await client.read_head()
            while await client.read_chunk(response):
                ollama.next.release()
            assert response.complete
        else:
            for _ in range(number):
                response = await client.request(method, path, headers, body)
                assert response.status == 200, response
        found = await self._read()
        client.leave()
        return found

    async def _control(self, command: str) -> None:
        asked = await asyncio.create_subprocess_exec(
            "callgrind_control", command, str(self._pid), stdout=asyncio.subprocess.DEVNULL
        )
        assert await asked.wait() == 0

    async def _read(self) -> int:
        """What has been counted since the counters were set to zero."""
        known = set(self._directory.iterdir())
        await self._control("--dump")
        while not (new := set(self._directory.iterdir()) - known):
            await asyncio.sleep(0.1)
        [dump] = new
        while True:
            for line in dump.read_text(errors="replace").splitlines():
                if line.startswith("totals:"):  # its last line
                    dump.unlink()
                    return int(line.split()[1])
            await asyncio.sleep(0.1)


def trees(other: Path) -> Make:
    """Makes the gateways of another tree and of this one."""

    def make(directory: Path, backend: str) -> tuple[GatewayProcess, GatewayProcess]:
        path = written(directory, "config", plain(backend))
        return GatewayProcess(path, root=other), GatewayProcess(path)

    return make


async def measure(make: Make, rounds: int) -> None:
    """Prints the counts of both gateways."""
    ollama = Ollama()
    backend = Backend(ollama)
    await backend.start()
    found: dict[str, list[list[float]]] = {unit: [[], []] for unit in WORKS}
    with tempfile.TemporaryDirectory() as name:
        both = []
        for number, made in enumerate(make(Path(name), backend.url)):
            (counts := Path(name) / f"counts-{number}").mkdir()
            both.append(Counted(made, counts))
        try:
            for gateway in both:
                await gateway.start()
            for number in range(rounds + 1):  # the first warms up
                for which, gateway in enumerate(both):
                    for unit in WORKS:
                        few = await gateway.count(ollama, unit, FEW)
                        many = await gateway.count(ollama, unit, MANY)
                        units = (MANY - FEW) * (TOKENS if unit.startswith("token") else 1)
                        if number:
                            found[unit][which].append((many - few) / units)
        finally:
            for gateway in both:
                await gateway.kill()
    await backend.stop()
    for unit, (before, after) in found.items():
        one, two = statistics.median(before), statistics.median(after)
        print(f"a {unit}: {one:,.0f} and {two:,.0f} instructions, {two / one - 1:+.1%}")
        print("   ", *(f"{b / a - 1:+.1%}" for a, b in zip(before, after, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Instructions of two gateways")
    parser.add_argument("what", help="limits, bookkeeping, or the path of another tree")
    parser.add_argument("--rounds", type=int, default=3)
    asked: Any = parser.parse_args()
    process.START_S = 600.0
    limits.TOKENS = 200  # to read ten thousand takes minutes here, to find one of them no more
    known: dict[str, Make] = {"limits": limits.gateways, "bookkeeping": bookkeeping.gateways}
    make = known.get(asked.what) or trees(Path(asked.what).resolve(strict=True))
    asyncio.run(measure(make, asked.rounds))


if __name__ == "__main__":
    main()
