"""The command `usage`: prints the accounts of the gateway on this machine.

Reads the database itself, so it needs no running gateway; what a running one has counted in the
last second may not be there yet.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ..config import Settings
from ..console import complain, say
from ..errors import GatewayError
from ..stores import usage as store
from ..stores.database import Database
from ..wire.usage_query import KEYS, as_csv, as_json, usage_query


def run(args: argparse.Namespace, read_settings: Callable[[], Settings]) -> int:
    """Runs the command. Returns 1 where the question or the database is not good."""
    settings = read_settings()
    assert settings.state.directory is not None
    table = args.format == "table"
    given = {name: value for name in KEYS if (value := getattr(args, name)) is not None}
    if table:
        given["format"] = "json"
    try:
        query = usage_query(given, datetime.now(UTC).date())
        question = store.Question(query.first_day, query.last_day, query.by)
        with Database(Path(settings.state.directory)) as database:
            rows = database.submit_read(partial(store.read, question=question)).result() or []
    except GatewayError as error:
        complain(f"tornado-ollama: {error.message}")
        return 1
    columns = (*query.by, *store.COUNTS)
    if table:
        for line in lines(columns, rows):
            say(line)
    elif query.format == "csv":
        say(as_csv(rows, columns).decode().rstrip("\n"))
    else:
        say(as_json(query, rows).decode())
    return 0


def lines(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows as a table of text: names to the left, numbers to the right."""
    cells = [[name.replace("_", " ") for name in columns]]
    cells += [[_shown(row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    texts = len(columns) - len(store.COUNTS)
    return [
        "  ".join(
            cell.ljust(width) if at < texts else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _shown(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value) or "-"
