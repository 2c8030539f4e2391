from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.chat.forced_call import forced_call
from tornado_ollama.wire.chat.toolbox import Toolbox
from tornado_ollama.wire.openai.tools import toolbox

PARAMETERS = {"type": "object", "properties": {"port": {"type": "string"}}, "required": ["port"]}


def tool(name: str, **function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": PARAMETERS} | function}


def custom(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "custom", "custom": {"name": name} | more}


def box(choice: Any = None, *, names: str = "tide wind", **body: Any) -> Toolbox:
    tools = [tool(name) for name in names.split()]
    return toolbox({"tools": tools, "tool_choice": choice} | body)


def named(name: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def allowed(mode: Any, *names: str) -> dict[str, Any]:
    tools = [named(name) for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


@pytest.mark.parametrize(
    ("choice", "sent", "forced"),
    [
        (None, ["tide", "wind"], set()),
        ("auto", ["tide", "wind"], set()),
        ("none", [], set()),
        ("required", ["tide", "wind"], {"tide", "wind"}),
        (named("wind"), ["wind"], {"wind"}),
        (allowed("auto", "wind"), ["wind"], set()),
        (allowed("required", "wind", "tide"), ["tide", "wind"], {"tide", "wind"}),
    ],
)
def test_the_choice_of_tools(choice: Any, sent: list[str], forced: set[str]) -> None:
    chosen = box(choice)
    assert [item["function"]["name"] for item in chosen.tools] == sent
    assert chosen.forced == forced


def test_strict_is_dropped_and_the_rest_kept() -> None:
    [sent] = toolbox({"tools": [tool("f", description="d", strict=True)]}).tools
    assert sent == {
        "type": "function",
        "function": {"name": "f", "description": "d", "parameters": PARAMETERS},
    }


@pytest.mark.parametrize("parameters", [None, {}])
def test_a_tool_without_parameters_takes_an_empty_object(parameters: Any) -> None:
    [sent] = toolbox({"tools": [tool("f", parameters=parameters)]}).tools
    assert sent["function"]["parameters"] == {"type": "object", "properties": {}}


def test_one_forced_tool_is_held_to_its_own_schema() -> None:
    assert box(named("wind")).call_format() == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": ["wind"]},
            "arguments": PARAMETERS | {"additionalProperties": False},
        },
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def test_parameters_that_are_open_stay_open() -> None:
    parameters = {"type": "object", "additionalProperties": {"type": "string"}}
    forced = toolbox({"tools": [tool("f", parameters=parameters)], "tool_choice": "required"})
    assert forced.call_format()["properties"]["arguments"] == parameters


def test_several_forced_tools_are_alternatives() -> None:
    schema = box("required").call_format()
    names = [call["properties"]["name"]["enum"] for call in schema["anyOf"]]
    assert names == [["tide"], ["wind"]]


def test_references_of_parameters_still_lead_somewhere() -> None:
    parameters = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}, "me": {"$ref": "#"}},
        "$defs": {"A": {"type": "string"}},
    }
    forced = toolbox({"tools": [tool("f", parameters=parameters)], "tool_choice": "required"})
    schema = forced.call_format()

    def follow(reference: str) -> Any:
        node: Any = schema
        for key in reference.removeprefix("#/").split("/"):
            node = node[key]
        return node

    moved = follow(schema["properties"]["arguments"]["$ref"])
    assert follow(moved["properties"]["a"]["$ref"]) == {"type": "string"}
    assert follow(moved["properties"]["me"]["$ref"]) == moved


@pytest.mark.parametrize(
    ("body", "forced", "sent"),
    [
        ({"function_call": "auto"}, frozenset(), 2),
        ({"function_call": "none"}, frozenset(), 0),
        ({"function_call": {"name": "g"}}, frozenset("g"), 1),
        ({}, frozenset(), 2),
    ],
)
def test_functions_are_tools_in_older_words(
    body: dict[str, Any], forced: frozenset[str], sent: int
) -> None:
    functions = [{"name": "f", "parameters": PARAMETERS}, {"name": "g"}]
    chosen = toolbox({"functions": functions} | body)
    assert (chosen.legacy, chosen.forced, len(chosen.tools)) == (True, forced, sent)


def test_one_call_at_most_where_parallel_calls_are_off() -> None:
    assert box(parallel_tool_calls=False).first_only
    assert not box(parallel_tool_calls=True).first_only


def test_what_nobody_reads_in_a_tool_is_ignored() -> None:
    plain = toolbox({"tools": [tool("f")]})
    assert toolbox({"tools": [tool("f", colour=1) | {"copilot_mcp_server_name": "x"}]}) == plain
    assert toolbox({"tools": [tool("f", strict=True) | {"type": ""}]}) == plain


@pytest.mark.parametrize("kind", ["web_search", "image_generation", "mcp", "namespace"])
def test_tools_of_kinds_that_do_not_exist_here_are_left_out_and_named(kind: str) -> None:
    left = toolbox({"tools": [tool("f"), {"type": kind, "function": {"name": "g"}}]})
    assert [item["function"]["name"] for item in left.tools] == ["f"]
    assert left.left_out == ("tools[1]",)


def test_a_tool_that_is_left_out_may_be_among_the_allowed_ones() -> None:
    choice = allowed("auto", "tide")
    choice["allowed_tools"]["tools"].append({"type": "web_search"})
    assert [item["function"]["name"] for item in box(choice).tools] == ["tide"]


