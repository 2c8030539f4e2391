"""The plans of services, held against what reads them: systemd, launchd's keys, an XML parser."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from tornado_ollama.config import Settings
from tornado_ollama.resources import DEPLOY_DIR
from tornado_ollama.services import PLANS, TEMPLATES, Place, Plan

from ..programs import need

NO_WORSE_THAN = 1.4
"""The exposure that `systemd-analyze security` finds, as docs/install-linux.md says it."""

LAUNCHD_KEYS: dict[str, type] = {
    "Label": str,
    "ProgramArguments": list,
    "RunAtLoad": bool,
    "KeepAlive": dict,
    "ThrottleInterval": int,
    "ExitTimeOut": int,
    "ProcessType": str,
    "SoftResourceLimits": dict,
    "Umask": int,
    "StandardErrorPath": str,
    "UserName": str,
}
"""launchd.plist(5): what a job may have, of what it has here, and the type of each."""

TASK_ELEMENTS = {
    "Task": {"RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"},
    "RegistrationInfo": {"Description"},
    "Triggers": {"BootTrigger", "LogonTrigger"},
    "BootTrigger": {"Enabled"},
    "LogonTrigger": {"Enabled"},
    "Principals": {"Principal"},
    "Principal": {"UserId", "LogonType", "RunLevel"},
    "Settings": {
        *("MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries"),
        *("ExecutionTimeLimit", "Priority", "RestartOnFailure"),
    },
    "RestartOnFailure": {"Interval", "Count"},
    "Actions": {"Exec"},
    "Exec": {"Command", "Arguments"},
}
"""Task Scheduler Schema Elements: the children of each element, of what stands here."""


def plan(platform: str, *, system: bool, **changes: Any) -> Plan:
    windows = platform == "win32"
    kind = PureWindowsPath if windows else PurePosixPath
    given: dict[str, Any] = {
        "system": system,
        "python": kind(r"C:\Tools\python.exe" if windows else "/opt/tools/bin/python"),
        "config": None,
        "home": kind(r"C:\Users\ada" if windows else "/home/ada"),
        "user": "ada",
        "uid": 501,
    }
    template = (DEPLOY_DIR / TEMPLATES[platform]).read_text(encoding="utf-8")
    return PLANS[platform](Place(**{**given, **changes}), template)


def drain_timeout() -> float:
    return Settings().listen.drain_timeout


systems = pytest.mark.parametrize("system", [False, True], ids=["user", "system"])


# -- Linux ------------------------------------------------------------------------------------


def analyse(*arguments: str, runtime: Path | None = None) -> str:
    """What `systemd-analyze` says; `runtime` is the directory of a user's session."""
    done = subprocess.run(
        [need("systemd-analyze", "systemd"), *arguments],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)} if runtime else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@systems
def test_systemd_accepts_the_unit(system: bool, tmp_path: Path) -> None:
    unit = tmp_path / "tornado-ollama.service"
    unit.write_bytes(plan("linux", system=system, python=PurePosixPath(sys.executable)).text)
    if system:
        assert not analyse("verify", "--man=no", str(unit))
    else:
        assert not analyse("verify", "--man=no", "--user", str(unit), runtime=tmp_path)


def test_the_files_of_deploy_are_units_too(tmp_path: Path) -> None:
    text = (DEPLOY_DIR / "tornado-ollama.service").read_text(encoding="utf-8")
    unit = tmp_path / "tornado-ollama.service"
    program = shutil.which("true")
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={program}", text, flags=re.M))
    socket = Path(shutil.copy(DEPLOY_DIR / "tornado-ollama.socket", tmp_path))
    assert not analyse("verify", "--man=no", str(unit), str(socket))


def test_the_sandbox_leaves_no_more_open_than_the_docs_say() -> None:
    said = analyse("security", "--offline=true", str(DEPLOY_DIR / "tornado-ollama.service"))
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert found
    assert float(found[1]) <= NO_WORSE_THAN


@systems
def test_the_unit_runs_this_interpreter_with_its_configuration(system: bool) -> None:
    made = plan("linux", system=system, config=PurePosixPath("/srv/my gateway/100%.yaml"))
    assert (
        "ExecStart=/opt/tools/bin/python -m tornado_ollama serve "
        '--config "/srv/my gateway/100%%.yaml"\n'
    ) in made.text.decode()


def test_a_users_unit_asks_for_nothing_that_needs_root() -> None:
    lines = plan("linux", system=False).text.decode().splitlines()
    assert not [line for line in lines if re.match("User|Group|Protect|Private|Capab", line)]
    assert "NoNewPrivileges=yes" in lines
    assert "WantedBy=default.target" in lines


def test_running_streams_may_finish_under_systemd() -> None:
    stop = re.search(r"TimeoutStopSec=(\d+)", plan("linux", system=True).text.decode())
    assert stop
    assert int(stop[1]) > drain_timeout()


# -- macOS ------------------------------------------------------------------------------------


@systems
def test_the_property_list_has_keys_that_launchd_knows(system: bool) -> None:
    made = plan("darwin", system=system)
    job = plistlib.loads(made.text)
    assert {key: type(value) for key, value in job.items()}.items() <= LAUNCHD_KEYS.items()
    assert job["ProgramArguments"][0] == "/opt/tools/bin/python"
    assert job["ProgramArguments"][-1] == str(made.config)
    assert job["ExitTimeOut"] > drain_timeout()
    assert made.file.stem == job["Label"]
    assert job.get("UserName") == ("ada" if system else None)


def test_an_agent_is_the_users_and_a_daemon_the_systems() -> None:
    agent, daemon = plan("darwin", system=False), plan("darwin", system=True)
    assert agent.file.parent == PurePosixPath("/home/ada/Library/LaunchAgents")
    assert daemon.file.parent == PurePosixPath("/Library/LaunchDaemons")
    assert agent.start == (("launchctl", "bootstrap", "gui/501", str(agent.file)),)
    assert daemon.start == (("launchctl", "bootstrap", "system", str(daemon.file)),)


# -- Windows ----------------------------------------------------------------------------------


def walk(element: ElementTree.Element) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for parent in element.iter():
        if len(parent):
            names = found.setdefault(parent.tag.rpartition("}")[2], set())
            names |= {child.tag.rpartition("}")[2] for child in parent}
    return found


@systems
def test_the_task_has_elements_that_the_scheduler_knows(system: bool) -> None:
    made = plan("win32", system=system)
    assert made.text.startswith((b"\xff\xfe", b"\xfe\xff"))  # as schtasks reads it
    task = ElementTree.fromstring(made.text)
    for parent, children in walk(task).items():
        assert children <= TASK_ELEMENTS[parent], parent
    texts = {element.tag.rpartition("}")[2]: element.text for element in task.iter()}
    assert texts["UserId"] == ("S-1-5-19" if system else "ada")
    assert ("BootTrigger" if system else "LogonTrigger") in texts
    base = r"C:\ProgramData" if system else r"C:\Users\ada\AppData\Local"
    assert texts["Arguments"] == (
        r'/d /s /c ""C:\Tools\python.exe" -m tornado_ollama serve --config '
        rf'"{base}\tornado-ollama\config.yaml" 2>> "{base}\tornado-ollama\gateway.log""'
    )


# -- all --------------------------------------------------------------------------------------


@systems
@pytest.mark.parametrize("platform", PLANS)
def test_every_plan_says_how_to_start_stop_and_look(platform: str, system: bool) -> None:
    made = plan(platform, system=system)
    assert made.start and made.stop and made.status and made.log and made.reload
    assert made.config.name == "config.yaml"
