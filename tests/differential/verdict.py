"""Differences: which are expected, how they are shown, and how it all ended."""

from __future__ import annotations

import difflib
import fnmatch
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EXPECTED_FILE = Path(__file__).parent / "expected.json"

SHOWN_LINES = 14
"""Of one difference; the first of them tell what it is."""
SHOWN_WIDTH = 220
SHOWN_DIFFERENCES = 40
"""In full; of the others the names."""


@dataclass(frozen=True)
class Expected:
    """Lines that may differ in cases of an area: every line of a difference must match."""

    area: str
    line: re.Pattern[str]
    reason: str


class Verdict:
    """Collects what was compared."""

    def __init__(self, file: Path = EXPECTED_FILE) -> None:
        listed = json.loads(file.read_text(encoding="utf-8"))
        self.log_fields: tuple[str, ...] = tuple(listed["log_fields"])
        """Fields of the log that only one of the commits may have: left out on both sides."""
        self._expected = [
            Expected(entry["area"], re.compile(entry["line"]), entry["reason"])
            for entry in listed["differences"]
        ]
        self.cases: Counter[str] = Counter()
        self.differences: list[str] = []
        self.unsteady: list[str] = []
        self.expected: Counter[str] = Counter()

    def compare(
        self,
        area: str,
        name: str,
        old: Sequence[str],
        new: Sequence[str],
        *,
        unsteady: bool = False,
        is_case: bool = True,
    ) -> None:
        """`unsteady`: the two had differed before they were run again. `is_case` False: it is what
        the log says of one that was counted."""
        self.cases[area] += is_case
        where = f"{area}: {name}"
        if list(old) == list(new):
            if unsteady:
                self.unsteady.append(where)
            return
        changed = [line for line in difflib.ndiff(old, new) if line[:2] in ("- ", "+ ")]
        reasons = [self._reason(area, line[2:]) for line in changed]
        if all(reasons):
            self.expected.update({str(reason) for reason in reasons})
            return
        self.differences.append(where)
        if len(self.differences) <= SHOWN_DIFFERENCES:
            print(f"\nDIFFERENCE {where}")
            _show(old, new)
        elif len(self.differences) == SHOWN_DIFFERENCES + 1:
            print("\nMore differences are only counted.")

    def _reason(self, area: str, line: str) -> str | None:
        for expected in self._expected:
            if fnmatch.fnmatch(area, expected.area) and expected.line.search(line):
                return expected.reason
        return None

    def report(self) -> int:
        """Prints the summary; returns the exit code."""
        print()
        for area, count in sorted(self.cases.items()):
            print(f"  {area:<14} {count:>6} cases")
        for reason, count in self.expected.items():
            print(f"  expected, {count} times: {reason}")
        for where in self.unsteady:
            print(f"  unsteady (differed, then did not): {where}")
        total = sum(self.cases.values())
        print(f"{total} cases, {len(self.differences)} differences")
        return 1 if self.differences else 0


def _show(old: Sequence[str], new: Sequence[str]) -> None:
    lines = list(difflib.unified_diff(old, new, "old", "new", n=1, lineterm=""))[2:]
    for line in lines[:SHOWN_LINES]:
        print("   ", _cut(line, lines))
    if len(lines) > SHOWN_LINES:
        print(f"    ... {len(lines) - SHOWN_LINES} lines more")


def _cut(line: str, lines: Sequence[str]) -> str:
    """A long line around the first place where it differs from one of the other side."""
    if len(line) <= SHOWN_WIDTH:
        return line
    others = [other for other in lines if other[:1] in "+-" and other[:1] != line[:1]]
    shared = max((_shared(line[1:], other[1:]) for other in others), default=0)
    begin = max(0, shared - SHOWN_WIDTH // 3)
    return f"{line[:1]}...{line[begin + 1 : begin + SHOWN_WIDTH]}..."


def _shared(one: str, other: str) -> int:
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))
