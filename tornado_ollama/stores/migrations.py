"""The schema of the database, as a list of steps. SQLite's `user_version` counts the steps that a
file has seen, so a new step goes to the end and none that was released is changed."""

from __future__ import annotations

from .tokens import SCHEMA as TOKENS
from .usage import SCHEMA as USAGE

MIGRATIONS: tuple[str, ...] = (TOKENS, USAGE)
"""SQL scripts, in order."""
