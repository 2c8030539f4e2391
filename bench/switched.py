"""The gateway that switches its bookkeeping on and off by itself, and measures what its event loop
spends in each turn: for `bench.bookkeeping`.

    python -m bench.switched RECORDS serve ...

A turn ends with the RECORDS-th record of the journal. All that a turn puts off is done in it: the
accounts are handed to the database as often as in a busy gateway. At SIGUSR1 it prints one line of
JSON: the nanoseconds of each turn, in the order of ORDER, and those of the threads that
write the log and store the accounts.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tornado_ollama import server
from tornado_ollama.app import Gateway
from tornado_ollama.cli import main
from tornado_ollama.dispatch.journal import Record

ORDER = (True, False, False, True)
"""On or off, over and over: what grows all the time grows as much for both."""

SINKS = ("_charge_sinks", "_told")

STORED_EVERY = 5
"""Turns with bookkeeping, after which the accounts are stored: a second of a busy gateway, or
more often."""

RECORDS = int(sys.argv.pop(1)) if __name__ == "__main__" else 0


class Switched(Gateway):
    """A gateway that counts the records of its turns."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sinks = {name: getattr(self._journal, name) for name in SINKS}
        self._write = self._journal.write
        vars(self._journal)["write"] = self._written
        self._left = RECORDS
        self._turns: list[int] = []
        self._on = True
        self._storing: asyncio.Task[None] | None = None
        self._began = time.thread_time_ns()

    async def start(self) -> None:
        await super().start()
        task = self.books.accounts._task  # it would store in turns of both kinds
        assert task is not None
        task.cancel()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._tell)

    def _written(self, record: Record) -> None:
        self._write(record)
        self._left -= 1
        if not self._left:
            self._left = RECORDS
            self._turn()

    def _turn(self) -> None:
        self._journal.flush()
        self._turns.append(time.thread_time_ns() - self._began)
        self._on = ORDER[len(self._turns) % len(ORDER)]
        vars(self._journal).update(self._sinks if self._on else dict.fromkeys(SINKS, ()))
        self._began = time.thread_time_ns()
        if self._on and len(self._turns) // 2 % STORED_EVERY == 0:
            self._storing = asyncio.create_task(self.books.accounts.flush())

    def _tell(self) -> None:
        database = self.books.accounts._database._thread._threads
        threads = {t for t in threading.enumerate() if t in database or t.name == "lines"}
        others = sum(_spent_ns(thread) for thread in threads)
        print(json.dumps({"turns": self._turns, "others": others}), flush=True)


def _spent_ns(thread: threading.Thread) -> int:
    """The CPU time of a thread, to the nanosecond (Linux)."""
    return int(Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()[0])


if __name__ == "__main__":
    vars(server)["Gateway"] = Switched
    sys.exit(main())
