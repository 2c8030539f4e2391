"""The arguments of the command `service`, whose code is imported when it is called."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def _service(action: str) -> Callable[[argparse.Namespace], int]:
    def command(args: argparse.Namespace) -> int:
        from . import service

        return int(getattr(service, action)(args))

    return command


def add_service(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `service` and its own commands."""
    service = commands.add_parser(
        "service",
        help="have the system keep the gateway running",
        description="Makes the gateway a service of systemd, launchd or the Task Scheduler.",
    )
    actions = service.add_subparsers(title="commands", metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--system",
        action="store_true",
        help="for the whole machine, from its start on; default: while you are logged in",
    )
    common.add_argument("--config", type=Path, metavar="FILE", help="default: the usual place")
    careful = argparse.ArgumentParser(add_help=False)
    careful.add_argument("--print", action="store_true", help="only show what would be done")
    careful.add_argument("--yes", action="store_true", help="do it without asking")
    words = {
        "install": "write the service's file and start it",
        "uninstall": "stop it and remove the file",
    }
    for name, sentence in words.items():
        parser = actions.add_parser(name, parents=[common, careful], help=sentence)
        parser.set_defaults(command=_service(name))
    status = actions.add_parser("status", parents=[common], help="is it installed, does it run")
    status.set_defaults(command=_service("status"))
