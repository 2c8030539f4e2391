"""The topic `capture`: prompts and replies that are written to files."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import texts, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture(Topic):
    credentials: tuple[str, ...] = setting(
        (),
        texts("a list of names of tokens"),
        "names of tokens whose prompts and replies are written to files; empty: of none",
        more="Also a `sub` of JWTs, or `anonymous`. See [operations](operations.md#capture).",
    )
    max_bytes: int = setting(
        1024 * 1024,
        whole("bytes", 1, 64 * 1024 * 1024),
        "as much of each request is kept, and as much of its reply",
    )
    max_total_bytes: int = setting(
        256 * 1024 * 1024,
        whole("bytes", 1),
        "size of all these files together; the oldest are deleted",
    )
    keep_days: int = setting(7, whole("a number of days", 1, 36500), "how long a file is kept")
