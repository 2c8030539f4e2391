"""Translates the tools of a request, and those that its input items declare, into a `Toolbox`.

Ollama knows only functions. A `custom` tool becomes a function with one string parameter. A tool of
a `namespace` becomes a function named `<namespace>__<name>`. A table maps this name back to the
client's two names, since splitting the joined name would be ambiguous. Tools that run on OpenAI's
platform do not exist here and are left out, not refused, because clients declare some by default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...errors import BadRequest
from ..chat.toolbox import Toolbox, native_custom_tool, native_tool
from ..checks import Json, boolean, items, mapping, name, optional_text, text

_CHOICE = "tool_choice"

_OURS = ("function", "custom")
"""Kinds of tools that a model can be shown."""

_JOINT = "__"


class ToolName(NamedTuple):
    """The name of a tool as the client declared it."""

    name: str
    namespace: str | None = None

    @property
    def joined(self) -> str:
        return f"{self.namespace}{_JOINT}{self.name}" if self.namespace else self.name


@dataclass(slots=True)
class Tools:
    """The declared tools, in the order of their declaration. Of tools with the same name and
    namespace, the first one counts."""

    native: dict[str, Json] = field(default_factory=dict)
    """Name at Ollama -> the tool as Ollama takes it."""
    names: dict[str, ToolName] = field(default_factory=dict)
    """Name at Ollama -> name for the client."""
    custom: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)
    """The fields that declare tools of kinds that do not exist here."""
    _natives: dict[tuple[str, str | None], str] = field(default_factory=dict)
    _by_name: dict[str, list[str]] = field(default_factory=dict)
    _by_namespace: dict[str, list[str]] = field(default_factory=dict)

    def read(self, value: object, param: str) -> None:
        """Adds the tools of a list. Raises BadRequest naming the field that is wrong."""
        for index, item in enumerate(items(value, param)):
            here = f"{param}[{index}]"
            self._tool(mapping(item, here), here, None)

    def native_name(self, called: str, namespace: str | None) -> str:
        """The tool's name at Ollama, where the namespace, if there is one, stands before the
        name."""
        found = self._natives.get((called, namespace))
        if found:
            return found
        return ToolName(called, namespace).joined if namespace else called

    def chosen(self, tool: ToolName) -> str:
        """The name at Ollama of a tool that `tool_choice` names. A tool in a namespace may be
        chosen without the namespace where only one tool has the name."""
        if tool in self._natives or tool.namespace:
            return self.native_name(*tool)
        members = self._by_name.get(tool.name, ())
        return members[0] if len(members) == 1 else tool.name

    def members(self, namespace: str) -> list[str]:
        """The tools of a namespace, by their names at Ollama."""
        return self._by_namespace.get(namespace, [])

    def _tool(self, tool: Json, param: str, namespace: str | None) -> None:
        kind = tool.get("type") or "function"
        if kind in _OURS:
            self._declare(tool, param, namespace, custom=kind == "custom")
        elif kind == "namespace" and namespace is None:
            called = name(tool.get("name"), f"{param}.name")
            for index, item in enumerate(items(tool.get("tools"), f"{param}.tools")):
                here = f"{param}.tools[{index}]"
                self._tool(mapping(item, here), here, called)
        else:
            self.left_out.append(param)

    def _declare(self, tool: Json, param: str, namespace: str | None, *, custom: bool) -> None:
        kind = "custom" if custom else "function"
        if isinstance(tool.get(kind), dict) and "name" not in tool:
            tool, param = tool[kind], f"{param}.{kind}"  # as chat completions nest it
        told = ToolName(name(tool.get("name"), f"{param}.name"), namespace)
        if told in self._natives:
            return
        native = self._free_name(told.joined)
        self.names[native] = told
        self._natives[told] = native
        self._by_name.setdefault(told.name, []).append(native)
        self._by_namespace.setdefault(namespace or "", []).append(native)
        description = optional_text(tool.get("description"), f"{param}.description")
        if custom:
            self.custom.add(native)
            grammar = _grammar(tool, f"{param}.format")
            self.native[native] = native_custom_tool(native, description, grammar)
        else:
            parameters, here = tool.get("parameters"), f"{param}.parameters"
            self.native[native] = native_tool(native, description, parameters, here)

    def _free_name(self, wanted: str) -> str:
        """The name itself, unless a tool of another namespace comes to the same."""
        free, number = wanted, 2
        while free in self.names:
            free, number = f"{wanted}_{number}", number + 1
        return free


def toolbox(body: Json, declared: Tools) -> Toolbox:
    """The tools that the model may or must call. Raises BadRequest naming the field that is
    wrong."""
    mode, allowed = _choice(body.get(_CHOICE), declared)
    tools = declared.native
    if allowed is not None:
        if missing := allowed - tools.keys():
            raise BadRequest(
                f"'{_CHOICE}' names a tool that is not declared: {min(missing)[:100]}.",
                param=_CHOICE,
            )
        tools = {native: tool for native, tool in tools.items() if native in allowed}
    if mode == "required" and not tools:
        if not declared.left_out:
            raise BadRequest(f"'{_CHOICE}' asks for a call, but there are no tools.", param=_CHOICE)
        mode = "auto"
    return Toolbox(
        tools=[] if mode == "none" else list(tools.values()),
        forced=frozenset(tools) if mode == "required" else frozenset(),
        custom=frozenset(declared.custom),
        first_only=not parallel(body),
        left_out=tuple(declared.left_out),
    )


def parallel(body: Json) -> bool:
    """The value of `parallel_tool_calls`; True where it is absent. Raises BadRequest."""
    wanted = body.get("parallel_tool_calls")
    return wanted is None or boolean(wanted, "parallel_tool_calls")


def _choice(value: Any, declared: Tools) -> tuple[str, frozenset[str] | None]:
    """The mode (none, auto, required), and the names at Ollama that are left to choose from; None:
    all. What names a tool that OpenAI's platform runs leaves it to the model."""
    if value is None or value == "":
        return "auto", None
    if isinstance(value, str):
        if value in ("none", "auto", "required"):
            return value, None
        raise BadRequest(f"'{_CHOICE}' must be none, auto or required.", param=_CHOICE)
    if not isinstance(value, dict):
        raise BadRequest(f"'{_CHOICE}' must be a string or an object.", param=_CHOICE)
    kind = value.get("type")
    if kind in _OURS:
        return "required", frozenset({_chosen(value, declared)})
    if kind != "allowed_tools":
        return "auto", None
    inner = value.get(kind)
    return _allowed(inner if isinstance(inner, dict) else value, declared)


