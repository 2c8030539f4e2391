"""Vulnerabilities of Ollama that a version has fixed. A dated list: it knows nothing newer.

Only those with a fix that is known by its version, from the National Vulnerability Database and the
GitHub Advisory Database. For CVE-2024-39719 to -39722 the latter names none: theirs are from the
report of those who found them (Oligo Security, "More Models, More ProbLLMs").
What has none, such as that anybody who reaches Ollama may delete its models (GO-2025-4251), is what
the gateway is for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 11, 29)
"""When the list was last compared with its sources."""

OLD_AFTER_DAYS = 180

Version = tuple[int, int, int]

_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(-rc)?")


@dataclass(frozen=True, slots=True)
class Vulnerability:
    name: str
    fixed: Version
    what: str


FIXED = (
    Vulnerability("CVE-2024-28224", (0, 1, 29), "a web page reaches it by DNS rebinding"),
    Vulnerability("CVE-2024-37032", (0, 1, 34), "a registry has files written and code run"),
    Vulnerability("CVE-2024-39721", (0, 1, 34), "/api/create blocks for ever"),
    Vulnerability("CVE-2024-39720", (0, 1, 46), "a malformed model crashes it"),
    Vulnerability("CVE-2024-39722", (0, 1, 46), "/api/push tells which files exist"),
    Vulnerability("CVE-2024-39719", (0, 1, 47), "/api/create tells which files exist"),
    Vulnerability("CVE-2025-51471", (0, 14, 3), "a registry gets tokens of another one"),
    Vulnerability("CVE-2026-7482", (0, 17, 1), "/api/create and /api/push leak its memory"),
)


def parse(text: str) -> tuple[Version, bool] | None:
    """The version in a text as `0.17.1` or `0.17.1-rc0`, and whether it is a release candidate.
    None for anything else: a build of one's own is `0.0.0`, which says nothing."""
    found = _VERSION.match(text)
    if found is None or found[0] == "0.0.0":
        return None
    major, minor, patch, candidate = found.groups()
    return (int(major), int(minor), int(patch)), candidate is not None


def open_in(version: Version, candidate: bool) -> list[Vulnerability]:
    """The vulnerabilities that a version has. A release candidate may lack what its release
    fixed."""
    return [
        known for known in FIXED if version < known.fixed or (candidate and version == known.fixed)
    ]


def age_days(today: date) -> int:
    return (today - AS_OF).days
