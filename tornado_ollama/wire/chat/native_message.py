"""The messages of a native chat, as types that are encoded in the order of their fields.

Source: Ollama 0.32.15 `api/types.go` (`Message`, `ToolCall`). A conversation has thousands of them:
one is made and encoded in half the time of a dict, and the garbage collector does not look at it.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Function(msgspec.Struct, gc=False):
    """The function that a tool call names."""

    index: int
    """Of the call among those of its message."""
    name: str
    arguments: Any
    """An object, or the JSON text of one."""


class ToolCall(msgspec.Struct, gc=False):
    id: str | msgspec.UnsetType
    """UNSET where the client gave none."""
    function: Function


class Message(msgspec.Struct, gc=False, omit_defaults=True):
    role: str
    content: str
    images: list[str] | None = None
    """In base64."""
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    """Of a tool's result: the call that it answers, and the tool."""
    tool_name: str | None = None
