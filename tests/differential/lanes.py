"""Cases, and how the two sides walk through them: side by side, one case after the other.

A case is a function of a side and an id that returns facts; it is the same for both. Where the
facts differ it is run again: some requests end in a race (is the second of two still read, before
the connection closes?), and a side that can look like the other does not differ from it. Such cases
are reported as unsteady.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .facts import Facts, log_line
from .side import Side
from .verdict import Verdict

FIRST = "a"
ATTEMPTS = "abcdefgh"
LOG_ATTEMPTS = "uvwxyz"
"""So many that an even chance does not come out differently by accident."""
FEW, MANY = 3, 15
"""Differences up to which it is worth while to look so often, or at all, whether it is a race."""
GIVEN_UP = 25
"""With so many differences a lane ends: more would say no more."""
LOG_S = 0.3
"""After which a line is surely written."""

_ID = re.compile(r"diff-(\d{6})-([a-z])")
_RANDOM_ID = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z])")


@dataclass(frozen=True)
class Case:
    """One thing to see. `run` gets the side and the id to be used as `X-Request-Id`."""

    name: str
    run: Callable[[Side, str], Awaitable[Facts]]


@dataclass
class Lane:
    """Cases that share a gateway of one configuration."""

    area: str
    name: str
    config: Mapping[str, Any]
    cases: Sequence[Case]
    base_url: Callable[[], str] | None = None
    """Where Ollama is instead of the scripted one; asked once a side."""
    keep_probes: bool = False


async def walk(lane: Lane, trees: Sequence[Path], scratch: Path, verdict: Verdict) -> None:
    """Runs all cases of a lane on both sides and tells the verdict."""
    directory = scratch / f"{lane.area}-{lane.name}"
    sides = [
        Side(name, tree, directory / name) for name, tree in zip(("old", "new"), trees, strict=True)
    ]
    try:
        await asyncio.gather(*(_start(side, lane) for side in sides))
        before = len(verdict.differences)
        for number, case in enumerate(lane.cases):
            await _compare(lane, case, number, sides, verdict)
            if len(verdict.differences) - before >= GIVEN_UP:
                print(f"\n{lane.area}: {lane.name} is given up after {number + 1} cases")
                break
        done = await _repeat_for_logs(lane, sides, verdict)
        statuses = await asyncio.gather(*(side.stop() for side in sides))
    finally:
        await asyncio.gather(*(side.kill() for side in sides), return_exceptions=True)
    verdict.compare(lane.area, f"{lane.name}: exit code", *([str(code)] for code in statuses))
    old, new = (Logs(side, verdict.log_fields) for side in sides)
    _compare_logs(lane, old, new, done, verdict)


async def _start(side: Side, lane: Lane) -> None:
    side.probes_count = lane.keep_probes
    await side.start(lane.config, lane.base_url() if lane.base_url else None)


async def _compare(
    lane: Lane, case: Case, number: int, sides: Sequence[Side], verdict: Verdict
) -> None:
    all_seen: tuple[list[list[str]], list[list[str]]] = ([], [])
    for attempt in _worth_while(ATTEMPTS, len(verdict.differences)):
        seen = await _run(case, number, attempt, sides)
        for one, known in zip(seen, all_seen, strict=True):
            known.append(one)
        if common := [one for one in all_seen[0] if one in all_seen[1]]:
            seen = [common[0], common[0]]
            break
    verdict.compare(lane.area, f"{lane.name}: {case.name}", *seen, unsteady=attempt != FIRST)


def _worth_while(attempts: str, differences: int) -> str:
    return attempts[: len(attempts) if differences <= FEW else 3 if differences <= MANY else 1]


async def _run(case: Case, number: int, attempt: str, sides: Sequence[Side]) -> list[list[str]]:
    case_id = f"diff-{number:06}-{attempt}"

    async def one(side: Side) -> list[str]:
        try:
            await side.revive()
            return (await case.run(side, case_id)).lines
        except Exception as error:  # the others are still to be run
            return [f"! {type(error).__name__}: {error}"]

    if attempt == FIRST:
        return await asyncio.gather(*(one(side) for side in sides))
    # Alone, and each as often first as second: nothing but the trees may make a difference.
    turned = ord(attempt) % 2
    order = sides[::-1] if turned else sides
    seen = [await one(side) for side in order]
    return seen[::-1] if turned else seen


# -- logs ------------------------------------------------------------------------------------


class Logs:
    """What a gateway has said so far: by case and attempt, and what names no case."""

    def __init__(self, side: Side, left_out: Iterable[str]) -> None:
        self.cases: dict[int, dict[str, list[str]]] = {}
        rest: Counter[str] = Counter()
        for whole in side.said.splitlines():
            line = log_line(whole, left_out)
            if match := _ID.search(line):
                attempts = self.cases.setdefault(int(match[1]), {})
                attempts.setdefault(match[2], []).append(line.replace(match[0], "<case>"))
            elif "barrier" not in line:
                rest[_RANDOM_ID.sub("<hex>", line)] += 1
        self.rest = [f"{count} x {line}" for line, count in sorted(rest.items())]


async def _repeat_for_logs(lane: Lane, sides: Sequence[Side], verdict: Verdict) -> str:
    """Runs those cases again whose lines differ: they may have met with a race at their end.
    Returns the attempts that these have had."""
    done = FIRST
    for attempt in LOG_ATTEMPTS:
        for side in sides:
            await side.barrier()
        await asyncio.sleep(LOG_S)
        old, new = (Logs(side, verdict.log_fields) for side in sides)
        wrong = [number for number in _numbers(old, new) if not _agreed(old, new, number, done)]
        if not wrong or attempt not in _worth_while(LOG_ATTEMPTS, len(wrong)):
            break
        for number in wrong:
            await _run(lane.cases[number], number, attempt, sides)
        done += attempt
    return done


def _numbers(old: Logs, new: Logs) -> list[int]:
    return sorted(old.cases.keys() | new.cases.keys())


def _agreed(old: Logs, new: Logs, number: int, done: str) -> bool:
    """Whether the two ever said the same of a case, be it nothing."""
    one, other = old.cases.get(number, {}), new.cases.get(number, {})
    attempts = {*done, *one, *other}
    said = [other.get(attempt, []) for attempt in attempts]
    return any(one.get(attempt, []) in said for attempt in attempts)


def _compare_logs(lane: Lane, old: Logs, new: Logs, done: str, verdict: Verdict) -> None:
    for number in _numbers(old, new):
        name = f"{lane.name}: log of {lane.cases[number].name}"
        one, other = old.cases.get(number, {}), new.cases.get(number, {})
        if _agreed(old, new, number, done):
            unsteady = one.get(FIRST) != other.get(FIRST)
            verdict.compare(lane.area, name, [], [], unsteady=unsteady, is_case=False)
        else:
            last = max(one.keys() | other.keys())
            told = one.get(last, []), other.get(last, [])
            verdict.compare(lane.area, name, *told, is_case=False)
    verdict.compare(lane.area, f"{lane.name}: other lines", old.rest, new.rest, is_case=False)
