"""launchd: an agent of one user, or a daemon of the whole Mac."""

from __future__ import annotations

import plistlib
from pathlib import PurePath, PurePosixPath

from .plan import Place, Plan

LABEL = "io.github.tornado-ollama"


def launchd_plan(place: Place, template: str) -> Plan:
    """The plan of a job; `template` is the text of the property list of `deploy/`."""
    library = PurePosixPath("/Library") if place.system else place.home / "Library"
    directory = library / "Application Support" / "tornado-ollama"
    config = place.config or directory / "config.yaml"
    file = library / ("LaunchDaemons" if place.system else "LaunchAgents") / f"{LABEL}.plist"
    log = library / "Logs" / "tornado-ollama.log"
    domain = "system" if place.system else f"gui/{place.uid}"
    job = f"{domain}/{LABEL}"
    root = "sudo " if place.system else ""
    return Plan(
        config=config,
        file=file,
        text=_property_list(template, place, config, log),
        start=(("launchctl", "bootstrap", domain, str(file)),),
        reload=f"{root}launchctl kill HUP {job}",
        stop=(("launchctl", "bootout", job),),
        status=("launchctl", "print", job),
        log=f"tail -f '{log}'",
    )


def _property_list(template: str, place: Place, config: PurePath, log: PurePath) -> bytes:
    job = plistlib.loads(template.encode())
    command = [str(place.python), "-m", "tornado_ollama", "serve", "--config", str(config)]
    job |= {"ProgramArguments": command, "StandardErrorPath": str(log)}
    if place.system:
        job["UserName"] = place.user
    return plistlib.dumps(job, sort_keys=False)
