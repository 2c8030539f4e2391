"""Reads the token store, and watches it for changes that other processes make.

Every POLL_S seconds SQLite is asked, on the thread of the database, whether another connection has
written (`PRAGMA data_version`, which reads no page); only then is the tokens' own counter looked
at, and only if that has changed are the tokens read.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import Callable

from ..access.stored import NOTHING_STORED, Revocations, Stored
from ..access.tokens import StaticToken, TokenTable
from ..config.token_form import WrongField, stored_token
from ..errors import StoreFailed
from ..stores import tokens as store
from ..stores.database import Database

log = logging.getLogger(__name__)

POLL_S = 0.5
"""A revocation is in force this long after it was written, and a little more."""


AS_BEFORE = "The tokens and revocations known so far stay in force."


def read_store(connection: sqlite3.Connection) -> tuple[int, Stored]:
    """The tokens' counter of changes, and the content of the store. Takes some 10 µs a token."""
    count = store.changes(connection)
    table = TokenTable(_tokens(connection), secrets.token_bytes(32))
    revoked: dict[str, set[str]] = {"credential": set(), "jti": set(), "sub": set(), "key": set()}
    for kind, value, _ in store.revocations(connection):
        revoked[kind].add(value)
    revocations = Revocations(
        frozenset(map(bytes.fromhex, revoked["credential"])),
        frozenset(revoked["jti"]),
        frozenset(revoked["sub"]),
        frozenset(revoked["key"]),
    )
    return count, Stored(table, revocations, store.any_token(connection))


def _tokens(connection: sqlite3.Connection) -> list[StaticToken]:
    found = []
    for row in store.in_force(connection):
        try:
            found.append(stored_token(row.name, row.sha256, row.scopes, row.form))
        except (WrongField, ValueError) as error:
            # Written by a newer version: without a restriction that is not understood, it would do
            # more than it may.
            log.warning("The stored token %s is not used: %s", row.name, error)
    return found


class StoreWatch:
    """Keeps the content of the token store, and tells when it has changed."""

    def __init__(self, database: Database, changed: Callable[[Stored], None]) -> None:
        self._database = database
        self._changed = changed
        self._failed = False
        self._version: int | None = None
        self._count = -1
        self.stored = NOTHING_STORED
        self._task: asyncio.Task[None] | None = None

    def read_at_start(self) -> None:
        """Reads the store before the first request; blocks. Raises StoreFailed: without the
        revocations nobody may be let in."""
        found = self._database.submit_read(read_store).result()
        if found is not None:
            self._count, self.stored = found

    def start(self) -> None:
        """Starts to watch. To be called on the event loop."""
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Ends the watch. The database is closed by its owner."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def refresh(self) -> None:
        """Reads the store if its tokens have changed, and tells. Raises StoreFailed."""
        count = await self._database.read(store.changes)
        if count is None or count == self._count:
            return
        found = await self._database.read(read_store)
        if found is not None:
            self._count, self.stored = found
            self._changed(self.stored)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            try:
                version = await self._database.read(_version)
                if version is not None and version != self._version:
                    await self.refresh()
                    self._version = version
            except Exception as error:
                self._say(error)
            else:
                self._say(None)

    def _say(self, error: Exception | None) -> None:
        """Logs that the store has begun to fail, or has stopped failing."""
        if isinstance(error, StoreFailed):
            if not self._failed:
                log.error("%s %s", error.message, AS_BEFORE)
        elif error is not None and not self._failed:
            log.error("The token store cannot be read. %s", AS_BEFORE, exc_info=error)
        elif error is None and self._failed:
            log.info("The token store can be read again.")
        self._failed = error is not None


def _version(connection: sqlite3.Connection) -> int:
    [version] = connection.execute("PRAGMA data_version").fetchone()
    return int(version)
