"""What make says."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent


def said(*arguments: str) -> str:
    done = subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return done.stdout + done.stderr


def test_what_help_says_of_the_targets_stands_in_one_column() -> None:
    lines = said("--no-print-directory", "help").splitlines()
    assert any("differential" in line for line in lines)
    columns = {len(line) - len(line.split(maxsplit=2)[2]) for line in lines}
    assert len(columns) == 1


def test_nothing_is_said_where_the_embedded_backend_is_there() -> None:
    """`run` asks for it at every start without an Ollama."""
    assert said("--no-print-directory", "--old-file=.venv/.embedded", "embedded") == ""
