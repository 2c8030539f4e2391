"""What the agents do when something goes wrong: a full window, a slow start, a queue, errors.

Each has a tool that leaves a line behind for every run, so a tool that is run twice is found out.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from ..backend import Backend, Behaviour, CutMidLine, Exchange, json_reply
from .runs import Agents, Done
from .scripted import Call, Forgetful, Model, said

pytestmark = [pytest.mark.agents, pytest.mark.gen_test(timeout=400)]

ASK = "Do what has to be done."
LAST = "All of it is done."


@dataclass(frozen=True, slots=True)
class Shell:
    """An agent with the tool by which it runs commands."""

    agent: str
    arguments: tuple[str, ...]
    tool: str
    argument: str
    more: dict[str, Any]
    knows_window: bool = True
    """It makes a conversation shorter before it hears that it is too long."""

    def call(self, command: str) -> Call:
        return Call(self.tool, {self.argument: command, **self.more})

    async def run(self, agents: Agents) -> Done:
        return await agents.run(self.agent, *self.arguments)


FREE = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
SHELLS = [
    Shell("codex", ("exec", *FREE, ASK), "exec_command", "cmd", {}),
    Shell(
        "claude", ("-p", ASK, "--allowedTools", "Bash"), "Bash", "command", {}, knows_window=False
    ),
    Shell("opencode", ("run", ASK), "bash", "command", {"description": "Runs it"}),
]
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


@shells
async def test_a_conversation_that_does_not_fit_is_made_shorter(
    shell: Shell, agents: Agents, backend: Backend
) -> None:
    (agents.work / "long.txt").write_text("An owl saw a mole near the old mill.\n" * 600)
    names = ["one", "two", "three", "four", "five", "six", "seven"]
    calls = [shell.call(f"echo {name} >> ran.txt; sed s/owl/{name}/ long.txt") for name in names]
    model = Forgetful([*calls, LAST], length=24_000)
    model.serve(backend)
    done = await shell.run(agents)
    assert finished(done), done
    assert model.shortened, model.prompts
    assert model.complaints or shell.knows_window, model.prompts
    ran = lines(agents)  # what an agent asks besides has used up a step here and there
    assert ran[:2] == names[:2] and ran == [name for name in names if name in ran]


@shells
@pytest.mark.parametrize(
    "trouble",
    [json_reply({"error": "server busy, please try again"}, 503), CutMidLine()],
    ids=["before", "in the middle"],
)
async def test_an_error_of_a_moment_is_survived(
    shell: Shell, trouble: Behaviour, agents: Agents, backend: Backend
) -> None:
    second = Once(trouble, said(LAST))
    Model([shell.call("echo one >> ran.txt"), second]).serve(backend)
    done = await shell.run(agents)
    assert second.troubles == 1
    assert finished(done), done
    assert lines(agents) == ["one"]


@shells
async def test_what_ollama_refuses_is_reported(
    shell: Shell, agents: Agents, backend: Backend
) -> None:
    refusal = json_reply({"error": "the owl of this model has flown away"}, 400)
    Model([refusal], title=None).serve(backend)
    done = await shell.run(agents)
    assert done.status != 0 or shell.agent == "opencode", done
    assert "flown away" in done.out + done.err, done


@shells
async def test_a_place_in_the_queue_is_waited_for(
    shell: Shell, agents: Agents, backend: Backend
) -> None:
    gate = asyncio.Event()
    Model([said(LAST, first=[gate])]).serve(backend)
    asyncio.get_running_loop().call_later(20, gate.set)
    done = await shell.run(agents)
    assert finished(done), done


async def test_a_model_that_loads_for_a_minute_is_waited_for(
    agents: Agents, backend: Backend
) -> None:
    gate = asyncio.Event()
    model = Model([said(LAST, first=[gate])], title=None).serve(backend)
    asyncio.get_running_loop().call_later(60, gate.set)
    runs = await asyncio.gather(*(shell.run(agents) for shell in SHELLS))
    for done in runs:
        assert finished(done), done
    assert len(model.asked) >= len(SHELLS)