class TestCustomTools:
    GRAMMAR = {"type": "grammar", "grammar": {"syntax": "lark", "definition": 'start: "x"'}}

    def test_one_is_a_function_of_one_text_whose_grammar_is_told(self) -> None:
        found = toolbox({"tools": [custom("patch", description="Edits.", format=self.GRAMMAR)]})
        assert found.custom == {"patch"}
        [function] = [item["function"] for item in found.tools]
        assert function["parameters"]["properties"] == {"input": {"type": "string"}}
        assert function["description"].startswith("Edits.\n\n")
        assert 'start: "x"' in function["description"]

    @pytest.mark.parametrize("format", [None, {"type": "text"}, []])
    def test_one_without_a_grammar_has_its_own_description_or_none(self, format: Any) -> None:
        [item] = toolbox({"tools": [custom("say", format=format)]}).tools
        assert "description" not in item["function"]

    def test_one_can_be_forced_and_allowed(self) -> None:
        tools = [tool("f"), custom("say")]
        assert toolbox({"tools": tools, "tool_choice": custom("say")}).forced == {"say"}
        choice = {"type": "allowed_tools",
                  "allowed_tools": {"mode": "required", "tools": [custom("say")]}}  # fmt: skip
        assert toolbox({"tools": tools, "tool_choice": choice}).forced == {"say"}


@pytest.mark.parametrize(
    ("choice", "sent", "forced"),
    [
        ("any", 2, 2),
        ({"type": "any"}, 2, 2),
        ({"type": "required"}, 2, 2),
        ({"type": "auto"}, 2, 0),
        ({"type": "none"}, 0, 0),
        ({}, 2, 0),
        ([], 2, 0),
    ],
)
def test_choices_in_other_dialects_words(choice: Any, sent: int, forced: int) -> None:
    found = box(choice)
    assert (len(found.tools), len(found.forced)) == (sent, forced)


@pytest.mark.parametrize("choice", [None, "none", "auto", ""])
def test_a_choice_without_tools_is_no_choice(choice: Any) -> None:
    assert toolbox({"tool_choice": choice}).tools == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": {"f": 1}}, "tools"),
        ({"tools": [3]}, "tools[0]"),
        ({"tools": [{"type": "custom"}]}, "tools[0].custom"),
        ({"tools": [custom("")]}, "tools[0].custom.name"),
        ({"tools": [custom("f", format={"type": "grammar"})]}, "tools[0].custom.format.grammar"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [tool("")]}, "tools[0].function.name"),
        ({"tools": [tool("f", description=3)]}, "tools[0].function.description"),
        ({"tools": [tool("f", parameters=[1])]}, "tools[0].function.parameters"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": "always"}, "tool_choice"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"functions": [{"name": "g"}], "function_call": "any"}, "function_call"),
        ({"tools": [tool("f")], "tool_choice": 3}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": {"type": "custom"}}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": named("g")}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": named(3)}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": allowed("auto", "g")}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": allowed("never", "f")}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": allowed(["auto"], "f")}, "tool_choice"),
        ({"tools": [tool("f")], "tool_choice": allowed("required")}, "tool_choice"),
        ({"tools": [tool("f")], "functions": [{"name": "g"}]}, "functions"),
        ({"functions": [{"name": "g"}], "function_call": "required"}, "function_call"),
        ({"functions": [{"name": "g"}], "function_call": {"name": "h"}}, "function_call"),
        ({"functions": [{}]}, "functions[0].name"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        toolbox(body)
    assert refusal.value.param == param


class TestForcedCall:
    NAMES = frozenset({"f", "g"})

    def test_the_text_of_a_call_is_a_call(self) -> None:
        call = forced_call('{"name": "g", "arguments": {"a": [1]}}\n', self.NAMES)
        assert call is not None and call.function.name == "g"
        assert msgspec.json.decode(call.function.arguments) == {"a": [1]}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "I would rather not.",
            '{"name": "g", "arguments": {"a": [1',
            '{"name": "h", "arguments": {}}',
            '{"name": "g"}',
            '{"name": "g", "arguments": []}',
            '{"name": 3, "arguments": {}}',
            '["g"]',
            "[" * 5000,
        ],
    )
    def test_anything_else_is_text(self, text: str) -> None:
        assert forced_call(text, self.NAMES) is None


@pytest.mark.parametrize(
    "flat",
    [
        {"type": "function", "name": "f", "parameters": PARAMETERS},
        {"name": "f", "input_schema": PARAMETERS},
        {"type": "custom", "name": "f", "input_schema": PARAMETERS},
        {"function": {"name": "f", "parameters": PARAMETERS}},
    ],
)
@pytest.mark.parametrize("choice", [{"type": "function", "name": "f"},
                                    {"type": "tool", "name": "f"}, named("f")])  # fmt: skip
def test_a_tool_in_another_apis_form_is_the_same_tool(flat: Any, choice: Any) -> None:
    chosen = toolbox({"tools": [flat], "tool_choice": choice})
    assert chosen.tools == toolbox({"tools": [tool("f")]}).tools
    assert chosen.forced == {"f"} and not chosen.custom


def test_a_custom_tool_in_the_form_of_responses_is_the_same_tool() -> None:
    grammar = {"syntax": "lark", "definition": "start: WORD"}
    flat = {"type": "custom", "name": "f", "format": {"type": "grammar"} | grammar}
    nested = custom("f", format={"type": "grammar", "grammar": grammar})
    assert toolbox({"tools": [flat]}) == toolbox({"tools": [nested]})


def test_allowed_tools_in_the_form_of_responses_are_taken() -> None:
    allow = {"mode": "required", "tools": [{"type": "function", "name": "wind"}]}
    assert box({"type": "allowed_tools"} | allow).forced == {"wind"}


@pytest.mark.parametrize("other", [{"googleSearch": {}}, {}, {"type": ["x"], "name": "f"}])
def test_a_tool_that_names_no_kind_is_left_out(other: Any) -> None:
    chosen = toolbox({"tools": [tool("f"), other]})
    assert len(chosen.tools) == 1 and chosen.left_out == ("tools[1]",)
