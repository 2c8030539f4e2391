"""docs/openai.md says of every field what the code decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tornado_ollama.wire.chat.options import FLAT_OPTIONS, SPELLINGS
from tornado_ollama.wire.decisions import Fields
from tornado_ollama.wire.openai import fields

TEXT = (Path(__file__).parents[2] / "docs/openai.md").read_text(encoding="utf-8")


def decisions(heading: str) -> dict[str, str]:
    """Field -> decision, of the table of fields below a heading."""
    section = TEXT.split(f"\n{heading}\n")[1].split("\n#")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        if line.startswith("| `") and cells[1] in ("honoured", "harmless", "refused"):
            for name in re.findall(r"`(\w+)`", cells[0]):
                assert name not in found
                found[name] = cells[1]
            if "the options above at the top level" in cells[0]:
                found |= dict.fromkeys(FLAT_OPTIONS | SPELLINGS.keys(), "honoured")
    return found


@pytest.mark.parametrize(
    ("heading", "table"),
    [
        ("## Chat completions", fields.CHAT),
        ("## Text completions", fields.COMPLETION),
        ("## Embeddings", fields.EMBEDDING),
    ],
)
def test_every_field_is_documented_as_it_is_decided(heading: str, table: Fields) -> None:
    decided = dict.fromkeys(table.honoured, "honoured")
    decided |= dict.fromkeys(table.harmless, "harmless")
    decided |= dict.fromkeys(table.refused, "refused")
    assert decisions(heading) == decided
