"""The schema of the database, as a list of steps. SQLite's `user_version` counts the steps that a
file has seen, so a new step goes to the end and none that was released is changed."""

from __future__ import annotations

from .tokens import SCHEMA as TOKENS

MIGRATIONS: tuple[str, ...] = (TOKENS,)
"""SQL scripts, in order."""
