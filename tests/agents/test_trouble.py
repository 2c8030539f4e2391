"""What the agents do when something goes wrong: a full window, a slow start, a queue, errors.

Each has a tool that leaves a line behind for every run, so a tool that is run twice is found out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tornado_ollama.app import Gateway

from ..backend import Backend, Behaviour, CutMidLine, Exchange, json_reply
from ..gateway.busy import Busy
from ..waiting import until
from .runs import Agents, Done
from .scripted import TITLE, Call, Forgetful, Model, Step, called, said

pytestmark = [pytest.mark.agents, pytest.mark.gen_test(timeout=400)]

ASK = "Do what has to be done."
LAST = "All of it is done."
HOLD_S = 12.0
"""How long an agent waits each time: longer than a stream is silent."""


@dataclass(frozen=True, slots=True)
class Shell:
    """An agent with the tool by which it runs commands."""

    agent: str
    arguments: tuple[str, ...]
    tool: str | None
    """None: it has no tools."""
    argument: str = "command"
    more: Mapping[str, Any] = field(default_factory=dict)
    many: bool = False
    """The tool takes a list of commands."""

    def call(self, command: str) -> Call:
        assert self.tool is not None
        return Call(self.tool, {self.argument: [command] if self.many else command, **self.more})

    @property
    def first_steps(self) -> list[Step]:
        """What the model says first, if there are tools: a command that leaves a line behind."""
        return [self.call("echo one >> ran.txt")] if self.tool else []

    @property
    def left_behind(self) -> list[str]:
        """What `lines` finds when each tool has been run once."""
        return ["one"] if self.tool else []

    @property
    def title(self) -> str | None:
        """The reply to requests without tools, of which an agent that has none makes no others."""
        return TITLE if self.tool else None

    async def run(self, agents: Agents) -> Done:
        return await agents.run(self.agent, *self.arguments)


FREE = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
QUIET = ("--yes-always", "--no-git", "--no-check-update", "--analytics-disable")
CODEX = Shell("codex", ("exec", *FREE, ASK), "exec_command", "cmd")
CLAUDE = Shell("claude", ("-p", ASK, "--allowedTools", "Bash"), "Bash")
OPENCODE = Shell("opencode", ("run", ASK), "bash", more={"description": "Runs it"})
QWEN = Shell("qwen", ("--yolo", "-p", ASK), "run_shell_command", more={"is_background": False})
CLINE = Shell("cline", ("--auto-approve", "true", ASK), "run_commands", "commands", many=True)
CONTINUE = Shell("continue", ("-p", "--auto", ASK), "Bash")
AIDER = Shell("aider", (*QUIET, "--message", ASK), None)
SHELLS = [CODEX, CLAUDE, OPENCODE, QWEN, CLINE, CONTINUE, AIDER]
shells = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.agent)


def lines(agents: Agents) -> list[str]:
    """What the tools have left behind, a line for each run of one."""
    path = agents.work / "ran.txt"
    return path.read_text().split() if path.exists() else []


def finished(done: Done) -> bool:
    return done.status == 0 and LAST in " ".join(done.out.split())


class Once:
    """The first request gets `trouble`, those after it the other."""

    def __init__(self, trouble: Behaviour, then: Behaviour) -> None:
        self._behaviours = [trouble, then]
        self.troubles = 0

    async def __call__(self, exchange: Exchange) -> None:
        self.troubles += len(self._behaviours) > 1
        await self._behaviours[0](exchange)
        self._behaviours = self._behaviours[-1:]


@pytest.mark.parametrize(
    ("shell", "length", "lines_read", "knows"),
    [
        (CODEX, 24_000, 600, True),
        (CLAUDE, 24_000, 200, False),
        (CLAUDE, 65_536, 600, True),
        (OPENCODE, 24_000, 600, True),
        (QWEN, 40_000, 300, True),
        (CLINE, 16_384, 200, False),
        (CONTINUE, 16_384, 200, True),
    ],
    ids=lambda value: value.agent if isinstance(value, Shell) else str(value),
)
@pytest.mark.parametrize("more", [{"models": {"defaults": {"*": {"overflow": "error"}}}}], ids=[""])
async def test_a_conversation_that_does_not_fit_is_made_shorter(
    shell: Shell, length: int, lines_read: int, knows: bool, agents: Agents, backend: Backend
) -> None:
    """An agent that knows the window does so before a prompt is too long."""
    (agents.work / "long.txt").write_text("An owl saw a mole near the old mill.\n" * lines_read)
    names = ["one", "two", "three", "four", "five", "six", "seven"]
    calls = [shell.call(f"echo {name} >> ran.txt; sed s/owl/{name}/ long.txt") for name in names]
    model = Forgetful([*calls, LAST], length=length)
    model.serve(backend)
    done = await shell.run(agents)
    assert finished(done), done
    assert model.shortened, model.prompts
    assert bool(model.complaints) is not knows, model.prompts
    ran = lines(agents)  # what an agent asks besides has used up a step here and there
    assert ran[:2] == names[:2] and ran == [name for name in names if name in ran]


BUSY = json_reply({"error": "server busy, please try again"}, 503)


@shells
@pytest.mark.parametrize("trouble", [BUSY, CutMidLine()], ids=["before", "in the middle"])
async def test_an_error_of_a_moment_is_survived(
    shell: Shell, trouble: Behaviour, agents: Agents, backend: Backend
) -> None:
    second = Once(trouble, said(LAST))
    Model([*shell.first_steps, second], title=shell.title).serve(backend)
    done = await shell.run(agents)
    assert lines(agents) == shell.left_behind
    if shell is CLINE and trouble is not BUSY:  # it ends
        assert second.troubles == 1 and done.status == 1, done
    else:
        assert second.troubles == 1 and finished(done), done


@shells
async def test_what_ollama_refuses_is_reported(
    shell: Shell, agents: Agents, backend: Backend
) -> None:
    refusal = json_reply({"error": "the owl of this model has flown away"}, 400)
    Model([*shell.first_steps, refusal], title=shell.title).serve(backend)
    done = await shell.run(agents)
    assert done.status != 0 or shell is AIDER, done
    assert "flown away" in done.out + done.err, done
    assert lines(agents) == shell.left_behind


class InTheWay:
    """The reply to the first request of an agent, during which somebody else asks for a turn: the
    agent's next request has to wait for that one's end."""

    def __init__(self, app: Gateway, reply: Behaviour) -> None:
        self._app, self._reply = app, reply
        self.other: Next | None = None

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        self.other = Next(self._app)
        await self._reply(exchange)


class Next(Busy):
    """Waits for a turn and then keeps it."""

    has_turn = False

    def granted(self) -> None:
        self.has_turn = True

    def queued(self, position: int, timeout: float) -> None:
        pass


@shells
@pytest.mark.parametrize("more", [{"limits": {"max_parallel": 1}}], ids=[""])
async def test_a_turn_in_the_gateways_queue_is_waited_for(
    shell: Shell, agents: Agents, app: Gateway, backend: Backend
) -> None:
    """Before the first reply, and once more between a tool's result and what follows."""
    first = Busy(app)
    steps: list[Step] = [said(LAST)]
    way = InTheWay(app, called(shell.call("echo one >> ran.txt"))) if shell.tool else None
    model = Model([*([way] if way else []), *steps], title=shell.title).serve(backend)
    running = asyncio.create_task(shell.run(agents))
    await until(lambda: app.queue.waiting > 0, "the agent waits")
    asyncio.get_running_loop().call_later(HOLD_S, first.over)
    if way:
        await until(lambda: bool(way.other and way.other.has_turn), "the other has the turn")
        await until(lambda: app.queue.waiting > 0, "the agent waits again")
        assert way.other is not None
        asyncio.get_running_loop().call_later(HOLD_S, way.other.over)
    done = await running
    assert finished(done), done
    assert lines(agents) == shell.left_behind
    assert len(model.asked) == 1 + bool(way)


async def test_a_model_that_loads_for_a_minute_is_waited_for(
    agents: Agents, backend: Backend
) -> None:
    """All of them at once."""
    gate = asyncio.Event()
    model = Model([said(LAST, first=[gate])], title=None).serve(backend)
    asyncio.get_running_loop().call_later(60, gate.set)
    runs = await asyncio.gather(*(shell.run(agents.apart(shell.agent)) for shell in SHELLS))
    for done in runs:
        assert finished(done), done
    assert len(model.asked) >= len(SHELLS)
