"""The command `launch`: starts a coding agent that uses the gateway.

First it asks the gateway whether the token and the model will do, and says on standard error what
the agent will get. The agent runs as a child process, so that its temporary files can be removed
when it has ended.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ..config import Settings
from ..console import complain, say
from .agents import AGENTS, ROOM_FOR_REPLY, TOKEN_VARIABLE, Agent, Start, Target
from .gateway_question import FoundModel, NotReady, find_model

NO_TOKEN = "not-needed"
"""Sent where there is no token: a gateway that is open to this machine ignores it."""

DIRECTORY = "$AGENT_FILES"
"""Where the temporary files lie, in what `--print` prints."""


def run(args: argparse.Namespace, read_settings: Callable[[], Settings]) -> int:
    """Runs the command. Returns the agent's exit code, or 1 where it was not started."""
    url = (args.url or _own_url(read_settings())).rstrip("/")
    token = args.token or os.environ.get(TOKEN_VARIABLE) or NO_TOKEN
    agent = AGENTS[args.agent]
    try:
        model = asyncio.run(find_model(url, token, args.model))
        agent = choose(agent, model, small=args.small, force=args.force)
    except NotReady as reason:
        complain(f"tornado-ollama: {reason}")
        return 1
    most = "" if model.window_is_known else "at most "
    complain(f"{agent.title} with {model.name} at {url}: {most}{model.window:,} tokens of context.")

    def target(directory: str) -> Target:
        able = model.capabilities
        return Target(
            *(url, token, model.name, model.window, directory),
            sees="vision" in able,
            thinks="thinking" in able,
        )

    if args.print:
        say(printed(agent, agent.start(target(DIRECTORY)), args.arguments))
        return 0
    with tempfile.TemporaryDirectory(prefix="tornado-ollama-") as directory:
        return _run(agent, agent.start(target(directory)), Path(directory), args.arguments)


def choose(agent: Agent, model: FoundModel, *, small: bool, force: bool) -> Agent:
    """The agent, or the smaller mode of it where that was asked for or the window is too small for
    the other. Raises NotReady where the model will not do, unless `force`."""
    if small and agent.small is None:
        able = ", ".join(name for name, other in AGENTS.items() if other.small)
        raise NotReady(f"{agent.title} has no small mode; --small is for {able}")
    if agent.small and (small or not agent.fits(model.window)):
        agent = agent.small
    if force:
        return agent
    if agent.needs_tools and model.capabilities and "tools" not in model.capabilities:
        raise NotReady(
            f"{model.name} has no tools, and {agent.title} can do nothing without; choose another "
            "model with --model, or go on with --force"
        )
    if not agent.fits(model.window):
        need = agent.first_prompt + ROOM_FOR_REPLY
        raise NotReady(
            f"{agent.title} needs about {need:,} tokens for its first prompt and a reply, and "
            f"{model.name} has {model.window:,} here; give it a larger num_ctx (models.defaults), "
            f"choose another model or agent ({_smaller(model.window)}), or go on with --force"
        )
    return agent


def printed(agent: Agent, start: Start, arguments: Sequence[str]) -> str:
    """What `launch` sets and runs, as lines for a POSIX shell."""
    lines = []
    if start.files:
        lines.append("AGENT_FILES=$(mktemp -d)")
    for name, text in start.files.items():
        lines.append(f"cat > \"{DIRECTORY}/{name}\" <<'END'\n{text.rstrip()}\nEND")
    if start.unset:
        lines.append(f"unset {' '.join(start.unset)}")
    lines += [f"export {name}={_quoted(value)}" for name, value in start.environment.items()]
    lines.append(" ".join(map(_quoted, (agent.program, *start.arguments, *arguments))))
    return "\n".join(lines)


def _quoted(word: str) -> str:
    """A word for the shell, in which only `DIRECTORY` is replaced."""
    before, found, after = word.partition(DIRECTORY)
    quoted = shlex.quote(before) if before or not found else ""
    return f'{quoted}"{DIRECTORY}"{_quoted(after) if after else ""}' if found else quoted


def _smaller(window: int) -> str:
    """The agents that fit into a window."""
    names = [
        f"{name}{' --small' * (not agent.fits(window))}"
        for name, agent in AGENTS.items()
        if agent.fits(window) or (agent.small and agent.small.fits(window))
    ]
    return ", ".join(names) or "none fits"


def _own_url(settings: Settings) -> str:
    return settings.listen.url(settings.listen.port)


def _run(agent: Agent, start: Start, directory: Path, arguments: Sequence[str]) -> int:
    program = shutil.which(agent.program)
    if program is None:
        complain(f"tornado-ollama: {agent.program} is not installed: {agent.install}")
        return 1
    for name, text in start.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    environment = {name: text for name, text in os.environ.items() if name not in start.unset}
    environment |= start.environment
    return _wait(subprocess.Popen([program, *start.arguments, *arguments], env=environment))


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Waits for the child as a shell does: the keys of the terminal are the child's, and other
    signals are handed on to it. Returns its exit code; 128 and its number for a signal."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which a child would inherit
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: child.send_signal(number))
    code = child.wait()
    return code if code >= 0 else 128 - code
