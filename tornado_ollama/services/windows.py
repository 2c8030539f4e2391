"""Windows: a task of the Task Scheduler, which starts with the machine or with the user's
session."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import PureWindowsPath

from .plan import Place, Plan

TASK = "tornado-ollama"
NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
NOT_STOPPED_GENTLY = "Windows ends a task at once: streams under way are cut when it is stopped."
_IN = {"": NAMESPACE}


def windows_plan(place: Place, template: str) -> Plan:
    """The plan of a task; `template` is the text of `deploy/tornado-ollama-task.xml`."""
    base = (
        PureWindowsPath(r"C:\ProgramData")
        if place.system
        else PureWindowsPath(place.home) / "AppData" / "Local"
    )
    directory = base / TASK
    config = place.config or directory / "config.yaml"
    file, log = directory / "task.xml", directory / "gateway.log"
    return Plan(
        config=config,
        file=file,
        text=_task(template, place, PureWindowsPath(config), log),
        start=(
            ("schtasks", "/Create", "/F", "/TN", TASK, "/XML", str(file)),
            ("schtasks", "/Run", "/TN", TASK),
        ),
        reload=f"schtasks /End /TN {TASK} & schtasks /Run /TN {TASK}",
        stop=(("schtasks", "/End", "/TN", TASK), ("schtasks", "/Delete", "/F", "/TN", TASK)),
        status=("schtasks", "/Query", "/V", "/FO", "LIST", "/TN", TASK),
        log=f'powershell Get-Content -Wait -Tail 20 "{log}"',
        token=f"tornado-ollama token create --name NAME{' --entry' if place.system else ''}",
        notes=(NOT_STOPPED_GENTLY,),
    )


def _task(template: str, place: Place, config: PureWindowsPath, log: PureWindowsPath) -> bytes:
    ElementTree.register_namespace("", NAMESPACE)
    task = ElementTree.fromstring(template)
    arguments = _child(task, "Actions/Exec/Arguments")
    command = f'"{place.python}" -m tornado_ollama serve --config "{config}" 2>> "{log}"'
    arguments.text = f'/d /s /c "{command}"'
    if not place.system:
        principal = _child(task, "Principals/Principal")
        _child(principal, "UserId").text = place.user
        kind = ElementTree.SubElement(principal, f"{{{NAMESPACE}}}LogonType")
        kind.text = "InteractiveToken"
        _child(task, "Triggers/BootTrigger").tag = f"{{{NAMESPACE}}}LogonTrigger"
    body = ElementTree.tostring(task, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{body}\n'.encode("utf-16")


def _child(element: ElementTree.Element, path: str) -> ElementTree.Element:
    found = element.find(path, _IN)
    assert found is not None, path
    return found
