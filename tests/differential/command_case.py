"""A command as a case."""

from __future__ import annotations

from typing import Any

from ..backend import Behaviour
from .facts import Facts
from .lanes import Case
from .side import Side


def case(
    name: str, *argv: str, script: Behaviour | None = None, then: tuple[str, ...] = (), **more: Any
) -> Case:
    async def run(side: Side, case_id: str) -> Facts:
        facts = side.begin(case_id, *([script] if script else []))
        await side.commands.run(side, facts, *argv, **more)
        if then:
            await side.commands.run(side, facts, *then, **more)
        return facts

    return Case(name[:100], run)
