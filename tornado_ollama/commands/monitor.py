"""The command `monitor`: repeats `check` without end, and prints one line with the time for each
round."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from ..config import Settings
from ..console import LineWriter
from ..signals import on_signal
from .probe import Finding, probe


def run(args: argparse.Namespace, read_settings: Callable[[], Settings]) -> int:
    """Runs until SIGTERM or SIGINT, and then returns 0; returns 1 when the output cannot be written
    any more."""
    output = LineWriter(sys.stdout)
    try:
        return asyncio.run(_monitor(read_settings(), args.model, args.interval, output))
    finally:
        output.stop()


async def _monitor(
    settings: Settings, model: str | None, interval_s: float, output: LineWriter
) -> int:
    loop = asyncio.get_running_loop()
    rounds = asyncio.ensure_future(_rounds(settings, model, interval_s, output))
    for name in ("SIGINT", "SIGTERM"):
        on_signal(loop, name, rounds.cancel)
    await asyncio.wait([rounds])
    if rounds.cancelled():
        return 0
    rounds.result()
    return 1


async def _rounds(
    settings: Settings, model: str | None, interval_s: float, output: LineWriter
) -> None:
    loop = asyncio.get_running_loop()
    async with probe(settings, model) as asked:
        while not output.reader_left:
            begun = loop.time()
            output.put(_line(await asked.look()))
            await asyncio.sleep(max(0.0, begun + interval_s - loop.time()))


def _line(findings: list[Finding]) -> str:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    verdict = "ok" if all(finding.good for finding in findings) else "FAIL"
    return f"{moment} {verdict} {'; '.join(finding.text for finding in findings)}"
