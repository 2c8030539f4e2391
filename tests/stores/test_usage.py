"""The accounts in the database: entries of one key are added up, however many come at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tornado_ollama.stores import usage
from tornado_ollama.stores.database import Database
from tornado_ollama.stores.usage import AT_ONCE, Question


@pytest.mark.parametrize("count", [0, 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_entries_of_one_key_are_added_up(tmp_path: Path, count: int) -> None:
    days = [f"2030-01-{number % 28 + 1:02}" for number in range(count)]
    entries = [
        (day, f"token {number}", "ci", "m", "", "", 1, number, 0, 2, 0.5, 0.0, 0.25)
        for number, day in enumerate(days)
    ]
    with Database(tmp_path) as database:
        for last in (5, 7):
            database.submit(partial(usage.add, entries=entries, spool="a", last=last)).result()
        question = Question("2030-01-01", "2030-12-31", ("credential",))
        found = database.submit_read(partial(usage.read, question=question)).result()
        assert database.submit_read(partial(usage.applied, spool="a")).result() == 7
    row = {
        "credential": "ci",
        "requests": 2 * count,
        "input_tokens": count * (count - 1),
        "cached_tokens": 0,
        "output_tokens": 4 * count,
        "load_seconds": count,
        "prompt_seconds": 0.0,
        "completion_seconds": 0.5 * count,
    }
    assert found == ([row] if count else [])
