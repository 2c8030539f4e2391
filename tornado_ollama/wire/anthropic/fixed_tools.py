"""The tools that Anthropic defines and the client runs: bash, text editor and memory.

A request declares such a tool by a type with a date, and a name. Owns the descriptions and
parameters that are given to the model, since only Anthropic's models were trained on them. Source:
Anthropic's documentation of the tools.
"""

from __future__ import annotations

from ..chat.toolbox import native_tool
from ..checks import Json

_TEXT = {"type": "string"}
_LINE = {"type": "integer"}
_RANGE = {"type": "array", "items": {"type": "integer"}}

_FILE = {
    "path": _TEXT,
    "view_range": _RANGE | {"description": "first and last line, to view a part of a file"},
    "old_str": _TEXT | {"description": "text to replace, which the file holds exactly once"},
    "new_str": _TEXT | {"description": "text to put in its place"},
    "file_text": _TEXT | {"description": "content of the file to create"},
    "insert_line": _LINE | {"description": "line after which to insert, 0 for the beginning"},
    "insert_text": _TEXT | {"description": "text to insert"},
}


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _commands(names: str) -> Json:
    return {"command": {"type": "string", "enum": names.split()}}


_FIXED = {
    "bash_": (
        "bash",
        "Run a command in a shell that stays open between calls.",
        _object(
            {
                "command": _TEXT,
                "restart": {"type": "boolean", "description": "start the shell anew"},
            }
        ),
    ),
    "text_editor_": (
        "str_replace_based_edit_tool",
        "View, create and change files.",
        _object(_commands("view create str_replace insert") | _FILE, "command", "path"),
    ),
    "memory_": (
        "memory",
        "Keep files below /memories, from one conversation to the next.",
        _object(
            _commands("view create str_replace insert delete rename")
            | _FILE
            | {"old_path": _TEXT, "new_path": _TEXT},
            "command",
        ),
    ),
}
"""Beginning of the kind: usual name, description, parameters."""


def fixed_tool(kind: str, name: object, param: str) -> Json | None:
    """The tool of the type `kind`, in Ollama's form, with the given name or else its usual one.
    None for an unknown type."""
    for beginning, (usual_name, description, parameters) in _FIXED.items():
        if kind.startswith(beginning):
            called = name if isinstance(name, str) and name else usual_name
            return native_tool(called, description, parameters, param)
    return None
