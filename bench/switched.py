"""The gateway whose bookkeeping is switched off and on while it runs: for `bench.bookkeeping`.

SIGUSR1: metrics, accounts and the log get nothing any more, and do what they had put off.
SIGUSR2: they get all again.

python -m bench.switched serve ...
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

from tornado_ollama import server
from tornado_ollama.app import Gateway
from tornado_ollama.cli import main

SINKS = ("_charge_sinks", "_told", "_batches")


class Switched(Gateway):
    """A gateway that two signals switch."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sinks = {name: getattr(self._journal, name) for name in SINKS}
        self._flushing: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._off)
        loop.add_signal_handler(signal.SIGUSR2, self._on)

    def _on(self) -> None:
        vars(self._journal).update(self._sinks)

    def _off(self) -> None:
        self._journal.flush()
        self._telemetry.settle()
        self._flushing = asyncio.create_task(self.books.accounts.flush())
        vars(self._journal).update(dict.fromkeys(SINKS, ()))


if __name__ == "__main__":
    vars(server)["Gateway"] = Switched
    sys.exit(main())
