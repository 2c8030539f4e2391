"""`tornado-ollama service`, run as a user's command with stand-ins for the system's programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tornado_ollama.resources import CONFIG_FILE

from ..process import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it calls systemctl")

SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$HOME/called"
echo "called $@"
test ! -e "$HOME/refuses" || { echo "Failed to connect to bus" >&2; exit 1; }
"""


class Home:
    """A user's empty home, and a PATH with a systemctl that writes down how it was called."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "home"
        self.path.mkdir()
        programs = directory / "bin"
        programs.mkdir()
        (programs / "systemctl").write_text(SYSTEMCTL)
        (programs / "systemctl").chmod(0o755)
        self._environment = {
            **os.environ,
            "HOME": str(self.path),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tornado_ollama", "service", *arguments],
            cwd=self.path,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def files(self) -> set[str]:
        return {str(path) for path in self.path.rglob("*") if path.is_file()}

    @property
    def called(self) -> list[str]:
        book = self.path / "called"
        return book.read_text().splitlines() if book.exists() else []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def named(output: str, verb: str) -> set[str]:
    lines = [line.split(None, 1) for line in output.splitlines() if line.startswith(verb)]
    return {rest.partition(",")[0] for _, rest in lines}


def test_install_writes_what_it_has_named_and_nothing_else(home: Home) -> None:
    done = home.run("install", "--yes")
    assert done.returncode == 0, done.stderr
    assert home.files - {str(home.path / "called")} == named(done.stdout, "write")
    assert [f"systemctl {call}" for call in home.called] == [
        line.split(None, 1)[1] for line in done.stdout.splitlines() if line.startswith("run")
    ]
    assert done.stdout.rindex("\nrun ") < done.stdout.index("\ncalled ")
    [config] = [name for name in home.files if name.endswith("config.yaml")]
    assert Path(config).read_bytes() == CONFIG_FILE.read_bytes()


@pytest.mark.parametrize("arguments", [["--print"], []], ids=["print", "nobody to ask"])
def test_without_a_yes_nothing_is_done(home: Home, arguments: list[str]) -> None:
    done = home.run("install", *arguments)
    assert done.returncode == (0 if arguments else 2)
    assert ("ExecStart=" in done.stdout) == bool(arguments)
    assert ("--yes" in done.stderr) != bool(arguments)
    assert not home.files
    assert named(done.stdout, "write")


def test_a_second_install_keeps_the_configuration_and_starts_the_service_anew(home: Home) -> None:
    home.run("install", "--yes")
    [config] = [Path(name) for name in home.files if name.endswith("config.yaml")]
    config.write_text("listen: {port: 9000}\n")
    done = home.run("install", "--yes")
    assert config.read_text() == "listen: {port: 9000}\n"
    assert "in place of what is there" in done.stdout
    assert home.called[2:] == [
        "--user disable --now tornado-ollama.service",
        *home.called[:2],
    ]


def test_uninstall_removes_the_file_and_leaves_the_configuration(home: Home) -> None:
    home.run("install", "--yes")
    done = home.run("uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    assert {Path(name).name for name in home.files} == {"config.yaml", "called"}
    again = home.run("uninstall", "--yes")
    assert again.returncode == 2
    assert "no service is installed" in again.stderr


def test_status_says_whether_it_runs(home: Home) -> None:
    assert home.run("status").returncode == 1
    home.run("install", "--yes")
    assert home.run("status").returncode == 0
    (home.path / "refuses").touch()
    assert home.run("status").returncode == 1


def test_a_system_that_refuses_is_named(home: Home) -> None:
    (home.path / "refuses").touch()
    done = home.run("install", "--yes")
    assert done.returncode == 2
    assert "systemctl --user daemon-reload: it ended with 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_service_of_the_system_is_not_installed_out_of_a_home(home: Home) -> None:
    done = home.run("install", "--system", "--print", "--config", "/home/ada/config.yaml")
    assert done.returncode == 2
    assert "home directory" in done.stderr
