"""Parses durations as users type them, and formats them for output."""

from __future__ import annotations

import argparse
import re

UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MAX_S = 100 * 365 * 86400


def duration(text: str) -> float:
    """Parses `30s`, `15m`, `1h`, `30d`, `1h30m` or a bare number into seconds. Raises
    `argparse.ArgumentTypeError`, which argparse reports as a wrong flag."""
    text = text.strip().lower()
    if re.fullmatch(r"[0-9]{1,10}", text):
        text += "s"
    seconds = 0
    if re.fullmatch(r"([0-9]{1,10}[smhd])+", text):
        seconds = sum(int(n) * UNIT_S[unit] for n, unit in re.findall(r"([0-9]+)([smhd])", text))
    if not 0 < seconds <= MAX_S:
        raise argparse.ArgumentTypeError(f"{text!a} is not a time such as 30s, 15m, 1h or 30d")
    return float(seconds)


def spoken(seconds: float) -> str:
    """Formats a duration roughly, in the largest unit of which it has at least two."""
    for unit in "dhm":
        if seconds >= 2 * UNIT_S[unit]:
            return f"{int(seconds // UNIT_S[unit])}{unit}"
    return f"{int(seconds)}s"
