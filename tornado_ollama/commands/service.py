"""The command `service`: has the system keep the gateway running, or no more, and says how it is.

Whatever is written, removed or run is named before, and done only after a yes.
"""

from __future__ import annotations

import argparse
import getpass
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ..console import flush_output, say
from ..errors import ConfigError
from ..resources import CONFIG_FILE, DEPLOY_DIR
from ..services import PLANS, TEMPLATES, Place, Plan
from ..services.plan import Command

HIDDEN_HOMES = ("/home/", "/root/", "/run/user/")
"""What `ProtectHome=` of the unit hides from the service."""


def install(args: argparse.Namespace) -> int:
    """Makes the gateway a service and starts it. Raises ConfigError."""
    plan = _plan(args)
    _refuse_hidden(args, plan)
    for line in _steps(plan):
        say(line)
    if args.print:
        say(f"\n{plan.file}:\n\n{_readable(plan.text)}")
        return 0
    _may_go_on(args)
    _carry_out(plan)
    say(f"\nThe configuration: {plan.config}\nAfter a change:    {plan.reload}")
    say(f"The log:           {plan.log}\nA new token:       {plan.token}")
    for note in plan.notes:
        say(note)
    return 0


def uninstall(args: argparse.Namespace) -> int:
    """Stops the service and removes its file; the configuration stays. Raises ConfigError."""
    plan = _plan(args)
    file = Path(plan.file)
    if not file.exists():
        raise ConfigError(f"{file} is not there: no service is installed")
    for command in plan.stop:
        say(f"run     {shlex.join(command)}")
    say(f"remove  {file}")
    for command in plan.removed:
        say(f"run     {shlex.join(command)}")
    if args.print:
        return 0
    _may_go_on(args)
    for command in plan.stop:
        _run(command, may_fail=True)
    file.unlink()
    for command in plan.removed:
        _run(command)
    say(f"{plan.config} and the state of the gateway are still there.")
    return 0


def status(args: argparse.Namespace) -> int:
    """Says whether it is installed, and what the system says of it. Returns 0 where it runs."""
    plan = _plan(args)
    if not Path(plan.file).exists():
        say(f"{plan.file} is not there: no service is installed.")
        return 1
    say(f"{plan.file} is there.")
    return 1 if _run(plan.status, may_fail=True) else 0


def _plan(args: argparse.Namespace) -> Plan:
    if sys.platform not in PLANS:
        raise ConfigError(f"services of {sys.platform} are not known; deploy/ has examples")
    template = (DEPLOY_DIR / TEMPLATES[sys.platform]).read_text(encoding="utf-8")
    place = Place(
        system=args.system,
        # Not resolved: the interpreter of a virtual environment is a link out of it.
        python=Path(sys.executable).absolute(),
        config=args.config and args.config.absolute(),
        home=Path.home(),
        user=os.environ.get("SUDO_USER") or getpass.getuser(),
        uid=os.getuid() if hasattr(os, "getuid") else 0,
    )
    return PLANS[sys.platform](place, template)


def _refuse_hidden(args: argparse.Namespace, plan: Plan) -> None:
    """Raises ConfigError where the sandbox of the unit would hide what it needs."""
    if plan.account is None:
        return
    for path in (Path(sys.executable).absolute(), Path(plan.config)):
        if str(path).startswith(HIDDEN_HOMES):
            raise ConfigError(
                f"{path} is in a home directory, which a service of the system does not see; "
                "install into /opt/tornado-ollama/venv, or leave --system out"
            )


def _steps(plan: Plan) -> Iterator[str]:
    """What will be done, a line each."""
    if plan.account is not None and not _exists(plan.account):
        yield f"run    {shlex.join(_make_account(plan.account))}"
    if not Path(plan.config).exists():
        yield f"write  {plan.config}, the defaults"
    if Path(plan.file).exists():
        yield from (f"run    {shlex.join(command)}" for command in plan.stop)
        yield f"write  {plan.file}, in place of what is there"
    else:
        yield f"write  {plan.file}"
    yield from (f"run    {shlex.join(command)}" for command in plan.start)


def _may_go_on(args: argparse.Namespace) -> None:
    """Raises ConfigError unless whoever runs the command may and wants to go on."""
    if args.system and hasattr(os, "geteuid") and os.geteuid() != 0:
        again = shlex.join([sys.executable, "-m", "tornado_ollama", *sys.argv[1:]])
        raise ConfigError(f"--system needs root: sudo {again}")
    if args.yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("nobody can be asked here: --yes goes on, --print only shows")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ConfigError("nothing was done")


def _carry_out(plan: Plan) -> None:
    if plan.account is not None and not _exists(plan.account):
        _run(_make_account(plan.account))
    config, file = Path(plan.config), Path(plan.file)
    if not config.exists():
        config.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CONFIG_FILE, config)
        config.chmod(0o640)
        if plan.account is not None:
            shutil.chown(config, group=plan.account)
    if file.exists():
        for command in plan.stop:
            _run(command, may_fail=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(plan.text)
    for command in plan.start:
        _run(command)


def _make_account(name: str) -> Command:
    return ("useradd", "--system", "--home-dir", "/", "--shell", "/usr/sbin/nologin", name)


def _exists(account: str) -> bool:
    import pwd  # there is none on Windows, where no plan has an account

    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def _run(command: Command, *, may_fail: bool = False) -> int:
    """Runs a command, whose output is seen. Raises ConfigError where it fails and must not."""
    flush_output()  # what was said before it is to be read before it
    try:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        status, reason = 1, str(error.strerror)
    else:
        reason = f"it ended with {status}"
    if status and not may_fail:
        raise ConfigError(f"{shlex.join(command)}: {reason}")
    return status


def _readable(text: bytes) -> str:
    return text.decode("utf-16" if text.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")
