"""Modules that take long to import. Each process of a run collects all tests and runs some of them,
so what few tests use is imported when they use it:

    if TYPE_CHECKING:
        import openai
    else:
        openai = later("openai")
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module, which is imported when something of it is first asked for. What begins
    with an underscore is none of it: pytest asks everything in a module whether it is a fixture."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        return getattr(import_module(self._name), attribute)


def later(name: str) -> Any:
    return Later(name)
