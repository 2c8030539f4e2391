"""Collects what a conversation says about tools: which ones it adds, removes or refers to.

Owns blocks of the kinds `tool_addition` and `tool_removal`, and references to tools declared with
`defer_loading`. At Anthropic a change holds from its place in the conversation on; Ollama has one
list of tools for a whole request, so the last change of a tool decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..checks import Json, mapping


@dataclass(slots=True)
class ToolChanges:
    shown: set[str] = field(default_factory=set)
    """Those that were named, and need no longer be held back."""
    removed: set[str] = field(default_factory=set)
    added: list[tuple[Json, str]] = field(default_factory=list)
    """Declarations that stand in the conversation, and where."""

    def read(self, block: Json, param: str) -> bool:
        """Records a block that adds or removes a tool; returns whether `block` is one. Raises
        BadRequest."""
        kind = block.get("type")
        if kind not in ("tool_addition", "tool_removal"):
            return False
        here = f"{param}.tool"
        tool = mapping(block.get("tool"), here)
        if isinstance(tool.get("definition"), dict):
            self.added.append((tool["definition"], f"{here}.definition"))
            tool = tool["definition"]
        name = tool.get("name")
        if isinstance(name, str):
            if kind == "tool_addition":
                self.shown.add(name)
                self.removed.discard(name)
            else:
                self.removed.add(name)
        return True

    def show_referenced(self, value: object) -> None:
        """Records the tools that a tool result refers to, at any depth of its content."""
        waiting = [value]
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict):
                if isinstance(node.get("tool_name"), str):
                    self.shown.add(node["tool_name"])
                waiting += [node.get("content"), node.get("tool_references")]
