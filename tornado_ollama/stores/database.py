"""The gateway's SQLite file, owned by one thread.

    await database.run(function)     one write transaction: function(connection) -> result
    await database.read(function)    one read transaction; None while there is no file yet

A function runs on the thread of the database, whole or not at all: an exception rolls its
transaction back. The file and its directory are made when something is written for the first time.
Several processes may use one file (WAL); who finds it locked waits BUSY_S. What the disk or another
program does to the file is raised as StoreFailed, and nothing else is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self, TypeVar

from ..errors import StoreFailed
from .migrations import MIGRATIONS

T = TypeVar("T")
R = TypeVar("R")
Function = Callable[[sqlite3.Connection], T]
Transaction = Literal["DEFERRED", "IMMEDIATE"]

FILE_NAME = "gateway.sqlite3"

BUSY_S = 5.0
"""How long a transaction waits for another process that writes."""

WAL_RETRY_S = 0.02
"""How long to wait before the next attempt to switch a new file to WAL."""

REASONS = {
    sqlite3.SQLITE_BUSY: "another program has locked it",
    sqlite3.SQLITE_LOCKED: "another program has locked it",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_PERM: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is damaged",
}
"""What SQLite's primary result codes mean to an operator. Any other is a mistake in this program,
and passes as it is."""


_opening = threading.Lock()
"""Held while a file is made, so that no other connection of this process has it open then."""


class Database:
    """One SQLite file. `close` it at the end."""

    def __init__(self, directory: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        """Opens nothing yet. `directory`: the state directory, which is made with mode 0700 where
        it does not exist; the file gets mode 0600."""
        self.path = directory / FILE_NAME
        self._migrations = migrations
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def run(self, function: Function[T]) -> T:
        """Runs the function in a write transaction and returns its result. A caller that is
        cancelled while another function runs drops its own; one that has begun is finished. Raises
        StoreFailed, and what the function raises."""
        return await asyncio.wrap_future(self.submit(function))

    async def read(self, function: Function[T]) -> T | None:
        """Runs the function in a read transaction and returns its result; None while the file does
        not exist. Raises StoreFailed, and what the function raises."""
        return await asyncio.wrap_future(self._submit(self._read, function))

    def submit(self, function: Function[T]) -> Future[T]:
        """`run` for callers without an event loop."""
        return self._submit(self._write, function)

    def submit_read(self, function: Function[T]) -> Future[T | None]:
        """`read` for callers without an event loop."""
        return self._submit(self._read, function)

    def close(self) -> None:
        """Finishes the functions that were handed over, and closes the file. May be called
        again."""
        with contextlib.suppress(RuntimeError):  # closed before
            self._thread.submit(self._close).result()
        self._thread.shutdown()

    # -- on the thread of the database --------------------------------------------------------

    def _submit(self, work: Callable[[Function[T]], R], function: Function[T]) -> Future[R]:
        try:
            return self._thread.submit(work, function)
        except RuntimeError:  # an answer that was still under way when the process ended
            raise StoreFailed("the gateway is shutting down", self.path) from None

    def _write(self, function: Function[T]) -> T:
        return self._transaction("IMMEDIATE", function)

    def _read(self, function: Function[T]) -> T | None:
        if self._connection is None:
            with self._explained():
                try:
                    self.path.stat()
                except FileNotFoundError:
                    return None
        return self._transaction("DEFERRED", function)

    def _transaction(self, kind: Transaction, function: Function[T]) -> T:
        with self._explained():
            connection = self._opened()
            connection.execute(f"BEGIN {kind}")
            try:
                result = function(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # SQLite ends it itself on a full disk
                    connection.execute("ROLLBACK")
                raise
            return result

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        with _opening:
            _make_private(self.path)
            connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        try:
            _switch_to_wal(connection)
            connection.execute("PRAGMA foreign_keys = ON")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        [(seen,)] = connection.execute("PRAGMA user_version")
        if seen == len(self._migrations):  # also where another program has locked it for long
            return
        connection.execute("BEGIN IMMEDIATE")  # or two processes would do the same step
        [(seen,)] = connection.execute("PRAGMA user_version")
        if seen > len(self._migrations):
            connection.execute("ROLLBACK")
            raise StoreFailed("a newer version of this program has written it", self.path)
        for number, script in enumerate(self._migrations[seen:], seen + 1):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what the disk and other programs do to the file into StoreFailed."""
        try:
            yield
        except sqlite3.Error as error:
            reason = REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
            if reason is None:
                raise
            raise StoreFailed(reason, self.path) from error
        except OSError as error:
            raise StoreFailed(error.strerror or "it cannot be opened", self.path) from error


def _make_private(path: Path) -> None:
    """Makes the directory and the file where they are missing, for their owner alone, before SQLite
    would with the modes of the umask. Its other files get the mode of this one.

    A file that is there is never opened here: to close it would release the locks that SQLite holds
    on it for every connection of this process (fcntl(2), and SQLite's "How To Corrupt", 2.2), and
    another process would take away the WAL that is in use.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switches the file to WAL. SQLite does not wait by itself where two processes switch a new
    file at once (its busy handler is left out where waiting could be a deadlock): the attempt is
    repeated for BUSY_S. Raises sqlite3.Error."""
    last = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= last:
                raise
        time.sleep(WAL_RETRY_S)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, each with its semicolon; `executescript` would commit the
    transaction first."""
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
