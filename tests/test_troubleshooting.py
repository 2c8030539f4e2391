"""docs/troubleshooting.md quotes the messages of this program word for word."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "troubleshooting.md"

GAP = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a text of the code where a value is put in."""

OTHERS = {
    *("Address already in use", "Permission denied", "Cannot assign requested address"),
    *("Connection refused", "No module named tornado_ollama"),
    *("command not found: tornado-ollama", "model ... not found"),
    "listen.host: ... (HOST)",  # the source of a value, at the end of any message about it
}
"""Messages of the system, of other programs and of Ollama, and forms that many messages have."""


def texts_of(path: Path) -> Iterator[str]:
    """The texts in a module, with a gap for each value that is put into them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"\{[\w!:.]*\}|%[sdgr]", GAP, node.value)
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values
            )


@functools.cache
def code() -> list[str]:
    return [text for path in (ROOT / "tornado_ollama").rglob("*.py") for text in texts_of(path)]


def quoted() -> list[str]:
    """What stands in code marks in the first column of the page's tables, if it is a sentence."""
    rows = [line.split(" | ")[0] for line in PAGE.read_text(encoding="utf-8").splitlines()]
    found = [text for row in rows if row.startswith("| ") for text in re.findall(r"`([^`]+)`", row)]
    return sorted({text for text in found if " " in text or text.startswith("(")} - OTHERS)


def is_printed(message: str) -> bool:
    """Whether the code has a text with this in it; `...` stands for anything."""
    parts = [re.escape(part.strip(" ")) for part in message.split("...")]
    return any(re.search(r"[ \S]*".join(parts), text) for text in code())


@pytest.mark.parametrize("message", quoted())
def test_a_message_of_the_page_is_one_of_the_program(message: str) -> None:
    assert is_printed(message)


def test_a_message_that_nobody_prints_would_be_seen() -> None:
    assert len(quoted()) > 20
    assert not is_printed("Ollama cannot be reached: it is asleep")
