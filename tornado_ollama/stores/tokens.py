"""The tables of the token store: tokens, of which only the SHA-256 is kept, and revocations.

Functions of a connection, for `Database.run` and `Database.read`. Times are Unix seconds. A row is
never deleted: it says that there was a token, so that anonymous access stays closed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA = """
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,        -- separated by spaces
    form TEXT NOT NULL,          -- its restrictions, as a token entry of the configuration; JSON
    created REAL NOT NULL,
    replaced REAL,               -- a newer one has its name; until it expires this one is valid too
    revoked REAL
);
CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE replaced IS NULL AND revoked IS NULL;
CREATE TABLE revocations (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    revoked REAL NOT NULL,
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE TABLE token_changes (count INTEGER NOT NULL);
INSERT INTO token_changes VALUES (0);
CREATE TRIGGER token_inserted AFTER INSERT ON tokens BEGIN
    UPDATE token_changes SET count = count + 1;
END;
CREATE TRIGGER token_updated AFTER UPDATE ON tokens BEGIN
    UPDATE token_changes SET count = count + 1;
END;
CREATE TRIGGER revocation_inserted AFTER INSERT ON revocations BEGIN
    UPDATE token_changes SET count = count + 1;
END;
CREATE TRIGGER revocation_deleted AFTER DELETE ON revocations BEGIN
    UPDATE token_changes SET count = count + 1;
END;
"""

RevocationKind = Literal["credential", "jti", "sub", "key"]
"""`credential`: SHA-256 of a token of the configuration, in hex; the others are those of
`access.stored.Revocations`."""

_COLUMNS = "name, sha256, scopes, form, created, replaced, revoked"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as it is stored."""

    name: str
    sha256: bytes = field(repr=False)
    scopes: tuple[str, ...]
    form: dict[str, Any]
    """Its restrictions, as a token entry has them; `expires` in Unix seconds."""
    created: float
    replaced: float | None = None
    revoked: float | None = None


def insert(connection: sqlite3.Connection, row: TokenRow) -> bool:
    """Adds a token. Returns false, and adds nothing, where a valid one has its name. An expired one
    gives its name away."""
    current = find(connection, row.name)
    if current is not None:
        expires = current.form.get("expires")
        if expires is None or expires > row.created:
            return False
        _replace(connection, row.name, row.created, expires)
    scopes, form = " ".join(row.scopes), json.dumps(row.form)
    connection.execute(
        "INSERT INTO tokens (name, sha256, scopes, form, created) VALUES (?, ?, ?, ?, ?)",
        (row.name, row.sha256, scopes, form, row.created),
    )
    return True


def find(connection: sqlite3.Connection, name: str) -> TokenRow | None:
    """The token that has the name now; None where none has."""
    where = "WHERE name = ? AND replaced IS NULL AND revoked IS NULL"
    return next(_rows(connection, where, (name,)), None)


def rotate(
    connection: sqlite3.Connection, name: str, sha256: bytes, now: float, until: float
) -> TokenRow | None:
    """Gives a name a new token with the same rights; the old one expires at `until`, if not
    earlier. Returns the new one, None where no token has the name."""
    old = find(connection, name)
    if old is None:
        return None
    _replace(connection, name, now, until)
    new = TokenRow(name, sha256, old.scopes, old.form, now)
    insert(connection, new)
    return new


def revoke(connection: sqlite3.Connection, name: str, now: float) -> bool:
    """Revokes what has or had the name, those in their last hours after a rotation included.
    Returns whether there was any."""
    cursor = connection.execute(
        "UPDATE tokens SET revoked = ? WHERE name = ? AND revoked IS NULL", (now, name)
    )
    return cursor.rowcount > 0


def listed(connection: sqlite3.Connection) -> list[TokenRow]:
    """All tokens there ever were, in the order in which they were made."""
    return list(_rows(connection, "ORDER BY id", ()))


def in_force(connection: sqlite3.Connection) -> list[TokenRow]:
    """The tokens that are not revoked; some may have expired."""
    return list(_rows(connection, "WHERE revoked IS NULL ORDER BY id", ()))


def any_token(connection: sqlite3.Connection) -> bool:
    """Whether there is a token or was one."""
    return connection.execute("SELECT 1 FROM tokens LIMIT 1").fetchone() is not None


def add_revocation(
    connection: sqlite3.Connection, kind: RevocationKind, value: str, now: float
) -> None:
    connection.execute("INSERT OR IGNORE INTO revocations VALUES (?, ?, ?)", (kind, value, now))


def remove_revocation(connection: sqlite3.Connection, kind: RevocationKind, value: str) -> bool:
    """Returns whether it was there."""
    cursor = connection.execute(
        "DELETE FROM revocations WHERE kind = ? AND value = ?", (kind, value)
    )
    return cursor.rowcount > 0


def revocations(connection: sqlite3.Connection) -> list[tuple[RevocationKind, str, float]]:
    """The kind, the value and the time of each revocation, the oldest first."""
    return connection.execute(
        "SELECT kind, value, revoked FROM revocations ORDER BY revoked, kind, value"
    ).fetchall()


def changes(connection: sqlite3.Connection) -> int:
    """A number that every change of these tables makes larger."""
    [count] = connection.execute("SELECT count FROM token_changes").fetchone()
    return int(count)


def _replace(connection: sqlite3.Connection, name: str, now: float, until: float) -> None:
    old = find(connection, name)
    assert old is not None
    form = old.form | {"expires": min(until, old.form.get("expires") or until)}
    connection.execute(
        "UPDATE tokens SET replaced = ?, form = ? WHERE sha256 = ?",
        (now, json.dumps(form), old.sha256),
    )


def _rows(
    connection: sqlite3.Connection, rest: str, values: tuple[object, ...]
) -> Iterator[TokenRow]:
    for name, sha256, scopes, form, *times in connection.execute(
        f"SELECT {_COLUMNS} FROM tokens {rest}", values
    ):
        yield TokenRow(name, sha256, tuple(scopes.split()), json.loads(form), *times)
