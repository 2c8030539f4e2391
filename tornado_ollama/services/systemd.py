"""systemd: a unit of the system, with a user and a sandbox of its own, or one of a user's
session."""

from __future__ import annotations

import re
from pathlib import PurePath

from .plan import Place, Plan

NAME = "tornado-ollama"
UNIT = f"{NAME}.service"

NEEDS_ROOT = re.compile(
    r"(?:^#.*\n)*^(?:User|Group|CapabilityBoundingSet|PrivateDevices|PrivateTmp|PrivateUsers|ProcSubset|"
    r"Protect\w+|RemoveIPC|RestrictNamespaces|EnvironmentFile|After|Wants|StateDirectory\w*)=.*\n",
    re.M,
)
"""What only the system's manager can grant, or what has another place in a user's session, with
the comment above it."""

LINGER = (
    "It runs while you are logged in. `loginctl enable-linger` lets it start with the machine and "
    "run on after you have left."
)


def systemd_plan(place: Place, template: str) -> Plan:
    """The plan of a unit; `template` is the text of `deploy/tornado-ollama.service`."""
    return _for_the_system(place, template) if place.system else _for_a_user(place, template)


def _for_the_system(place: Place, template: str) -> Plan:
    config = place.config or PurePath(f"/etc/{NAME}/config.yaml")
    return Plan(
        config=config,
        file=PurePath("/etc/systemd/system", UNIT),
        text=_unit(template, place, config).encode(),
        account=NAME,
        start=(("systemctl", "daemon-reload"), ("systemctl", "enable", "--now", UNIT)),
        reload=f"sudo systemctl reload {NAME}",
        stop=(("systemctl", "disable", "--now", UNIT),),
        removed=(("systemctl", "daemon-reload"),),
        status=("systemctl", "status", "--no-pager", UNIT),
        log=f"journalctl -u {NAME} -f",
        token=(
            f"cd / && sudo -u {NAME} env STATE_DIRECTORY=/var/lib/{NAME} "
            f"{place.python} -m tornado_ollama token create --config {config} --name NAME"
        ),
    )


def _for_a_user(place: Place, template: str) -> Plan:
    config = place.config or place.home / ".config" / NAME / "config.yaml"
    user = ("systemctl", "--user")
    text = NEEDS_ROOT.sub("", _unit(template, place, config))
    text = text.replace("WantedBy=multi-user.target", "WantedBy=default.target")
    return Plan(
        config=config,
        file=place.home / ".config" / "systemd" / "user" / UNIT,
        text=text.encode(),
        start=((*user, "daemon-reload"), (*user, "enable", "--now", UNIT)),
        reload=f"systemctl --user reload {NAME}",
        stop=((*user, "disable", "--now", UNIT),),
        removed=((*user, "daemon-reload"),),
        status=(*user, "status", "--no-pager", UNIT),
        log=f"journalctl --user -u {NAME} -f",
        notes=(LINGER,),
    )


def _unit(template: str, place: Place, config: PurePath) -> str:
    command = f"{_quoted(place.python)} -m tornado_ollama serve --config {_quoted(config)}"
    without_head = template[template.index("[Unit]") :]
    return re.sub(r"^ExecStart=.*$", lambda _: f"ExecStart={command}", without_head, flags=re.M)


def _quoted(path: PurePath) -> str:
    """A path as a word of ExecStart, `%` and `$` doubled (systemd.service(5), Command lines)."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    text = text.replace("$", "$$")
    return f'"{text}"' if re.search(r"[\s'\"\\;]", text) else text
