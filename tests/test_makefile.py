"""What make says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .browser.firefox import Firefox
from .browser.webkit import WebKit
from .waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent


def said(*arguments: str) -> str:
    # Not what a make that runs these tests hands on to another.
    handed_on = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARGS")
    done = subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in handed_on},
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


@pytest.mark.parametrize("target", ["test-all", "cov", "weights", "again"])
def test_tests_of_the_page_run_with_all_others(target: str) -> None:
    assert "--page" in said("--dry-run", target).splitlines()[-1].split()


def test_make_test_leaves_them_out() -> None:
    run = said("--dry-run", "test").splitlines()[-1].split()
    assert "pytest" in run and "--page" not in run


def test_without_chromium_test_page_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "find").symlink_to(shutil.which("true") or "/bin/true")
    built = ".venv/.dev node_modules/.dev static/vendor/.made static/built/made_of.json"
    done = subprocess.run(
        [
            shutil.which("make") or "make",
            *(f"--old-file={file}" for file in (*built.split(), ".venv/.embedded")),
            "test-page",
        ],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2 and "pytest" not in done.stdout
    packages = ["chromium-headless-shell", *Firefox.PROGRAMS.values(), *WebKit.PROGRAMS.values()]
    assert f"Chromium is missing: install Debian's {' '.join(packages)}\n" in done.stderr
