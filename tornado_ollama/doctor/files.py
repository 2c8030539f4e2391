"""Checks of the modes of files that hold secrets, or that decide who gets in."""

from __future__ import annotations

from collections.abc import Iterator

from .facts import Facts, FileFacts
from .finding import Finding, ok, problem, warning

OTHERS_READ, OTHERS_WRITE = 0o004, 0o002
GROUP_READ, GROUP_WRITE = 0o040, 0o020


def check_files(facts: Facts) -> Iterator[Finding]:
    found = [finding for file in facts.files for finding in _of(file)]
    yield from found
    if facts.files and not found:
        count = len(facts.files)
        yield ok("file.mode", f"Only their owner reads secrets in {count} files and directories.")


def _of(file: FileFacts) -> Iterator[Finding]:
    mode, path = file.mode & 0o777, file.path
    advice = f"chmod {'700' if file.kind == 'state' else '600'} {path}"
    if mode & (OTHERS_WRITE | GROUP_WRITE):
        who = "every user of this machine" if mode & OTHERS_WRITE else "its group"
        text = f"{path} can be changed by {who} (mode {mode:03o}): who can do that lets himself in."
        if file.kind == "configuration":
            advice = f"chmod go-w {path}"
        yield (problem if mode & OTHERS_WRITE else warning)("file.mode", text, advice)
    elif file.kind == "configuration":
        return  # it has no secrets, anybody may read it
    elif mode & OTHERS_READ:
        yield problem(
            "file.mode",
            f"{path} holds secrets and every user of this machine can read it (mode {mode:03o}).",
            advice,
        )
    elif mode & GROUP_READ and file.kind == "secrets":
        yield warning(
            "file.mode",
            f"{path} holds secrets and its group can read it (mode {mode:03o}).",
            f"{advice}, unless the group is the gateway's own",
        )
