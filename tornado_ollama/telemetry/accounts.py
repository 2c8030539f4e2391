"""The accounts: adds up what each credential uses, and stores it behind the event loop.

A charge is put into the spool, which survives a kill of the process, and added to what is pending;
a task stores that in the database every second, by one transaction a batch. A database that cannot
be written stops no request: entries stay pending until it can, and the failure is told in the log,
in `/health` and by a metric.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import add, attrgetter
from pathlib import Path
from typing import Any

import msgspec

from ..dispatch.journal import Charge
from ..errors import StoreFailed
from ..stores import usage as store
from ..stores.database import Database
from ..stores.spool import Spool, open_left_spools, open_spool
from ..stores.usage import Key, Question, Sums
from ..wire.parties import NOBODY
from .entry_keys import EntryKeys
from .gauges import accounts_gauges
from .registry import Telemetry

log = logging.getLogger(__name__)

FLUSH_S = 1.0
RETRY_S = 5.0
"""While the database cannot be written."""

TIDY_S = 3600.0
"""How often old days are deleted, and the spools of processes that are gone taken up."""

TOGETHER = 1024
"""Charges that are added up together: one by one costs twice as much, because the sums of each
account have to come back into the processor's caches."""

MAX_PENDING = 10_000
"""Entries of different keys that wait for a database that cannot be written."""