def _allowed(choice: Json, declared: Tools) -> tuple[str, frozenset[str]]:
    mode = choice.get("mode") or "auto"
    if mode not in ("auto", "required"):
        raise BadRequest(f"'{_CHOICE}.mode' must be auto or required.", param=_CHOICE)
    names: list[str] = []
    for index, item in enumerate(items(choice.get("tools"), f"{_CHOICE}.tools")):
        tool = mapping(item, f"{_CHOICE}.tools[{index}]")
        kind = tool.get("type") or "function"
        if kind in _OURS:
            names.append(_chosen(tool, declared))
        elif kind == "namespace":
            names += declared.members(name(tool.get("name"), f"{_CHOICE}.tools[{index}].name"))
    return mode, frozenset(names)


def _chosen(choice: Json, declared: Tools) -> str:
    inner = choice.get(choice.get("type") or "function")
    source = inner if isinstance(inner, dict) else choice
    told = name(source.get("name"), f"{_CHOICE}.name")
    namespace = optional_text(source.get("namespace"), f"{_CHOICE}.namespace")
    return declared.chosen(ToolName(told, namespace))


def _grammar(tool: Json, param: str) -> str | None:
    """The definition of the grammar that a custom tool's input has, if it has one."""
    wanted = tool.get("format")
    if wanted is None or mapping(wanted, param).get("type") != "grammar":
        return None
    nested = wanted.get("grammar")
    if isinstance(nested, dict):
        wanted, param = nested, f"{param}.grammar"
    return text(wanted.get("definition"), f"{param}.definition")
