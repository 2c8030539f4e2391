"""Translates Anthropic's `tools` and `tool_choice` into a `Toolbox`.

Owns the kinds of tools. The model is given the tools that the client runs: those it defines, and
those whose definition Anthropic has fixed (`fixed_tools.py`). Tools that run on Anthropic's servers
do not exist here and are left out, not refused, because clients declare some by default. A tool
with `defer_loading` is included once the conversation has named it.
"""

from __future__ import annotations

from ...errors import BadRequest
from ..chat.content import numbered
from ..chat.toolbox import Toolbox, native_tool
from ..checks import Json, flag, items, mapping, name, optional_text, text
from .fixed_tools import fixed_tool
from .tool_changes import ToolChanges

_CHOICE = "tool_choice"


def toolbox(body: Json, changes: ToolChanges) -> Toolbox:
    """The tools of a request; `changes`: what its conversation says about them. Raises `BadRequest`
    naming the field at fault."""
    given = list(
        numbered([] if body.get("tools") is None else items(body["tools"], "tools"), "tools")
    )
    choice = {} if body.get(_CHOICE) is None else mapping(body[_CHOICE], _CHOICE)
    mode, chosen = _choice(choice)
    tools: list[Json] = []
    left_out: list[str] = []
    declared: set[str] = set()
    for item, param in [*given, *changes.added]:
        tool = mapping(item, param)
        native = _native(tool, param)
        if native is None:
            left_out.append(param)
            continue
        called = native["function"]["name"]
        if called in declared:  # declared once more, by a change
            continue
        declared.add(called)
        held_back = tool.get("defer_loading") and called not in changes.shown
        if called == chosen or not (held_back or called in changes.removed):
            tools.append(native)
    if body.get("mcp_servers"):
        left_out.append("mcp_servers")
    if chosen is not None and chosen in declared:
        tools = [tool for tool in tools if tool["function"]["name"] == chosen]
    elif chosen is not None and not left_out:
        raise BadRequest("'tool_choice' names a tool that is not declared.", param=_CHOICE)
    elif mode == "any" and not tools and not left_out:
        raise BadRequest("'tool_choice' asks for a call, but there are no tools.", param=_CHOICE)
    forced = chosen in declared or (mode == "any" and chosen is None)
    return Toolbox(
        tools=[] if mode == "none" else tools,
        forced=frozenset(tool["function"]["name"] for tool in tools) if forced else frozenset(),
        first_only=_first_only(choice),
        left_out=tuple(left_out),
    )


def _native(tool: Json, param: str) -> Json | None:
    """The tool as Ollama takes it; None for one that does not exist here."""
    kind = tool.get("type") or "custom"
    if kind != "custom" and "input_schema" not in tool:
        return fixed_tool(text(kind, f"{param}.type"), tool.get("name"), param)
    return native_tool(
        name(tool.get("name"), f"{param}.name"),
        optional_text(tool.get("description"), f"{param}.description"),
        tool.get("input_schema"),
        f"{param}.input_schema",
    )


def _choice(choice: Json) -> tuple[str, str | None]:
    """The mode (auto, any, none), and the one tool that is chosen."""
    mode = choice.get("type") or "auto"
    if mode == "tool":
        return "any", name(choice.get("name"), f"{_CHOICE}.name")
    if mode in ("auto", "any", "none"):
        return mode, None
    raise BadRequest(f"'{_CHOICE}.type' must be auto, any, tool or none.", param=f"{_CHOICE}.type")


def _first_only(choice: Json) -> bool:
    return flag(choice.get("disable_parallel_tool_use"), f"{_CHOICE}.disable_parallel_tool_use")
