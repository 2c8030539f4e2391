"""Translates OpenAI's `tools` and `tool_choice` into a `Toolbox`.

Owns the choice of tools: `none` sends no tools, `allowed_tools` sends those allowed, `required` or
a named one is forced. The deprecated `functions` and `function_call` mean the same. Fields of a
tool that are not read here are ignored, and so are tools of kinds that do not exist here, such as a
search, because clients declare them whether they are used or not. What OpenAI puts under the name
of the kind may stand beside it, as in the Responses API and in Anthropic's.
"""

from __future__ import annotations

from typing import Any

from ...errors import BadRequest
from ..chat.toolbox import Toolbox, native_custom_tool, native_tool
from ..checks import Json, boolean, items, mapping, name, optional_text, text

_CHOICE = "tool_choice"
_KINDS = ("function", "custom")
_MODES = {"none": "none", "auto": "auto", "required": "required", "any": "required"}
"""Mistral and Anthropic say `any`; clients of the latter say all of them in an object, and `tool`
where OpenAI says `function`."""


def toolbox(body: Json) -> Toolbox:
    """Translates the tools of a chat request. Raises `BadRequest` naming the field at fault."""
    legacy = bool(body.get("functions"))
    if legacy and body.get("tools"):
        raise BadRequest("Give either 'tools' or 'functions', not both.", param="functions")
    param = "function_call" if legacy else _CHOICE
    tools: list[Json] = []
    custom: list[str] = []
    left_out: list[str] = []
    if legacy:
        tools = _functions(body["functions"])
    elif body.get("tools"):
        _read_tools(body["tools"], tools, custom, left_out)
    first_only = legacy or _first_only(body)
    mode, allowed = _choice(body.get(param), param)
    if allowed is not None:
        declared = {tool["function"]["name"] for tool in tools}
        if not allowed <= declared:
            raise BadRequest(f"'{param}' names a tool that is not declared.", param=param)
        tools = [tool for tool in tools if tool["function"]["name"] in allowed]
    if mode == "required" and not tools:
        raise BadRequest(f"'{param}' asks for a call, but there are no tools.", param=param)
    names = frozenset(tool["function"]["name"] for tool in tools)
    return Toolbox(
        tools=[] if mode == "none" else tools,
        forced=names if mode == "required" else frozenset(),
        custom=frozenset(custom),
        legacy=legacy,
        first_only=first_only,
        left_out=tuple(left_out),
    )


def _first_only(body: Json) -> bool:
    wanted = body.get("parallel_tool_calls")
    return wanted is not None and not boolean(wanted, "parallel_tool_calls")


def _read_tools(value: object, tools: list[Json], custom: list[str], left_out: list[str]) -> None:
    for index, item in enumerate(items(value, "tools")):
        param = f"tools[{index}]"
        tool = mapping(item, param)
        kind = tool.get("type") or ("function" if "function" in tool or "name" in tool else None)
        if kind not in _KINDS:
            left_out.append(param)
            continue
        here = param if _is_flat(tool, kind) else f"{param}.{kind}"
        inner = tool if here == param else tool.get(kind)
        if kind == "function" or "input_schema" in tool:
            tools.append(_function(inner, here))
        else:
            tools.append(_custom(inner, here))
            custom.append(tools[-1]["function"]["name"])


def _is_flat(tool: Json, kind: str) -> bool:
    """Whether a tool's name stands beside its kind, not in an object under it."""
    return kind not in tool and "name" in tool


def _functions(value: object) -> list[Json]:
    given = items(value, "functions")
    return [_function(item, f"functions[{index}]") for index, item in enumerate(given)]


def _function(item: object, param: str) -> Json:
    function = mapping(item, param)
    called = name(function.get("name"), f"{param}.name")
    description = _description(function, param)
    key = "input_schema" if function.get("parameters") is None else "parameters"
    return native_tool(called, description, function.get(key), f"{param}.{key}")


def _custom(item: object, param: str) -> Json:
    tool = mapping(item, param)
    called = name(tool.get("name"), f"{param}.name")
    return native_custom_tool(called, _description(tool, param), _grammar(tool, f"{param}.format"))


def _description(tool: Json, param: str) -> str | None:
    return optional_text(tool.get("description"), f"{param}.description")


def _grammar(tool: Json, param: str) -> str | None:
    """The definition of the grammar that a custom tool's input has, if it has one."""
    wanted = tool.get("format")
    if wanted is None or mapping(wanted, param).get("type") != "grammar":
        return None
    if "grammar" not in wanted and "definition" in wanted:
        return text(wanted["definition"], f"{param}.definition")
    here = f"{param}.grammar"
    return text(mapping(wanted.get("grammar"), here).get("definition"), f"{here}.definition")


def _choice(value: Any, param: str) -> tuple[str, frozenset[str] | None]:
    """Reads `tool_choice`: its mode (none, auto, required), and the names of the tools that may be
    called, None for all. Raises BadRequest for any other value."""
    if not value:
        return "auto", None
    if isinstance(value, str):
        mode = _MODES.get(value)
        if mode is not None and (mode != "required" or param == _CHOICE):
            return mode, None
        raise BadRequest(f"'{param}' must be none, auto or required.", param=param)
    if not isinstance(value, dict):
        raise BadRequest(f"'{param}' must be a string or an object.", param=param)
    if param != _CHOICE:
        return "required", frozenset({_choice_name(value, param)})
    kind = value.get("type")
    if kind in _KINDS or kind == "tool":
        return "required", frozenset({_chosen(value, kind, param)})
    if kind == "allowed_tools":
        return _allowed(value.get("allowed_tools", value), param)
    if isinstance(kind, str) and kind in _MODES:
        return _MODES[kind], None
    raise BadRequest(f"'{param}.type' must be function, custom or allowed_tools.", param=param)


def _allowed(value: object, param: str) -> tuple[str, frozenset[str]]:
    if not isinstance(value, dict) or not isinstance(value.get("tools"), list):
        raise BadRequest(f"'{param}.allowed_tools' must hold mode and tools.", param=param)
    mode = value.get("mode", "auto")
    if mode not in ("auto", "required"):
        raise BadRequest(f"'{param}.allowed_tools.mode' must be auto or required.", param=param)
    names = []
    for tool in value["tools"]:
        kind = tool.get("type") or "function" if isinstance(tool, dict) else None
        if kind is None:
            raise BadRequest(f"'{param}' may allow only tools.", param=param)
        if kind in _KINDS:  # others are left out among the tools as well
            names.append(_chosen(tool, kind, param))
    return mode, frozenset(names)


def _chosen(tool: Json, kind: str, param: str) -> str:
    return _choice_name(tool if _is_flat(tool, kind) else tool.get(kind), param)


def _choice_name(value: object, param: str) -> str:
    chosen = value.get("name") if isinstance(value, dict) else None
    if not isinstance(chosen, str) or not chosen:
        raise BadRequest(f"'{param}' must name a tool.", param=param)
    return chosen
