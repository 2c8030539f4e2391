"""The accounts in the database: what each credential has used of each model on each day.

Functions over a connection, for `database.Database.run` and `read`. Days are dates in UTC as
`2026-11-29`; they sort as they follow.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

MAX_ROWS = 10_000
"""Of one answer."""

COUNTS = (
    "requests",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "load_seconds",
    "prompt_seconds",
    "completion_seconds",
)


Key = tuple[str, str, str, str, str, str]
"""Whose an entry is: its values before the COUNTS."""
Sums = tuple[float, ...]
"""What is added up, in the order of COUNTS."""


class Entry(NamedTuple):
    """What was used, by whom."""

    day: str
    caller: str
    """`Caller.account`."""
    credential: str
    """Its name; two credentials may have one name."""
    model: str
    session: str
    """As the client names it; empty: it does not."""
    user: str
    """The person behind a credential that several use; empty: not known."""
    requests: int
    input_tokens: int
    cached_tokens: int
    """Of the input."""
    output_tokens: int
    load_seconds: float
    prompt_seconds: float
    completion_seconds: float


class Question(NamedTuple):
    """What is asked of the accounts."""

    first_day: str
    last_day: str
    by: tuple[str, ...]
    """Columns of `Entry`: no text of a client may come here."""
    caller: str | None = None
    """None: of all callers."""


SCHEMA = """
CREATE TABLE usage (
    day TEXT NOT NULL,
    caller TEXT NOT NULL,
    credential TEXT NOT NULL,
    model TEXT NOT NULL,
    session TEXT NOT NULL,
    user TEXT NOT NULL,
    requests INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    load_seconds REAL NOT NULL,
    prompt_seconds REAL NOT NULL,
    completion_seconds REAL NOT NULL,
    PRIMARY KEY (day, caller, credential, model, session, user)
) WITHOUT ROWID;
CREATE TABLE usage_spools (id TEXT PRIMARY KEY, applied INTEGER NOT NULL) WITHOUT ROWID;
"""

AT_ONCE = 64
"""Entries that one statement adds: their values are fewer than the 999 that SQLite takes
everywhere. Python's `sqlite3` gives the interpreter's lock away for each statement, and gets it
back from a busy event loop after 5 ms: a statement for each entry would stop the loop as often."""

_ROW = f"({', '.join('?' * len(Entry._fields))})"
_ADD = f"""
ON CONFLICT (day, caller, credential, model, session, user) DO UPDATE SET
{", ".join(f"{name} = {name} + excluded.{name}" for name in COUNTS)}
"""


def add(
    connection: sqlite3.Connection,
    entries: Sequence[tuple[str | float, ...]],
    spool: str,
    last: int,
) -> None:
    """Adds entries, each the values of an `Entry`, and notes that those of this spool up to number
    `last` are among what is stored: both or neither."""
    for begin in range(0, len(entries), AT_ONCE):
        rows = entries[begin : begin + AT_ONCE]
        statement = f"INSERT INTO usage VALUES {', '.join((_ROW,) * len(rows))} {_ADD}"
        connection.execute(statement, tuple(chain.from_iterable(rows)))
    connection.execute("INSERT OR REPLACE INTO usage_spools VALUES (?, ?)", (spool, last))


def applied(connection: sqlite3.Connection, spool: str) -> int:
    """The number of the last entry of this spool that is stored; 0: none."""
    row = connection.execute("SELECT applied FROM usage_spools WHERE id = ?", (spool,)).fetchone()
    return int(row[0]) if row else 0


def forget_before(connection: sqlite3.Connection, day: str) -> int:
    """Deletes what is older than a day; returns how many rows."""
    return connection.execute("DELETE FROM usage WHERE day < ?", (day,)).rowcount


def used_since(connection: sqlite3.Connection, day: str) -> list[tuple[Any, ...]]:
    """What was used since a day: caller, credential, day, tokens, seconds."""
    return connection.execute(
        "SELECT caller, credential, day, SUM(input_tokens + output_tokens),"
        " SUM(load_seconds + prompt_seconds + completion_seconds)"
        " FROM usage WHERE day >= ? GROUP BY caller, credential, day",
        (day,),
    ).fetchall()


def read(connection: sqlite3.Connection, question: Question) -> list[dict[str, Any]]:
    """The rows that answer a question, in the order of its `by`; at most MAX_ROWS."""
    names = tuple(name for name in question.by if name in Entry._fields)
    sums = ", ".join(f"SUM({name})" for name in COUNTS)
    columns = ", ".join((*names, sums))
    where, values = "day BETWEEN ? AND ?", [question.first_day, question.last_day]
    if question.caller is not None:
        where += " AND caller = ?"
        values.append(question.caller)
    group = f"GROUP BY {', '.join(names)} ORDER BY {', '.join(names)}" if names else ""
    rows: Sequence[tuple[Any, ...]] = connection.execute(
        f"SELECT {columns} FROM usage WHERE {where} {group} LIMIT {MAX_ROWS}", values
    ).fetchall()
    if not names and rows[0][0] is None:
        return []
    return [dict(zip((*names, *COUNTS), row, strict=True)) for row in rows]
