"""Every command of the documentation is run, or says why not; and what is not run is looked at.

`tests/test_docs.py` has the marks above code blocks. Of a block that is not run this holds: the
shell could read it, its `make` targets are there, and `tornado-ollama` takes its arguments.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import takewhile

import pytest
import yaml

from tornado_ollama import cli

from .test_docs import BLOCKS, ROOT, Block

SHELLS = {"bash", "sh", "shell", "console", "powershell"}
SHELL_BLOCKS = [block for block in BLOCKS if block.language in SHELLS]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
OURS = re.compile(r"^(?:(?:sudo )?(?:\S*/)?|docker run .*)tornado-ollama (.+)$")
"""A line that calls the program, by whatever path, or in a container of that name."""


ENDS = {"&&", "||", "|", ";", ">", "<", "&"}
"""What ends the arguments of a command."""


def name(block: Block) -> str:
    return f"{block.document}:{block.line}"


def lines(block: Block) -> Iterator[str]:
    yield from block.text.replace("\\\n", " ").splitlines()


def our_commands() -> Iterator[tuple[str, list[str]]]:
    for block in SHELL_BLOCKS:
        for line in lines(block):
            found = OURS.match(line)
            if found is not None:
                words = shlex.split(found[1], comments=True)
                yield name(block), list(takewhile(lambda word: word not in ENDS, words))


OUR_COMMANDS = [(where, words) for where, words in our_commands() if words]


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=name)
def test_a_command_is_run_or_says_why_not(block: Block) -> None:
    kind, _, reason = block.comment.partition(": ")
    assert kind in ("run", "file") or (kind == "not run" and len(reason.split()) >= 3)


@pytest.mark.parametrize(
    "block", [block for block in SHELL_BLOCKS if block.language in ("bash", "sh")], ids=name
)
def test_the_shell_can_read_it(block: Block) -> None:
    text = re.sub(r"<[a-z ]+>", "PLACEHOLDER", block.text)
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_make_targets_are_there() -> None:
    named = {
        (target, name(block))
        for block in SHELL_BLOCKS
        for line in lines(block)
        for call in re.findall(r"(?:^|&& )make ([a-z][^#&]*)", line)
        for target in shlex.split(call)
        if "=" not in target
    }
    assert len(named) > 10
    assert not {where for where in named if where[0] not in TARGETS}


@pytest.mark.parametrize(
    "words", [words for _, words in OUR_COMMANDS], ids=[where for where, _ in OUR_COMMANDS]
)
def test_the_program_takes_its_arguments(words: list[str]) -> None:
    if "--version" not in words:
        cli._parser().parse_args(words)  # it would exit


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "yaml"], ids=name)
def test_what_is_shown_as_yaml_is_yaml(block: Block) -> None:
    assert yaml.safe_load(block.text) is not None
