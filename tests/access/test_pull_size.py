"""`access.pull_size`: how large a pulled model is, by Ollama's progress."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tornado_ollama.access.pull_size import PullSize
from tornado_ollama.errors import Forbidden, UpstreamBroken


def layer(name: str, total: int, completed: int = 0, status: str = "pulling") -> dict[str, Any]:
    return {"status": f"{status} {name}", "digest": f"sha256:{name}", "total": total,
            "completed": completed}  # fmt: skip


def lines(*told: Any) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in told)


@pytest.mark.parametrize(
    "told",
    [
        [layer("a", 60), layer("a", 60, 60), layer("b", 41)],
        [layer("a", 101)],
        [{"status": "pulling a", "digest": "a", "completed": 101}],
        [layer("a", 1), layer("a", 101)],  # it grows while it is fetched
        [*(layer(str(n), 1) for n in range(101))],
    ],
)
def test_a_model_that_is_too_large_is_refused(told: list[Any]) -> None:
    with pytest.raises(Forbidden, match=r"at least 101 bytes.*manage\.max_pull_bytes"):
        PullSize(100).feed(lines(*told))
    size = PullSize(100)
    with pytest.raises(Forbidden):
        for byte in lines(*told):
            size.feed(bytes((byte,)))


@pytest.mark.parametrize(
    "told",
    [
        [layer("a", 60), layer("a", 60, 30), layer("b", 40), layer("b", 40, 40)],
        [layer("a", 1000, status="quantizing")],
        [{"status": "pulling manifest"}, {"error": "no"}, {"status": "success", "total": 1000}],
        [{"status": "pulling a", "digest": "a", "total": -1000}, layer("b", 100)],
        [{"status": "pulling a", "digest": "a", "total": "many"}, 5, [], None],
    ],
)
def test_what_is_not_too_large_passes(told: list[Any]) -> None:
    PullSize(100).feed(lines(*told) + b"no json\n\xff\n")


def test_a_line_without_end_is_no_progress() -> None:
    with pytest.raises(UpstreamBroken):
        PullSize(100).feed(b"x" * 70_000)
