"""Tools a model may call: OpenAI's `tools` and `tool_choice`, into Ollama's `tools`.

Owns the choice of tools and the emulation of a forced call. Ollama has no `tool_choice`: `none`
sends no tools, `allowed_tools` sends those allowed, and `required` or a named function hold the
reply to a JSON Schema of the call (`format`), whose text `calls.py` turns back into a call. The
deprecated `functions` and `function_call` are the same in older words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import BadRequest
from ..checks import Json, boolean, items, mapping, name, shallow, text
from . import fields

_CHOICE = "tool_choice"


@dataclass(frozen=True, slots=True)
class Toolbox:
    """`tools`: as Ollama takes them. `forced`: the names of which one must be called, empty when
    the model is free. `legacy`: the request spoke of functions, so the reply does. `first_only`:
    at most one call is wanted."""

    tools: list[Json]
    forced: frozenset[str] = frozenset()
    legacy: bool = False
    first_only: bool = False

    def call_format(self) -> Json:
        """The JSON Schema that a forced call is held to."""
        calls = [_call_schema(tool["function"], index) for index, tool in enumerate(self.tools)]
        schema = calls[0][0] if len(calls) == 1 else {"anyOf": [call for call, _ in calls]}
        definitions = {key: value for _, found in calls for key, value in found.items()}
        return schema | {"$defs": definitions} if definitions else schema


def toolbox(body: Json) -> Toolbox:
    """The tools of a chat request; raises `BadRequest` naming the field at fault."""
    legacy = body.get("functions") is not None
    if legacy and body.get("tools"):
        raise BadRequest("Give either 'tools' or 'functions', not both.", param="functions")
    param = "function_call" if legacy else _CHOICE
    tools = _functions(body["functions"]) if legacy else _tools(body.get("tools"))
    first_only = legacy or _first_only(body)
    mode, allowed = _choice(body.get(param), param)
    if allowed is not None:
        declared = {tool["function"]["name"] for tool in tools}
        if not allowed <= declared:
            raise BadRequest(f"'{param}' names a tool that is not declared.", param=param)
        tools = [tool for tool in tools if tool["function"]["name"] in allowed]
    if mode == "none":
        return Toolbox([], legacy=legacy)
    if mode == "auto":
        return Toolbox(tools, legacy=legacy, first_only=first_only)
    if not tools:
        raise BadRequest(f"'{param}' asks for a call, but there are no tools.", param=param)
    names = frozenset(tool["function"]["name"] for tool in tools)
    return Toolbox(tools, names, legacy, first_only)


def _first_only(body: Json) -> bool:
    wanted = body.get("parallel_tool_calls")
    return wanted is not None and not boolean(wanted, "parallel_tool_calls")


def _tools(value: object) -> list[Json]:
    if value is None:
        return []
    tools = []
    for index, item in enumerate(items(value, "tools")):
        param = f"tools[{index}]"
        tool = mapping(item, param)
        if tool.get("type", "function") != "function":
            raise BadRequest(
                f"'{param}.type' must be function: Ollama knows no other tools.",
                param=f"{param}.type",
            )
        fields.TOOL.check(tool, param)
        tools.append(_tool(tool.get("function"), f"{param}.function"))
    return tools


def _functions(value: object) -> list[Json]:
    given = items(value, "functions")
    return [_tool(item, f"functions[{index}]") for index, item in enumerate(given)]


def _tool(item: object, param: str) -> Json:
    function = mapping(item, param)
    fields.FUNCTION.check(function, param)
    native: Json = {"name": name(function.get("name"), f"{param}.name")}
    if function.get("description") is not None:
        native["description"] = text(function["description"], f"{param}.description")
    given = function.get("parameters")
    parameters = mapping({} if given is None else given, f"{param}.parameters")
    shallow(parameters, f"{param}.parameters")
    if "type" not in parameters:
        # Templates print the type, and a tool without parameters has an empty object of them.
        parameters = {"type": "object", "properties": {}} | parameters
    return {"type": "function", "function": native | {"parameters": parameters}}


def _choice(value: Any, param: str) -> tuple[str, frozenset[str] | None]:
    """The mode (none, auto, required) and the names that are left to choose from, None for all."""
    if value is None:
        return "auto", None
    if isinstance(value, str):
        if value in ("none", "auto") or (value == "required" and param == _CHOICE):
            return value, None
        raise BadRequest(f"'{param}' must be none, auto or required.", param=param)
    if not isinstance(value, dict):
        raise BadRequest(f"'{param}' must be a string or an object.", param=param)
    if param != _CHOICE:
        return "required", frozenset({_choice_name(value, param)})
    match value.get("type"):
        case "function":
            fields.NAMED_CHOICE.check(value, param)
            return "required", frozenset({_choice_name(value.get("function"), param)})
        case "allowed_tools":
            fields.ALLOWED_CHOICE.check(value, param)
            return _allowed(value.get("allowed_tools"), param)
    raise BadRequest(f"'{param}.type' must be function or allowed_tools.", param=param)


def _allowed(value: object, param: str) -> tuple[str, frozenset[str]]:
    if not isinstance(value, dict) or not isinstance(value.get("tools"), list):
        raise BadRequest(f"'{param}.allowed_tools' must hold mode and tools.", param=param)
    fields.ALLOWED_TOOLS.check(value, f"{param}.allowed_tools")
    mode = value.get("mode", "auto")
    if mode not in ("auto", "required"):
        raise BadRequest(f"'{param}.allowed_tools.mode' must be auto or required.", param=param)
    names = []
    for tool in value["tools"]:
        if not isinstance(tool, dict) or tool.get("type", "function") != "function":
            raise BadRequest(f"'{param}' may allow only functions.", param=param)
        names.append(_choice_name(tool.get("function"), param))
    return mode, frozenset(names)


def _choice_name(value: object, param: str) -> str:
    chosen = value.get("name") if isinstance(value, dict) else None
    if not isinstance(chosen, str) or not chosen:
        raise BadRequest(f"'{param}' must name a function.", param=param)
    return chosen


def _call_schema(function: Json, index: int) -> tuple[Json, Json]:
    """The schema of a call of `function`, and definitions it needs at the schema's root.

    References inside the parameters count from their own root, which they no longer are: such
    parameters move as a whole into the definitions, and their references with them."""
    # Unclosed objects let llama.cpp's grammar add properties without end.
    closed = {"additionalProperties": False}
    parameters = closed | function["parameters"]
    definitions = {}
    if _has_references(parameters):
        key = f"call{index}"
        definitions[key] = _moved(parameters, f"#/$defs/{key}")
        parameters = {"$ref": f"#/$defs/{key}"}
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": [function["name"]]},
            "arguments": parameters,
        },
        "required": ["name", "arguments"],
        **closed,
    }
    return schema, definitions


def _has_references(node: Any) -> bool:
    if isinstance(node, dict):
        return isinstance(node.get("$ref"), str) or any(map(_has_references, node.values()))
    return isinstance(node, list) and any(map(_has_references, node))


def _moved(node: Any, root: str) -> Any:
    if isinstance(node, list):
        return [_moved(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    moved = {key: _moved(value, root) for key, value in node.items()}
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        moved["$ref"] = root + reference[1:]
    return moved
