"""The harness sees nothing where there is nothing, and a difference where there is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..process import ROOT
from . import trees


def compare(old: str, new: str) -> subprocess.CompletedProcess[str]:
    """Ten conformance cases."""
    command = [sys.executable, "-m", "tests.differential", "--old", old, "--new", new]
    return subprocess.run(
        [*command, "--only", "conformance", "--limit", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=480,
    )


@pytest.fixture
def planted(tmp_path: Path) -> str:
    """The tree as it is, but for one word that goes to Ollama."""
    tree = trees.check_out(trees.WORKTREE, tmp_path / "planted")
    headers = tree / "tornado_ollama" / "wire" / "headers.py"
    text = headers.read_text(encoding="utf-8")
    assert "X-Forwarded-Proto" in text
    headers.write_text(text.replace("X-Forwarded-Proto", "X-Forwarded-Protocol"), encoding="utf-8")
    return str(tree)


def test_a_tree_does_not_differ_from_itself() -> None:
    done = compare(trees.WORKTREE, trees.WORKTREE)
    assert ", 0 differences" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_a_planted_difference_is_found(planted: str) -> None:
    done = compare(trees.WORKTREE, planted)
    assert "+> X-Forwarded-Protocol: http" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
