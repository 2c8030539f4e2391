"""Tools of every kind, the choice among them, and the names by which calls come back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.responses.past import NoPast
from tests.responses.validator import valid
from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses.head import Head
from tornado_ollama.wire.responses.request import ResponseRequest, response_request
from tornado_ollama.wire.responses.response_reply import response_reply
from tornado_ollama.wire.responses.response_stream import response_stream

PARAMETERS = {"type": "object", "properties": {"port": {"type": "string"}}}
FUNCTION = {"type": "function", "name": "tide", "parameters": PARAMETERS, "strict": True}
CUSTOM = {"type": "custom", "name": "patch", "description": "Patches."}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}
NAMESPACE = {
    "type": "namespace",
    "name": "mcp__owl",
    "description": "Owls",
    "tools": [{"type": "function", "name": "hoot"}, {"type": "custom", "name": "exec"}],
}
HOSTED = ({"type": "web_search"}, {"type": "tool_search", "execution": "client"})
HEAD = Head("resp_0123456789abcdef", 1767323045, "m", b'"echo":1')


def read(*tools: Any, **more: Any) -> ResponseRequest:
    body = {"model": "m", "input": "x", "tools": list(tools)} | more
    return response_request(body, Policy(), NoPast(), may_store=True)


def shown(request: ResponseRequest) -> list[str]:
    return [tool["function"]["name"] for tool in request.plan.tools or ()]


def items(request: ResponseRequest, *calls: tuple[str, Any]) -> list[Any]:
    """What the client gets of calls, which a stream says as a whole reply does."""
    made = [{"function": {"name": name, "arguments": given}} for name, given in calls]
    done = {"message": {"role": "assistant", "tool_calls": made}, "done": True}
    body = json.dumps(done | {"done_reason": "stop"}).encode()
    output: list[Any] = json.loads(response_reply(body, request, HEAD, 1767323046))["output"]
    machine = response_stream(request, HEAD, lambda: 1767323046, lambda response: None)
    stream = (machine.feed(body + b"\n") + machine.close()).decode()
    last = json.loads(stream.rstrip().rpartition("data: ")[2])
    assert last["response"]["output"] == output
    return output


def test_every_kind_that_is_shown() -> None:
    request = read(FUNCTION, CUSTOM, NAMESPACE)
    assert shown(request) == ["tide", "patch", "mcp__owl__hoot", "mcp__owl__exec"]
    assert request.plan.tools[0]["function"]["parameters"] == PARAMETERS
    assert request.plan.tools[1]["function"]["parameters"]["required"] == ["input"]


def test_a_grammar_is_told() -> None:
    [tool] = read(CUSTOM | {"format": GRAMMAR}).plan.tools
    assert tool["function"]["description"].startswith("Patches.")
    assert "start: WORD" in tool["function"]["description"]


def test_tools_of_openais_platform_are_left_out_and_named() -> None:
    request = read(HOSTED[0], FUNCTION, HOSTED[1])
    assert shown(request) == ["tide"]
    assert request.ignored == ("tools[0]", "tools[2]")
    echo = json.loads(b"{" + request.echo + b"}")
    assert [tool["type"] for tool in echo["tools"]] == ["web_search", "function", "tool_search"]


def test_a_credential_for_a_tool_is_not_repeated() -> None:
    tool = {"type": "mcp", "server_label": "x", "authorization": "s3cret", "headers": {"a": "b"}}
    assert b"s3cret" not in read(tool).echo and b'"b"' not in read(tool).echo


def test_calls_come_back_as_what_they_were_declared() -> None:
    request = read(FUNCTION, CUSTOM, NAMESPACE)
    output = items(
        request,
        ("tide", {"port": "Oban"}),
        ("patch", {"input": "*** Begin"}),
        ("mcp__owl__hoot", {}),
        ("mcp__owl__exec", {"input": "ls"}),
        ("unheard_of", {}),
    )
    assert [
        (
            item["type"],
            item["name"],
            item.get("namespace"),
            item.get("arguments") or item["input"],
        )
        for item in output
    ] == [
        ("function_call", "tide", None, '{"port":"Oban"}'),
        ("custom_tool_call", "patch", None, "*** Begin"),
        ("function_call", "hoot", "mcp__owl", "{}"),
        ("custom_tool_call", "exec", "mcp__owl", "ls"),
        ("function_call", "unheard_of", None, "{}"),
    ]
    assert len({item["call_id"] for item in output}) == len({item["id"] for item in output}) == 5


def test_names_that_come_to_the_same_are_told_apart() -> None:
    first = {"type": "namespace", "name": "a", "tools": [{"name": "b__c"}]}
    second = {"type": "namespace", "name": "a__b", "tools": [{"name": "c"}]}
    request = read({"name": "a__b__c"}, first, second)
    assert shown(request) == ["a__b__c", "a__b__c_2", "a__b__c_3"]
    output = items(request, *((name, {}) for name in shown(request)))
    assert [(item["name"], item.get("namespace")) for item in output] == [
        ("a__b__c", None), ("b__c", "a"), ("c", "a__b"),
    ]  # fmt: skip
    history = {"type": "function_call", "call_id": "1", "name": "c", "namespace": "a__b"}
    again = read({"name": "a__b__c"}, first, second, input=[history])
    assert (
        json.loads(again.plan.body())["messages"][0]["tool_calls"][0]["function"]["name"]
        == "a__b__c_3"
    )


def test_of_two_tools_of_one_name_the_first_is_shown() -> None:
    request = read(FUNCTION, FUNCTION | {"description": "again"})
    assert shown(request) == ["tide"] and "description" not in request.plan.tools[0]["function"]


def test_the_form_of_chat_completions_is_understood() -> None:
    nested = {"type": "function", "function": {"name": "tide", "parameters": PARAMETERS}}
    assert shown(read(nested, {"type": "custom", "custom": CUSTOM})) == ["tide", "patch"]


@pytest.mark.parametrize(
    ("choice", "sent", "forced"),
    [
        (None, "tide patch mcp__owl__hoot mcp__owl__exec", ""),
        ("auto", "tide patch mcp__owl__hoot mcp__owl__exec", ""),
        ("none", "", ""),
        ("required", "tide patch mcp__owl__hoot mcp__owl__exec", "all"),
        ({"type": "function", "name": "tide"}, "tide", "all"),
        ({"type": "function", "function": {"name": "tide"}}, "tide", "all"),
        ({"type": "function", "name": "hoot"}, "mcp__owl__hoot", "all"),
        ({"type": "function", "name": "hoot", "namespace": "mcp__owl"}, "mcp__owl__hoot", "all"),
        ({"type": "function", "name": "mcp__owl__hoot"}, "mcp__owl__hoot", "all"),
        ({"type": "custom", "name": "patch"}, "patch", "all"),
        ({"type": "web_search_preview"}, "tide patch mcp__owl__hoot mcp__owl__exec", ""),
        ({"type": "mcp", "server_label": "x"}, "tide patch mcp__owl__hoot mcp__owl__exec", ""),
        ({"type": "apply_patch"}, "tide patch mcp__owl__hoot mcp__owl__exec", ""),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"name": "tide"}]},
            "tide",
            "",
        ),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [
                {"type": "namespace", "name": "mcp__owl"}, {"type": "web_search"}]},
            "mcp__owl__hoot mcp__owl__exec",
            "all",
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [CUSTOM]}},
            "patch",
            "",
        ),
    ],
)  # fmt: skip
def test_choices(choice: Any, sent: str, forced: str) -> None:
    request = read(FUNCTION, CUSTOM, NAMESPACE, tool_choice=choice)
    assert shown(request) == sent.split()
    assert request.toolbox.forced == (set(sent.split()) if forced else set())


def test_a_call_of_tools_that_are_left_out_is_not_forced() -> None:
    request = read(*HOSTED, tool_choice="required")
    assert not request.toolbox.forced and request.plan.tools is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": {"a": 1}}, "tools"),
        ({"tools": [5]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"name": 5}]}, "tools[0].name"),
        ({"tools": [{"name": "f", "description": 5}]}, "tools[0].description"),
        ({"tools": [{"name": "f", "parameters": "x"}]}, "tools[0].parameters"),
        ({"tools": [{"type": "custom", "name": "f", "format": 5}]}, "tools[0].format"),
        (
            {"tools": [{"type": "custom", "name": "f", "format": {"type": "grammar"}}]},
            "tools[0].format.definition",
        ),
        ({"tools": [{"type": "namespace", "tools": []}]}, "tools[0].name"),
        ({"tools": [{"type": "namespace", "name": "n"}]}, "tools[0].tools"),
        ({"tools": [{"type": "namespace", "name": "n", "tools": [{}]}]}, "tools[0].tools[0].name"),
        ({"tools": [], "tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"tool_choice": 5}, "tool_choice"),
        ({"tool_choice": {"type": "function", "name": "nobody"}}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.tools"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "x", "tools": []}}, "tool_choice"),
        ({"parallel_tool_calls": "yes"}, "parallel_tool_calls"),
    ],
)
def test_what_is_wrong_is_named(body: Any, param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        response_request(
            {"model": "m", "input": "x", "tools": [FUNCTION]} | body, Policy(), NoPast(),
            may_store=True,
        )  # fmt: skip
    assert refused.value.param == param


def test_only_the_first_call_where_one_is_wanted() -> None:
    request = read(FUNCTION, parallel_tool_calls=False)
    assert len(items(request, ("tide", {}), ("tide", {}))) == 1


@pytest.mark.parametrize("tool", [FUNCTION, CUSTOM], ids=["function", "custom"])
def test_a_forced_call_is_read_out_of_the_text(tool: Any) -> None:
    request = read(tool, tool_choice="required")
    arguments = {"port": "Oban"} if tool is FUNCTION else {"input": "x"}
    text = json.dumps({"name": tool["name"], "arguments": arguments})
    lines: list[dict[str, Any]] = [{"message": {"content": part}} for part in (text[:7], text[7:])]
    lines.append({"message": {"content": ""}, "done": True, "done_reason": "stop"})
    head = Head("resp_0", 1, "m", read().echo)
    machine = response_stream(request, head, lambda: 2, lambda response: None)
    stream = machine.feed(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    [item] = valid(stream)[-1]["response"]["output"]
    assert item["name"] == tool["name"]
    whole = lines[2] | {"message": {"content": text}}
    reply = json.loads(response_reply(json.dumps(whole).encode(), request, head, 2))
    assert reply["output"] == [item]


def test_ten_thousand_tools_and_choices_are_read_in_time() -> None:
    names = [f"f{number}" for number in range(10_000)]
    tools = [{"type": "namespace", "name": name, "tools": [{"name": "t"}]} for name in names]
    allowed = [{"type": "namespace", "name": name} for name in names]
    choice = {"type": "allowed_tools", "mode": "auto", "tools": allowed}
    assert len(shown(read(*tools, tool_choice=choice))) == 10_000
