"""The command `check`: prints in a line each whether Ollama is reachable and whether a model
answers."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable

from ..config import Settings
from ..console import say
from .probe import probe


def run(args: argparse.Namespace, read_settings: Callable[[], Settings]) -> int:
    """Runs the command. Returns 1 when a line reports a failure, otherwise 0."""
    return asyncio.run(_check(read_settings(), args.model))


async def _check(settings: Settings, model: str | None) -> int:
    async with probe(settings, model) as asked:
        findings = await asked.look()
    for finding in findings:
        say(f"{'ok  ' if finding.good else 'FAIL'}  {finding.text}")
    return 0 if all(finding.good for finding in findings) else 1
