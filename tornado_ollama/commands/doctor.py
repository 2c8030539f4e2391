"""The command `doctor`: looks for what is unsafe or broken around the gateway, and says what to do.

`doctor_local.py` and `doctor_public.py` gather facts, `doctor/` judges them.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import time

from ..config import SettingsReader
from ..config.formats import HTTP_URL
from ..config.load import unwise
from ..console import say
from ..doctor import findings
from ..doctor.facts import Facts
from ..doctor.finding import Finding
from ..errors import ConfigError
from . import doctor_local as local
from . import doctor_public as public

LABELS = {"ok": "ok  ", "warning": "warn", "problem": "FAIL"}

NOT_TRIED = "The way of clients was not tried: --url URL does that."


def run(args: argparse.Namespace, reader: SettingsReader) -> int:
    """Runs the command. Returns 1 when there is a problem, otherwise 0. Raises ConfigError."""
    url = None if args.url is None else _checked(args.url)
    found = findings(asyncio.run(_facts(reader, url)))
    counts = {severity: sum(f.severity == severity for f in found) for severity in LABELS}
    if args.json:
        rows = [dataclasses.asdict(finding) for finding in found]
        say(json.dumps({"url": url, "counts": counts, "findings": rows}, indent=2))
    else:
        for finding in found:
            _say(finding)
        say(f"{counts['problem']} problems, {counts['warning']} warnings, {counts['ok']} ok.")
        if url is None:
            say(NOT_TRIED)
    return 1 if counts["problem"] else 0


def _say(finding: Finding) -> None:
    say(f"{LABELS[finding.severity]}  {finding.text}")
    if finding.advice is not None:
        say(f"      -> {finding.advice}")


def _checked(url: str) -> str:
    try:
        return HTTP_URL.value(url).rstrip("/")
    except ValueError as error:
        raise ConfigError(f"--url: must be {error}") from None


async def _facts(reader: SettingsReader, url: str | None) -> Facts:
    now = time.time()
    inspected = await asyncio.to_thread(reader.inspect)
    rows = await asyncio.to_thread(local.stored_tokens, inspected.settings)
    settings = inspected.settings.with_stored_tokens() if rows else inspected.settings
    files = await asyncio.to_thread(local.files, inspected)
    tokens = await asyncio.to_thread(local.tokens, inspected, rows)
    certificates = await asyncio.to_thread(local.certificates, settings)
    backend = await local.backend(settings.service.base_url, settings.service.connect_timeout)
    seen, presented = (None, None) if url is None else await public.look(url)
    return Facts(
        now,
        settings,
        tuple(unwise(settings)),
        backend,
        tokens,
        files,
        certificates if presented is None else (*certificates, presented),
        seen,
    )
