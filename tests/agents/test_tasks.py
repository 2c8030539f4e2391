"""Each agent reads a file, changes it and runs a command, by the tools that it offers a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..backend import Backend
from .runs import Agents
from .scripted import Call, Model

pytestmark = [pytest.mark.agents, pytest.mark.gen_test(timeout=300)]

BEFORE = "The owl sleeps.\n"
AFTER = "The mole sleeps.\n"
COMMAND = "cp notes.txt copy.txt && echo done-by-command"
ASK = "Change the owl in notes.txt into a mole, then copy the file."
LAST = "The owl is a mole now."

PATCH = """apply_patch <<'EOF'
*** Begin Patch
*** Update File: notes.txt
@@
-The owl sleeps.
+The mole sleeps.
*** End Patch
EOF"""


@dataclass(frozen=True, slots=True)
class Task:
    arguments: Sequence[str]
    """The agent's own; `ASK` is among them."""
    calls: Sequence[Call]
    """The tools that read, change and run; `WORK` in an argument is where the agent works."""


TASKS = {
    "codex": Task(
        ("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", ASK),
        (
            Call("exec_command", {"cmd": "cat notes.txt"}),
            Call("exec_command", {"cmd": PATCH}),
            Call("exec_command", {"cmd": COMMAND}),
        ),
    ),
    "claude": Task(
        ("-p", ASK, "--allowedTools", "Read,Edit,Bash"),
        (
            Call("Read", {"file_path": "WORK/notes.txt"}),
            Call(
                "Edit",
                {
                    "file_path": "WORK/notes.txt",
                    "old_string": "owl",
                    "new_string": "mole",
                },
            ),
            Call("Bash", {"command": COMMAND, "description": "Copies the file"}),
        ),
    ),
    "opencode": Task(
        ("run", ASK),
        (
            Call("read", {"filePath": "WORK/notes.txt"}),
            Call(
                "edit",
                {"filePath": "WORK/notes.txt", "oldString": "owl", "newString": "mole"},
            ),
            Call("bash", {"command": COMMAND, "description": "Copies the file"}),
        ),
    ),
    "qwen": Task(
        ("--yolo", "-p", ASK),
        (
            Call("read_file", {"file_path": "WORK/notes.txt"}),
            Call(
                "edit",
                {"file_path": "WORK/notes.txt", "old_string": "owl", "new_string": "mole"},
            ),
            Call("run_shell_command", {"command": COMMAND, "is_background": False}),
        ),
    ),
    "cline": Task(
        ("--auto-approve", "true", ASK),
        (
            Call("read_files", {"files": [{"path": "WORK/notes.txt"}]}),
            Call(
                "editor",
                {"path": "WORK/notes.txt", "old_text": "owl", "new_text": "mole"},
            ),
            Call("run_commands", {"commands": [COMMAND]}),
        ),
    ),
    "continue": Task(
        ("-p", "--auto", ASK),
        (
            Call("Read", {"filepath": "WORK/notes.txt"}),
            Call(
                "MultiEdit",
                {
                    "file_path": "WORK/notes.txt",
                    "edits": [{"old_string": "owl", "new_string": "mole"}],
                },
            ),
            Call("Bash", {"command": COMMAND}),
        ),
    ),
}


def placed(call: Call, work: Path) -> Call:
    """The call with the directory in which the agent works."""
    arguments = json.loads(json.dumps(call.arguments).replace("WORK", str(work)))
    return Call(call.name, arguments, call.thought)


@pytest.mark.parametrize("name", TASKS)
async def test_an_agent_reads_changes_and_runs(name: str, agents: Agents, backend: Backend) -> None:
    task = TASKS[name]
    (agents.work / "notes.txt").write_text(BEFORE)
    model = Model([*(placed(call, agents.work) for call in task.calls), LAST]).serve(backend)
    done = await agents.run(name, *task.arguments)
    assert done.status == 0, done
    assert LAST in " ".join(done.out.split()), done
    assert (agents.work / "notes.txt").read_text() == AFTER, done
    assert (agents.work / "copy.txt").read_text() == AFTER, done
    read, _, ran = model.results()
    assert "The owl sleeps." in read
    assert "done-by-command" in ran


WHOLE_FILE = f"""The owl becomes a mole.

notes.txt
```
{AFTER}```
"""
"""Of a model that it does not know aider wants whole files."""


async def test_aider_changes_by_a_text_and_runs_a_command(agents: Agents, backend: Backend) -> None:
    (agents.work / "notes.txt").write_text(BEFORE)
    model = Model([WHOLE_FILE], title=None).serve(backend)
    quiet = ("--yes-always", "--no-git", "--no-check-update", "--analytics-disable")
    test = ("--auto-test", "--test-cmd", COMMAND)
    done = await agents.run("aider", *quiet, *test, "--message", ASK, "notes.txt")
    assert done.status == 0, done
    assert "The owl becomes a mole." in done.out, done
    assert (agents.work / "notes.txt").read_text() == AFTER, done
    assert (agents.work / "copy.txt").read_text() == AFTER, done
    assert "The owl sleeps." in json.dumps(model.asked[0]["messages"])
