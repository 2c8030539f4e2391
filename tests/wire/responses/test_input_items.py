"""Items of a conversation become Ollama's messages, each turn one message, in their order."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.responses.past import NoPast
from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.chat.sealed_thoughts import sealed
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses.request import ResponseRequest, response_request

IMAGE = "data:image/png;base64,iVBORw0KGgpmYWtlLW93bA=="
BASE64 = IMAGE.partition(",")[2]
USER = {"role": "user", "content": "x"}


def read(*items: Any, **more: Any) -> ResponseRequest:
    body = {"model": "m", "input": list(items)} | more
    return response_request(body, Policy(), NoPast(), may_store=True)


def native(*items: Any, **more: Any) -> list[Any]:
    messages: list[Any] = json.loads(read(*items, **more).plan.body())["messages"]
    return messages


def refusal(*items: Any, **more: Any) -> BadRequest:
    with pytest.raises(BadRequest) as refused:
        read(*items, **more)
    return refused.value


def called(name: Any = "f", call_id: Any = "c1", **more: Any) -> dict[str, Any]:
    call = {"type": "function_call", "call_id": call_id, "name": name, "arguments": '{"a":1}'}
    return call | more


def answered(output: Any = "42", call_id: str = "c1", **more: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": output} | more


def thought(text: str = "hm", **more: Any) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": text}]
    return {"type": "reasoning", "id": "rs_1", "summary": summary} | more


def said(text: str, **more: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [part]} | more  # fmt: skip


CALL = {"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}


def plain(messages: list[Any]) -> list[Any]:
    """With arguments as objects, so that they can be compared."""
    decoded: list[Any] = msgspec.json.decode(msgspec.json.encode(messages))
    return decoded


def test_a_text_is_the_users() -> None:
    request = response_request({"model": "m", "input": "hi"}, Policy(), NoPast(), may_store=True)
    assert json.loads(request.plan.body())["messages"] == [{"role": "user", "content": "hi"}]
    assert request.input == b'[{"type":"message","role":"user","content":"hi"}]'


@pytest.mark.parametrize(
    ("role", "expected"),
    [("user", "user"), ("system", "system"), ("developer", "system"), ("assistant", "assistant")],
)
@pytest.mark.parametrize("typed", [True, False])
def test_every_role_with_and_without_a_type(role: str, expected: str, typed: bool) -> None:
    item = {"role": role, "content": "x"} | ({"type": "message"} if typed else {})
    assert native(item) == [{"role": expected, "content": "x"}]


@pytest.mark.parametrize("content", ["hurry", [{"type": "input_text", "text": "hurry"}]])
@pytest.mark.parametrize("before", [[USER], [said("a")], [called(), answered()], [thought()]])
def test_what_the_system_says_later_stays_there_as_a_note(content: Any, before: Any) -> None:
    first = {"role": "system", "content": "D"}
    later = {"role": "developer", "content": content}
    messages = native(first, first, *before, later, USER)
    note = {"role": "user", "content": "<system-reminder>\nhurry\n</system-reminder>"}
    assert messages[:2] == [first, first] and messages[-2:] == [note, USER]


def test_instructions_come_first() -> None:
    assert native(USER, instructions="Be brief.")[0] == {"role": "system", "content": "Be brief."}
    assert native(USER, instructions="") == [USER]


def test_a_turn_is_one_message() -> None:
    messages = plain(native(USER, thought(), said("Let me see."), called(), answered(), USER))
    assert messages == [
        USER,
        {"role": "assistant", "content": "Let me see.", "thinking": "hm", "tool_calls": [CALL]},
        {"role": "tool", "content": "42", "tool_call_id": "c1", "tool_name": "f"},
        USER,
    ]


def test_a_thought_and_a_call_without_a_word_are_one_too() -> None:
    messages = plain(native(USER, thought(), called(), answered(), thought("so"), said("Yes.")))
    assert messages[1] == {
        "role": "assistant", "content": "", "thinking": "hm", "tool_calls": [CALL],
    }  # fmt: skip
    assert messages[3] == {"role": "assistant", "content": "Yes.", "thinking": "so"}


def test_several_calls_are_of_one_turn() -> None:
    messages = native(called(), called("g", "c2"), answered(), answered("43", "c2"))
    assert [len(message.get("tool_calls", ())) for message in messages] == [2, 0, 0]
    assert [message.get("tool_name") for message in messages] == [None, "f", "g"]
    assert messages[0]["tool_calls"][1]["function"]["index"] == 1


def test_two_answers_in_a_row_stay_two() -> None:
    assert [message["content"] for message in native(said("a"), said("b"))] == ["a", "b"]


def test_thoughts_after_an_answer_begin_another_turn() -> None:
    messages = native(thought("1"), said("a"), thought("2"), said("b"))
    assert [(one["thinking"], one["content"]) for one in messages] == [("1", "a"), ("2", "b")]


def test_several_thoughts_of_a_turn_are_joined() -> None:
    assert native(thought("1"), thought("2"), said("a"))[0]["thinking"] == "1\n2"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (thought("s"), "s"),
        (thought("s", content=[{"type": "reasoning_text", "text": "t"}]), "t"),
        (thought("s", encrypted_content=sealed("whole"), content=[]), "whole"),
        ({"type": "reasoning", "encrypted_content": sealed("whole")}, "whole"),
        (thought("s", encrypted_content="gAAAAABforeign"), "s"),
        (thought("s", encrypted_content=None, id=None), "s"),
        (thought("s", encrypted_content="to1.!!"), "s"),
    ],
)
def test_a_thought_is_read_wherever_it_stands(item: Any, expected: str) -> None:
    assert native(item, said("a"))[0]["thinking"] == expected


@pytest.mark.parametrize(
    "item",
    [
        {"type": "reasoning"},
        {"type": "reasoning", "summary": []},
        {"type": "reasoning", "summary": "x", "content": {}},
        {"type": "reasoning", "summary": [1, {"text": 5}]},
        {"type": "reasoning", "encrypted_content": "foreign"},
    ],
)
def test_a_thought_that_says_nothing_is_none(item: Any) -> None:
    assert native(USER, item, said("a"))[1] == {"role": "assistant", "content": "a"}


def test_custom_calls_and_their_outputs() -> None:
    call = {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "*** Begin"}
    output = {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"}
    messages = native(call, output)
    assert messages[0]["tool_calls"][0]["function"]["arguments"] == {"input": "*** Begin"}
    assert messages[1]["tool_name"] == "patch"


def test_a_call_of_a_namespace_has_its_name_before_it() -> None:
    tools = [{"type": "namespace", "name": "mcp__owl", "tools": [{"name": "hoot"}]}]
    call = called("hoot", namespace="mcp__owl")
    for declared in (tools, []):
        [message, result] = native(call, answered(), tools=declared)
        assert message["tool_calls"][0]["function"]["name"] == "mcp__owl__hoot"
        assert result["tool_name"] == "mcp__owl__hoot"


def test_an_output_may_be_parts_with_images() -> None:
    parts = [{"type": "input_text", "text": "see"}, {"type": "input_image", "image_url": IMAGE}]
    message = native(called(), answered(parts))[1]
    assert (message["content"], message["images"]) == ("see", [BASE64])


def test_images_ride_along_and_an_answer_with_one_keeps_its_place() -> None:
    image = {"type": "input_image", "image_url": IMAGE, "detail": "high"}
    messages = native({"role": "user", "content": [{"type": "input_text", "text": "a"}, image]})
    assert messages == [{"role": "user", "content": "a", "images": [BASE64]}]


def test_remote_images_know_their_message() -> None:
    image = {"type": "input_image", "image_url": "https://example.org/a.png"}
    given = [thought(), said("a"), {"role": "user", "content": [image]}]
    body = {"model": "m", "input": given}
    request = response_request(body, Policy(fetch_images=True), NoPast(), may_store=True)
    [remote] = request.remote_images
    request.plan.place_image(remote, "aGk=")
    assert request.plan.messages[1].images == ["aGk="]


@pytest.mark.parametrize(
    "kind",
    """tool_search_call configuration_update compaction compaction_trigger context_compaction other
    web_search_call file_search_call computer_call computer_call_output code_interpreter_call
    image_generation_call local_shell_call local_shell_call_output shell_call shell_call_output
    apply_patch_call apply_patch_call_output mcp_list_tools mcp_approval_request
    mcp_approval_response mcp_call program program_output tomorrows_kind""".split(),
)
def test_bookkeeping_and_unknown_kinds_are_left_out(kind: str) -> None:
    assert native(USER, {"type": kind, "id": "x", "anything": [1]}, said("a")) == [
        USER, {"role": "assistant", "content": "a"},
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["additional_tools", "tool_search_output"])
def test_items_may_bring_tools(kind: str) -> None:
    tools = [{"type": "function", "name": "g"}, {"type": "web_search"}]
    item = {"type": kind, "role": "developer", "tools": tools}
    request = read(item, USER, tools=[{"type": "function", "name": "f"}])
    assert [tool["function"]["name"] for tool in request.plan.tools] == ["f", "g"]
    assert request.ignored == ("input[0].tools[1]",)


def test_an_agents_message_is_the_assistants() -> None:
    item = {"type": "agent_message", "content": [{"type": "output_text", "text": "a"}]}
    assert native(USER, item)[1] == {"role": "assistant", "content": "a"}


@pytest.mark.parametrize(
    ("items", "param"),
    [
        ([5], "input[0]"),
        ([{}], "input[0].type"),
        ([{"type": "message"}], "input[0].role"),
        ([{"type": ["message"], "role": "user"}, {"role": 5}], "input[1].role"),
        ([{"role": "owl", "content": "x"}], "input[0].role"),
        ([{"role": "user"}], "input[0].content"),
        ([{"role": "user", "content": 5}], "input[0].content"),
        ([{"role": "user", "content": [{"type": "input_text"}]}], "input[0].content[0].text"),
        ([{"role": "user", "content": [{"type": "input_file"}]}], "input[0].content[0].type"),
        (
            [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}],
            "input[0].content[0].image_url",
        ),
        ([USER, called(name=5)], "input[1].name"),
        ([USER, called(call_id=[])], "input[1].call_id"),
        ([USER, {"type": "custom_tool_call", "input": {}}], "input[1].input"),
        ([USER, called(), answered(5)], "input[2].output"),
        ([USER, {"type": "additional_tools", "tools": {"a": 1}}], "input[1].tools"),
    ],
)
def test_what_is_wrong_is_named(items: Any, param: str) -> None:
    assert refusal(*items).param == param


def test_a_part_that_is_not_known_is_named_in_the_clients_words() -> None:
    part = {"type": "input_file", "file_id": "f"}
    assert "input_text, input_image" in refusal({"role": "user", "content": [part]}).message


@pytest.mark.parametrize("nothing", [None, []])
def test_something_must_be_said(nothing: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        response_request({"model": "m", "input": nothing}, Policy(), NoPast(), may_store=True)
    assert refused.value.param == "input"


def test_a_longer_conversation_begins_with_the_shorter_one() -> None:
    """So that Ollama's cache holds."""
    items = [
        {"role": "developer", "content": "D"}, USER, thought(), said("Let me see."), called(),
        called("g", "c2"), answered(), answered("43", "c2"), thought("so"), said("Yes."),
        {"role": "developer", "content": "hurry"}, USER, called("f", "c3"), answered("1", "c3"),
    ]  # fmt: skip
    ends = [2, 8, 12, 14]  # where an assistant's turn would begin
    whole = plain(native(*items, instructions="I"))
    for end in ends:
        part = plain(native(*items[:end], instructions="I"))
        assert whole[: len(part)] == part
