"""The tools of a chat in Ollama's form, and the emulation of a forced call.

Ollama has no `tool_choice`. To force a call, the reply is constrained by a JSON Schema of the call
(`format`); `forced_call.py` turns such a text back into a call. A tool that takes free text
(OpenAI's kind `custom`) becomes a function of one text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..checks import Json
from .schemas import checked_schema

CUSTOM_INPUT = "input"
"""The one argument of a function that stands for a custom tool."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools that a model may call."""

    tools: list[Json]
    """As Ollama takes them."""
    forced: frozenset[str] = frozenset()
    """The names of which one must be called; empty: the model is free."""
    custom: frozenset[str] = frozenset()
    """The names of the custom tools."""
    legacy: bool = False
    """The request spoke of functions, so the reply does."""
    first_only: bool = False
    """At most one call is wanted."""
    left_out: tuple[str, ...] = ()
    """The fields that declare tools of kinds that do not exist here."""

    def call_format(self) -> Json:
        """The JSON Schema of a forced call."""
        calls = [_call_schema(tool["function"], index) for index, tool in enumerate(self.tools)]
        schema = calls[0][0] if len(calls) == 1 else {"anyOf": [call for call, _ in calls]}
        definitions = {key: value for _, found in calls for key, value in found.items()}
        return schema | {"$defs": definitions} if definitions else schema


def native_tool(name: str, description: str | None, parameters: object, param: str) -> Json:
    """A function in Ollama's form; `param` is the path of its parameters. Raises BadRequest for
    parameters that are not a schema."""
    schema = checked_schema({} if parameters is None else parameters, param)
    if "type" not in schema:
        # Templates print the type, and a tool without parameters has an empty object of them.
        schema = {"type": "object", "properties": {}} | schema
    function: Json = {"name": name}
    if description is not None:
        function["description"] = description
    return {"type": "function", "function": function | {"parameters": schema}}


def native_custom_tool(name: str, description: str | None, grammar: str | None) -> Json:
    """A custom tool as a function in Ollama's form. Its grammar cannot be enforced, so it is put
    into the description for the model."""
    told = description
    if grammar is not None:
        told = "\n\n".join(filter(None, (description, f"The input has this grammar:\n{grammar}")))
    parameters = {
        "type": "object",
        "properties": {CUSTOM_INPUT: {"type": "string"}},
        "required": [CUSTOM_INPUT],
    }
    return native_tool(name, told, parameters, name)


def _call_schema(function: Json, index: int) -> tuple[Json, Json]:
    """The schema of a call of `function`, and the definitions it needs at the schema's root.

    References inside the parameters are relative to their own root, which they lose here: such
    parameters move as a whole into the definitions, and their references are changed with them.
    """
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
