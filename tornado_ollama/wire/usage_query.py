"""Reads a question about the accounts from a query string or from flags, and writes the answer as
JSON or CSV. Pure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from ..errors import BadRequest

DIMENSIONS = ("day", "credential", "model", "session", "user")
"""What usage can be asked by."""

DEFAULT_BY = ("credential", "model")

KEYS = ("from", "to", "by", "format")
FORMATS = ("json", "csv")

MAX_FIELDS = 20
"""Of a query string; four are known."""


class UsageQuery(NamedTuple):
    first_day: str
    last_day: str
    by: tuple[str, ...]
    """Of DIMENSIONS."""
    format: str
    """Of FORMATS."""


def read_query(query: str, today: date) -> UsageQuery:
    """Reads a query string. Raises BadRequest."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadRequest(f"The query has more than {MAX_FIELDS} fields.") from None
    for name, _ in pairs:
        if name not in KEYS:
            raise BadRequest(f"{name[:40]!r} is not known here; {', '.join(KEYS)} are.")
    return usage_query(dict(pairs), today)


def usage_query(given: Mapping[str, str], today: date) -> UsageQuery:
    """Makes a question of texts by the names of KEYS. By default it is about this month, by
    credential and model, answered in JSON. Raises BadRequest."""
    first = _day(given, "from", today.replace(day=1))
    last = _day(given, "to", today)
    if first > last:
        raise BadRequest("`from` is later than `to`.", param="from")
    by = tuple(dict.fromkeys(filter(None, given.get("by", ",".join(DEFAULT_BY)).split(","))))
    for name in by:
        if name not in DIMENSIONS:
            raise BadRequest(f"`by` takes {', '.join(DIMENSIONS)}, with commas.", param="by")
    form = given.get("format", "json")
    if form not in FORMATS:
        raise BadRequest("`format` is json or csv.", param="format")
    return UsageQuery(first.isoformat(), last.isoformat(), by, form)


def _day(given: Mapping[str, str], name: str, default: date) -> date:
    if name not in given:
        return default
    try:
        return date.fromisoformat(given[name])
    except ValueError:
        raise BadRequest(f"`{name}` is a day such as 2030-01-31.", param=name) from None


def as_json(query: UsageQuery, rows: Sequence[Mapping[str, Any]]) -> bytes:
    answer = {"from": query.first_day, "to": query.last_day, "by": query.by, "rows": rows}
    return msgspec.json.encode(answer)


def as_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """The rows with a line of their names. A text that a spreadsheet would take for a formula gets
    a quote in front."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return "".join(lines).encode()


class _Lines(list[str]):
    """What `csv` needs of a file."""

    def write(self, line: str, /) -> None:
        self.append(line)


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