class Accounts:
    """Adds up what each credential uses in this process, and stores it. `start` is called on the
    event loop, `stop` at the end."""

    def __init__(
        self,
        directory: Path,
        telemetry: Telemetry,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`directory`: of the database and the spool."""
        self.keep_days = 0
        """0: nothing is stored, and nothing can be asked."""
        self.lost = 0
        """Entries that were given up because too many were pending."""
        self._database = Database(directory)
        self._directory = directory
        self._keys = EntryKeys(telemetry.labels)
        self._now = now
        self._spool: Spool | None = None
        self._left: list[tuple[int, bytes]] | None = None
        """What an earlier process put into the spool, until it is known what of it is stored."""
        self._full = False
        """The spool has taken no charge since the last were stored."""
        self._taken: list[Charge] = []
        """The latest charges, which `_pending` is still without."""
        self._pending: dict[Key, Sums] = {}
        self._batch: dict[Key, Sums] = {}
        """What is being stored."""
        self._flushing = asyncio.Lock()
        self._flushes: set[asyncio.Task[None]] = set()
        self._error: StoreFailed | None = None
        self._spool_error: str | None = None
        telemetry.add_gauges(*accounts_gauges(self))
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._tidy_at = 0.0

    def apply(self, keep_days: int, trusted: Iterable[str]) -> None:
        """Takes new settings. `trusted`: names of the credentials that are believed which person
        they act for."""
        self.keep_days = keep_days
        self._keys.apply(trusted)

    @property
    def failure(self) -> str | None:
        """Why the accounts cannot be stored, or not outlive a kill now, as a sentence."""
        return self._spool_error if self._error is None else self._error.message

    @property
    def pending(self) -> int:
        """How many entries have not been stored yet."""
        return len(self._batch) + len(self._pending) + len(self._taken)

    # -- charges ------------------------------------------------------------------------------

    def charge(self, charge: Charge) -> None:
        """Takes a charge. The journal's sink: no disk is waited for."""
        if not self.keep_days:
            return
        if charge.party is not NOBODY:
            charge = self._keys.believed(charge)
        self._taken.append(charge)
        if self._spool is not None and not self._spool.put(_ENCODE(charge)):
            self._tell_full()
        if len(self._taken) >= TOGETHER:
            self._add_taken()

    def _tell_full(self) -> None:
        if not self._full:
            self._full = True
            log.error("The spool of the accounts is full: a kill would lose what comes now.")

    def _add_taken(self) -> None:
        taken, self._taken = self._taken, []
        self._add_charges(taken)

    def _add_charges(self, charges: Iterable[Charge]) -> None:
        self._add(self._entries(charges))

    def _entries(self, charges: Iterable[Charge]) -> Iterator[tuple[Key, Sums]]:
        """Whose each charge is, and what is added up of it."""
        return ((self._keys.of(charge), _SUMS(charge)) for charge in charges)

    def _add(self, entries: Iterable[tuple[Key, Sums]]) -> None:
        self.lost += _sum_up(entries, self._pending)

    # -- storing ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Opens the spool, takes up what killed processes have left, and begins to store."""
        if self.keep_days:
            await self._open_spool()
            await self._tidy()
        self._task = asyncio.create_task(self._store_until_stopped())

    def open(self) -> None:
        """Opens the spool; what an earlier process has left there is taken up with the first batch.
        Raises OSError."""
        spool = open_spool(self._directory)
        self._left = spool.entries()
        self._spool = spool

    async def stop(self) -> None:
        """Stores what is pending, and closes the spool."""
        self._stopping.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self.flush()
        await asyncio.gather(*self._flushes)
        if self._spool is not None:
            self._spool.close()
            self._spool = None
        await asyncio.to_thread(self._database.close)

    async def flush(self) -> None:
        """Stores what is pending. A failure is logged once, and is `failure` until it is over. What
        has begun goes on when the caller is cancelled: the database would store it all the same,
        and then again."""
        task = asyncio.create_task(self._flush())
        self._flushes.add(task)
        task.add_done_callback(self._flushes.discard)
        await asyncio.shield(task)

    async def _flush(self) -> None:
        async with self._flushing:
            self._add_taken()  # also where nothing can be stored: what is pending has a bound
            if not self._pending and not self._left and self._error is None:
                return
            try:
                await self._store()
            except StoreFailed as error:
                self._failed(error)
            except Exception:
                log.exception("The accounts could not be stored in an unforeseen way")
                self._failed(StoreFailed("the log says why", self._database.path))
            else:
                if self._error is not None:
                    log.info("The accounts are stored again.")
                self._error = None

    async def _store(self) -> None:
        spool, last = self._spool, 0
        if spool is not None:
            await self._take_up(spool)
            last = spool.turn()
        self._add_taken()
        self._batch, self._pending = self._pending, {}
        try:
            await self._write(self._batch, "" if spool is None else spool.id, last)
        except Exception:
            newer, self._pending = self._pending, self._batch
            self._add(newer.items())
            raise
        finally:
            self._batch = {}
        if spool is not None:
            spool.applied(last)
        self._full = False

    async def _write(self, sums: dict[Key, Sums], spool: str, last: int) -> None:
        entries = [key + values for key, values in sums.items()]
        await self._database.run(partial(store.add, entries=entries, spool=spool, last=last))

    async def _open_spool(self) -> None:
        try:
            await asyncio.to_thread(self.open)
        except OSError as error:
            if self._spool_error is None:
                log.error("The accounts do not outlive a kill: no spool (%s).", error)
            self._spool_error = f"The spool of the accounts cannot be opened: {error.strerror}."
            return
        if self._spool_error is not None:
            log.info("The accounts outlive a kill again.")
        self._spool_error = None
        with suppress(StoreFailed):  # the next flush tells it
            if self._spool is not None:
                await self._take_up(self._spool)

    async def _take_up(self, spool: Spool) -> None:
        """Adds what an earlier process put into the spool and did not store."""
        if self._left is None:
            return
        stored = await self._stored(spool)
        left, self._left = self._left, None
        if left is not None:  # a flush may have taken it up meanwhile
            self._add_charges(_charges(left, stored))
        spool.applied(stored)  # where the file is older than the database

    async def _take_up_others(self) -> None:
        """Stores what is left in spools that no process has."""
        spools = await asyncio.to_thread(open_left_spools, self._directory)
        try:
            for spool in spools:
                found = _charges(spool.entries(), await self._stored(spool))
                sums: dict[Key, Sums] = {}
                _sum_up(self._entries(found), sums)
                if sums:
                    await self._write(sums, spool.id, spool.last)
        finally:
            for spool in spools:
                spool.close()

    async def _stored(self, spool: Spool) -> int:
        """The number of the last entry of a spool that is in the database."""
        return await self._database.read(partial(store.applied, spool=spool.id)) or 0

    async def _store_until_stopped(self) -> None:
        while not self._stopping.is_set():
            if self.keep_days and self._spool is None:
                await self._open_spool()
            await self.flush()
            if self.keep_days and self._now() >= self._tidy_at:
                await self._tidy()
            pause = FLUSH_S if self._error is None else RETRY_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _tidy(self) -> None:
        """Deletes what is too old, and takes up what killed processes have left."""
        self._tidy_at = self._now() + RETRY_S
        try:
            await self._forget()
            await self._take_up_others()
            self._tidy_at = self._now() + TIDY_S
        except (StoreFailed, OSError):
            pass  # the next flush, or the next opening of a spool, tells it
        except Exception:
            log.exception("What killed processes have left could not be taken up")

    async def _forget(self) -> None:
        first = datetime.fromtimestamp(self._now(), UTC) - timedelta(days=self.keep_days)
        if self._database.path.exists():
            await self._database.run(partial(store.forget_before, day=first.strftime("%Y-%m-%d")))

    def _failed(self, error: StoreFailed) -> None:
        if self._error is None:
            log.error("%s Accounts are kept in memory meanwhile (%s).", error.message, error.path)
        self._error = error

    async def used_this_month(self) -> list[tuple[Any, ...]]:
        """As `stores.usage.used_since` has it, by day; nothing where the database does not
        answer."""
        await self.flush()
        day = datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-01")
        try:
            return await self._database.read(partial(store.used_since, day=day)) or []
        except StoreFailed as error:
            self._failed(error)
            return []

    # -- asking -------------------------------------------------------------------------------

    COUNTS = store.COUNTS
    """The columns of every answer, besides those that are asked by."""

    async def ask(
        self, first_day: str, last_day: str, by: tuple[str, ...], caller: str | None
    ) -> list[dict[str, Any]]:
        """The rows that answer a question, as `stores.usage.Question` has it, what is pending
        included. Raises StoreFailed where the database does not answer, or where what is pending
        cannot be stored."""
        question = Question(first_day, last_day, by, caller)
        await self.flush()
        if self._error is not None:
            raise self._error
        return await self._database.read(partial(store.read, question=question)) or []


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Charge).decode
_SUMS = attrgetter(
    *("first", "usage.prompt_tokens", "usage.cached_tokens", "usage.completion_tokens"),
    *("usage.load_s", "usage.prompt_s", "usage.completion_s"),
)
"""`Sums` of a charge: its first value counts requests."""


def _charges(entries: Iterable[tuple[int, bytes]], stored: int) -> list[Charge]:
    """Those of a spool's entries that come after the number `stored`."""
    found: list[Charge] = []
    for number, payload in entries:
        if number > stored:
            with suppress(msgspec.DecodeError):
                found.append(_DECODE(payload))
    if found:
        log.info("%d entries of the accounts were found that a killed process left.", len(found))
    return found


def _sum_up(entries: Iterable[tuple[Key, Sums]], into: dict[Key, Sums]) -> int:
    """Adds entries up by their keys. Returns how many were given up, because `into` has
    MAX_PENDING others."""
    lost = 0
    for key, sums in entries:
        known = into.get(key)
        if known is not None:
            into[key] = tuple(map(add, known, sums))
        elif len(into) < MAX_PENDING:
            into[key] = sums
        else:
            lost += 1
    return lost
