"""CPU time that one record of the journal costs in each sink, in microseconds.

`python -m bench.accounting` prints a line for each; compare with the CPU of a short request
(bench/README.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tornado_ollama.dispatch.journal import Charge, Record
from tornado_ollama.dispatch.usage import NOTHING_USED, Usage
from tornado_ollama.telemetry.accounts import Accounts
from tornado_ollama.telemetry.registry import Telemetry
from tornado_ollama.wire.parties import NOBODY

ROUNDS = 20_000


def record(usage: Usage = NOTHING_USED) -> Record:
    return Record(
        client="127.0.0.1",
        request_id="1",
        caller="token ci",
        credential="ci",
        method="POST",
        path="/api/chat",
        route="/api/chat",
        dialect="native",
        status=200,
        received=91,
        sent=3319,
        first_byte_s=0.0014,
        duration_s=0.0016,
        outcome="ok",
        model=usage.model,
        usage=usage,
    )


def measure(name: str, work: Callable[[], object], rounds: int = ROUNDS) -> None:
    work()
    began = time.process_time()
    for _ in range(rounds):
        work()
    print(f"{name:40} {(time.process_time() - began) / rounds * 1e6:6.2f} us")


def main() -> None:
    write = Telemetry().metrics.write
    short = record()
    chat = record(Usage("smollm2:135m", 12, 4, 24, 0.1, 0.2, 0.3, 0.0, 1))
    measure("making a record", record)
    measure("metrics, a short request", lambda: write([short]))
    measure("metrics, a chat", lambda: write([chat]))
    with TemporaryDirectory() as directory:
        asyncio.run(charging(Path(directory), chat.usage))


async def charging(directory: Path, usage: Usage) -> None:
    """Measures the accounts, whose spool is full after some rounds: without storing."""
    accounts = Accounts(directory, Telemetry())
    accounts.keep_days = 1
    accounts.open()
    charge = Charge(time.time(), "token ci", "ci", NOBODY, True, usage)
    measure("accounts, a chat", lambda: accounts.charge(charge), rounds=2000)
    await accounts.stop()


if __name__ == "__main__":
    main()
