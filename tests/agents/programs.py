"""Where the programs of the agents are, which `tools/agents.py` brings."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
AGENTS = ROOT / ".agents"
SEARCH_PATH = (
    AGENTS / "node" / "bin",
    AGENTS / "node_modules" / ".bin",
    AGENTS / "aider" / "bin",
)
"""Directories of programs: a recent Node.js, then the agents."""
