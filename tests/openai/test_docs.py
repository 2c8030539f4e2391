"""The page of each API says of every field what the code decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tornado_ollama.wire.anthropic import fields as messages_fields
from tornado_ollama.wire.chat.options import FLAT_OPTIONS, SPELLINGS
from tornado_ollama.wire.decisions import Fields
from tornado_ollama.wire.openai import fields
from tornado_ollama.wire.responses import fields as responses_fields

DOCS = Path(__file__).parents[2] / "docs"


def decisions(page: str, heading: str) -> dict[str, str]:
    """Field -> decision, of the table of fields below a heading."""
    section = (DOCS / page).read_text(encoding="utf-8").split(f"\n{heading}\n")[1].split("\n#")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        if line.startswith("| `") and cells[1] in ("honoured", "harmless", "refused"):
            for name in re.findall(r"`(\w+)`", cells[0]):
                assert name not in found
                found[name] = cells[1]
            if re.search(r"the options .*at the top level", cells[0]):
                found |= dict.fromkeys(FLAT_OPTIONS | SPELLINGS.keys(), "honoured")
    return found


@pytest.mark.parametrize(
    ("page", "heading", "table"),
    [
        ("openai.md", "## Chat completions", fields.CHAT),
        ("openai.md", "## Text completions", fields.COMPLETION),
        ("openai.md", "## Embeddings", fields.EMBEDDING),
        ("responses.md", "## The request", responses_fields.REQUEST),
        ("messages.md", "## The request", messages_fields.MESSAGE),
    ],
)
def test_every_field_is_documented_as_it_is_decided(page: str, heading: str, table: Fields) -> None:
    decided = dict.fromkeys(table.honoured, "honoured")
    decided |= dict.fromkeys(table.harmless, "harmless")
    decided |= dict.fromkeys(table.refused, "refused")
    assert decisions(page, heading) == decided
