"""`wire.anthropic`: requests into plans of native chats."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.anthropic.message_request import MessageRequest, message_request
from tornado_ollama.wire.chat.sealed_thoughts import sealed
from tornado_ollama.wire.policy import Policy

PNG = "iVBORw0KGgo="
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
USER = {"role": "user", "content": "x"}


def parsed(*messages: Any, policy: Policy | None = None, **more: Any) -> MessageRequest:
    body = {"model": "m", "max_tokens": 9, "messages": list(messages) or [USER]} | more
    return message_request(json.loads(json.dumps(body)), policy or Policy())


def native(*messages: Any, **more: Any) -> Any:
    return json.loads(parsed(*messages, **more).plan.body())


def told(*messages: Any, **more: Any) -> Any:
    return native(*messages, **more)["messages"]


def refused(*messages: Any, **more: Any) -> str | None:
    with pytest.raises(BadRequest) as refusal:
        parsed(*messages, **more)
    return refusal.value.param


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": said} | more


def result(content: Any = None, id: str = "c1", **more: Any) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": id} | more
    return block if content is None else block | {"content": content}


def use(name: str = "get_tide", id: str = "c1", input: Any = None) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": input or {}}


def tool(name: str = "get_tide", **more: Any) -> dict[str, Any]:
    return {"name": name, "input_schema": {"type": "object", "properties": {}}} | more


class TestTheWholeBody:
    def test_the_plainest(self) -> None:
        assert native() == {
            "model": "m",
            "messages": [{"role": "user", "content": "x"}],
            "options": {"num_predict": 9},
            "think": False,
            "truncate": False,
            "shift": False,
            "stream": False,
        }

    def test_samplers_are_taken_although_newer_types_lack_them(self) -> None:
        asked = {"temperature": 1, "top_p": 0.5, "top_k": 40, "stop_sequences": ["END", ""]}
        assert native(**asked)["options"] == {
            "num_predict": 9,
            "temperature": 1,
            "top_p": 0.5,
            "top_k": 40,
        }

    @pytest.mark.parametrize(
        ("more", "param"),
        [
            ({"model": None}, "model"),
            ({"model": ""}, "model"),
            ({"model": 7}, "model"),
            ({"max_tokens": None}, "max_tokens"),
            ({"max_tokens": 0}, "max_tokens"),
            ({"max_tokens": "9"}, "max_tokens"),
            ({"max_tokens": 1.5}, "max_tokens"),
            ({"messages": None}, "messages"),
            ({"messages": []}, "messages"),
            ({"messages": "x"}, "messages"),
            ({"messages": ["x"]}, "messages[0]"),
            ({"messages": [{"content": "x"}]}, "messages[0].role"),
            ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
            ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
            ({"messages": [{"role": "user"}]}, "messages[0].content"),
            ({"messages": [{"role": "assistant", "content": 7}]}, "messages[0].content"),
            ({"stream": "yes"}, "stream"),
            ({"system": 7}, "system"),
            ({"system": [{"type": "image"}]}, "system[0].type"),
            ({"system": [{"type": "text"}]}, "system[0].text"),
            ({"stop_sequences": 7}, "stop_sequences"),
            ({"stop_sequences": [7]}, "stop_sequences[0]"),
            ({"temperature": 3}, "temperature"),
            ({"temperature": "hot"}, "temperature"),
            ({"top_k": 1.5}, "top_k"),
            ({"thinking": "on"}, "thinking"),
            ({"thinking": {"type": 7}}, "thinking.type"),
            ({"output_config": "high"}, "output_config"),
            ({"output_config": {"effort": "huge"}}, "output_config.effort"),
            ({"output_config": {"format": {"type": "text"}}}, "output_config.format.type"),
            ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
            ({"tools": {}}, "tools"),
            ({"tools": ["x"]}, "tools[0]"),
            ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
            ({"tools": [tool(input_schema="x")]}, "tools[0].input_schema"),
            ({"tools": [tool(description=7)]}, "tools[0].description"),
            ({"tools": [tool()], "tool_choice": "any"}, "tool_choice"),
            ({"tools": [tool()], "tool_choice": {"type": "some"}}, "tool_choice.type"),
            ({"tools": [tool()], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
            ({"tools": [tool()], "tool_choice": {"type": "tool", "name": "x"}}, "tool_choice"),
            ({"tool_choice": {"type": "any"}}, "tool_choice"),
            (
                {"tool_choice": {"type": "auto", "disable_parallel_tool_use": 1}},
                "tool_choice.disable_parallel_tool_use",
            ),
            ({"temperatur": 1}, "temperatur"),
        ],
    )
    def test_what_is_wrong_is_named(self, more: dict[str, Any], param: str) -> None:
        assert refused(**more) == param

    def test_an_unknown_field_is_named_and_ignored(self) -> None:
        asked = parsed(
            owl=1, cache_control={"type": "ephemeral"}, thinking={"type": "disabled", "x": 1}
        )
        assert asked.ignored == ("owl", "thinking.x")

    def test_clients_do_not_send_their_budgets_in_order(self) -> None:
        asked = parsed(max_tokens=32000, thinking={"type": "enabled", "budget_tokens": 32000})
        assert (asked.plan.think, asked.ignored) == (True, ())


class TestSystem:
    def test_a_string_and_a_block_are_the_same(self) -> None:
        said = [{"role": "system", "content": "Be brief."}, USER]
        assert told(system="Be brief.") == told(system=[text("Be brief.")]) == said

    def test_blocks_are_joined_and_attribution_is_left_out(self) -> None:
        blocks = [
            text("x-anthropic-billing-header: cc_version=2.1; cch=7a;"),
            text("One", cache_control={"type": "ephemeral"}),
            text("Two"),
        ]
        assert told(system=blocks)[0] == {"role": "system", "content": "One\nTwo"}
        line = "x-anthropic-billing-header: cch=1\nOne"
        assert told(system=line)[0] == {"role": "system", "content": "One"}

    @pytest.mark.parametrize("empty", ["", [], [text("")]])
    def test_an_empty_one_is_none(self, empty: Any) -> None:
        assert told(system=empty) == [USER]

    def test_before_all_others_it_stays_what_it_is(self) -> None:
        first = {"role": "system", "content": "B"}
        roles = [message["role"] for message in told(first, USER, system="A")]
        assert roles == ["system", "system", "user"]

    @pytest.mark.parametrize("content", ["B", [text("B")]])
    def test_within_the_conversation_it_is_a_note_at_its_place(self, content: Any) -> None:
        within = {"role": "system", "content": content}
        assert told(USER, within, assistant(text("y")), system="A")[1:] == [
            USER,
            {"role": "user", "content": "<system-reminder>\nB\n</system-reminder>"},
            {"role": "assistant", "content": "y"},
        ]


class TestUsersBlocks:
    def test_texts_and_images_are_one_message(self) -> None:
        message = user(text("a"), IMAGE, text("b"))
        assert told(message) == [{"role": "user", "content": "a\nb", "images": [PNG]}]

    def test_messages_of_one_role_in_a_row_stay_apart(self) -> None:
        assert told(USER, USER) == [USER, USER]

    def test_documents_are_texts(self) -> None:
        source = {"type": "text", "media_type": "text/plain", "data": "T"}
        document = {"type": "document", "source": source, "title": "A", "context": "C"}
        content = {"type": "content", "content": [text("U"), IMAGE]}
        message = user(document, {"type": "document", "source": content})
        assert told(message) == [{"role": "user", "content": "A\nC\nT\nU", "images": [PNG]}]
        plain = {"type": "document", "source": {"type": "content", "content": "V"}}
        assert told(user(plain))[0]["content"] == "V"

    def test_search_results_are_texts(self) -> None:
        found = {"type": "search_result", "title": "T", "source": "s", "content": [text("C")]}
        assert told(user(found))[0]["content"] == "T\ns\nC"

    @pytest.mark.parametrize(
        ("block", "param"),
        [
            ({"type": "audio"}, "type"),
            ({"type": "container_upload", "file_id": "f"}, "type"),
            ({"type": "text"}, "text"),
            ({"type": "text", "text": 7}, "text"),
            ({"type": "image"}, "source"),
            ({"type": "image", "source": {"type": "file", "file_id": "f"}}, "source.type"),
            ({"type": "image", "source": {"type": "base64", "data": "%"}}, "source.data"),
            ({"type": "image", "source": {"type": "base64"}}, "source.data"),
            ({"type": "image", "source": {"type": "url", "url": "https://h/x.png"}}, "source.url"),
            ({"type": "document", "source": {"type": "base64", "data": PNG}}, "source"),
            ({"type": "document", "source": {"type": "file", "file_id": "f"}}, "source"),
            ({"type": "document"}, "source"),
            ({"type": "document", "source": {"type": "text"}}, "source.data"),
            (
                {"type": "document", "source": {"type": "content", "content": [{"type": "x"}]}},
                "source.content[0].type",
            ),
            ({"type": "search_result", "content": "x"}, "content"),
        ],
    )
    def test_what_cannot_be_read_is_named(self, block: dict[str, Any], param: str) -> None:
        assert refused(user(text("a"), block)) == f"messages[0].content[1].{param}"

    def test_a_remote_image_is_to_be_fetched_where_that_is_allowed(self) -> None:
        image = {"type": "image", "source": {"type": "url", "url": "https://h/x.png"}}
        asked = parsed(USER, user(IMAGE, image), policy=Policy(fetch_images=True))
        [remote] = asked.remote_images
        assert (remote.message, remote.slot) == (1, 1)
        assert remote.param == "messages[1].content[1].source.url"


class TestToolResults:
    HISTORY = (USER, assistant(use()))

    def after(self, *blocks: Any) -> Any:
        return told(*self.HISTORY, user(*blocks))[2:]

    def test_a_result_is_a_message_of_its_own_before_the_users(self) -> None:
        assert self.after(text("thanks"), result("06:12")) == [
            {"role": "tool", "content": "06:12", "tool_call_id": "c1", "tool_name": "get_tide"},
            {"role": "user", "content": "thanks"},
        ]

    def test_a_result_may_hold_blocks_and_images(self) -> None:
        [message] = self.after(result([text("a"), IMAGE, text("b")]))
        assert (message["content"], message["images"]) == ("a\nb", [PNG])

    @pytest.mark.parametrize("content", [None, "", []])
    def test_it_may_hold_nothing(self, content: Any) -> None:
        assert self.after(result(content))[0]["content"] == ""

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("boom", "Error: boom"),
            ("Error: boom", "Error: boom"),
            ("<tool_use_error>no</tool_use_error>", "<tool_use_error>no</tool_use_error>"),
            (None, "Error:"),
        ],
    )
    def test_an_error_is_said_in_words(self, content: Any, said: str) -> None:
        assert self.after(result(content, is_error=True))[0]["content"] == said

    def test_what_nobody_can_read_is_said_to_have_been_there(self) -> None:
        """It stays in the history whatever the user does."""
        pdf = {"type": "document", "source": {"type": "base64", "data": PNG}}
        message = user(result([text("a"), pdf, {"type": "browser_state"}]))
        asked = parsed(*self.HISTORY, message)
        content = json.loads(asked.plan.body())["messages"][-1]["content"]
        assert content.splitlines() == [
            "a",
            "[A document that cannot be shown here]",
            "[A browser_state that cannot be shown here]",
        ]
        where = "messages[2].content[0].content"
        assert asked.ignored == (f"{where}[1]", f"{where}[2]")

    def test_a_result_without_its_call_still_has_its_id(self) -> None:
        [message] = told(user(result("x", id="c9")))
        assert message == {"role": "tool", "content": "x", "tool_call_id": "c9"}

    def test_a_broken_block_is_left_out_and_a_result_without_an_id_finds_its_call(self) -> None:
        result = {"type": "tool_result", "tool_use_id": None, "content": "1"}
        broken = [None, 5, {"type": "tool_use", "id": 7, "name": "f", "input": {}}]
        said, answer = told(assistant(*broken), user(result))
        assert said["tool_calls"][0]["id"] == "7"
        assert (answer["tool_call_id"], answer["tool_name"]) == ("7", "f")


class TestAssistants:
    def test_thoughts_text_and_calls(self) -> None:
        thought = {"type": "thinking", "thinking": "Hm", "signature": "any"}
        [_, message] = told(USER, assistant(thought, text("a"), use(input={"port": "Oban"})))
        assert message == {
            "role": "assistant",
            "content": "a",
            "thinking": "Hm",
            "tool_calls": [
                {
                    "id": "c1",
                    "function": {
                        "index": 0,
                        "name": "get_tide",
                        "arguments": {"port": "Oban"},
                    },
                }
            ],
        }

    @pytest.mark.parametrize(
        ("block", "thought"),
        [
            ({"type": "thinking", "thinking": "Hm"}, "Hm"),
            ({"type": "thinking", "thinking": "Hm", "signature": ""}, "Hm"),
            ({"type": "thinking", "thinking": "", "signature": sealed("Hm")}, "Hm"),
            ({"type": "thinking", "thinking": "", "signature": "ErUBCk"}, None),
            ({"type": "thinking", "signature": "to1"}, None),
            ({"type": "redacted_thinking", "data": sealed("Hm")}, "Hm"),
            ({"type": "redacted_thinking", "data": "ErUBCk"}, None),
            ({"type": "redacted_thinking"}, None),
        ],
    )
    def test_a_thought_with_any_seal_or_none(self, block: Any, thought: str | None) -> None:
        assert told(USER, assistant(block, text("a")))[1].get("thinking") == thought

    @pytest.mark.parametrize("kind", ["server_tool_use", "web_search_tool_result", "owl", None])
    def test_what_is_not_known_is_left_out_of_what_it_has_said(self, kind: Any) -> None:
        block = {"type": kind, "id": "s1", "name": "web_search", "input": {}}
        assert told(USER, assistant(block, text("a")))[1] == {"role": "assistant", "content": "a"}

    @pytest.mark.parametrize("input", ["{broken", None, [1], {"a": [1, {"b": None}]}])
    def test_the_input_of_a_call_may_be_anything(self, input: Any) -> None:
        block = {"type": "tool_use", "id": "c1", "name": "f", "input": input}
        [call] = told(USER, assistant(block))[1]["tool_calls"]
        assert isinstance(call["function"]["arguments"], dict)

    def test_a_last_message_is_a_beginning(self) -> None:
        begun = {"role": "assistant", "content": "The tide is "}
        assert told(USER, begun)[-1] == begun


class TestThinking:
    @pytest.mark.parametrize(
        ("thinking", "effort", "expected"),
        [
            (None, None, False),
            (None, "high", False),
            ({}, "high", False),
            ({"type": "disabled"}, "high", False),
            ({"type": "between_tools"}, None, False),
            ({"type": "enabled", "budget_tokens": 1024}, None, True),
            ({"type": "adaptive"}, None, True),
            ({"type": "adaptive", "display": "omitted"}, "high", "high"),
            ({"type": "enabled"}, "xhigh", "max"),
            ({"type": "enabled"}, "low", "low"),
            ({"type": "some_day"}, None, True),
        ],
    )
    def test_what_becomes_of_it(self, thinking: Any, effort: Any, expected: Any) -> None:
        assert native(thinking=thinking, output_config={"effort": effort})["think"] == expected

    def test_the_operators_defaults_count_where_the_request_is_silent(self) -> None:
        defaults: Any = {"m": SimpleNamespace(num_ctx=None, keep_alive=None, think="low",
                                              options=None, overflow=None)}  # fmt: skip
        policy = Policy(defaults=defaults)
        assert parsed(policy=policy).plan.think == "low"
        assert parsed(policy=policy, thinking={"type": "disabled"}).plan.think is False

    def test_the_thoughts_may_be_kept_from_sight(self) -> None:
        assert parsed(thinking={"type": "adaptive"}).shows_thoughts is True
        assert parsed(thinking={"type": "adaptive", "display": "omitted"}).shows_thoughts is False


class TestTools:
    def names(self, *messages: Any, **more: Any) -> list[str]:
        tools = native(*messages, **more).get("tools", [])
        return [declared["function"]["name"] for declared in tools]

    def test_a_tool_with_its_hints(self) -> None:
        schema = {"type": "object", "properties": {"port": {"type": "string"}}}
        hints = {"strict": True, "eager_input_streaming": True, "cache_control": {}, "x": 1}
        asked = parsed(tools=[tool(description="D", input_schema=schema, type="custom") | hints])
        assert asked.ignored == ()
        assert json.loads(asked.plan.body())["tools"] == [
            {
                "type": "function",
                "function": {"name": "get_tide", "description": "D", "parameters": schema},
            }
        ]

    def test_tools_that_a_service_would_run_are_left_out_and_named(self) -> None:
        tools = [
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
            tool(),
            {"type": "code_execution_20250825", "name": "code_execution"},
            {"type": "computer_toolset_20260801", "name": "computer"},
        ]
        asked = parsed(tools=tools, mcp_servers=[{"type": "url", "url": "https://h"}])
        assert asked.ignored == ("tools[0]", "tools[2]", "tools[3]", "mcp_servers")
        assert self.names(tools=tools) == ["get_tide"]

    def test_tools_of_a_fixed_form_are_told_to_the_model(self) -> None:
        tools = [
            {"type": "bash_20250124", "name": "bash"},
            {"type": "text_editor_20250124", "name": "str_replace_editor"},
            {"type": "memory_20250818", "name": "memory"},
        ]
        assert self.names(tools=tools) == ["bash", "str_replace_editor", "memory"]
        first = native(tools=tools)["tools"][0]["function"]["parameters"]
        assert first["properties"]["command"] == {"type": "string"}

    def test_a_deferred_tool_is_shown_once_it_has_been_named(self) -> None:
        tools = [tool("a"), tool("b", defer_loading=True), tool("c", defer_loading=True)]
        reference = {"type": "tool_reference", "tool_name": "b"}
        history = (USER, assistant(use("a")), user(result([reference])))
        assert self.names(tools=tools) == ["a"]
        assert self.names(*history, tools=tools) == ["a", "b"]
        assert self.names(USER, assistant(use("c")), tools=tools) == ["a", "c"]
        assert "The tool b can be called now." in told(*history, tools=tools)[-1]["content"]
        server = {
            "type": "tool_search_tool_result",
            "tool_use_id": "s",
            "content": {"type": "x", "tool_references": [reference]},
        }
        assert self.names(USER, assistant(server), tools=tools) == ["a", "b"]
        choice = {"type": "tool", "name": "c"}
        assert self.names(tools=tools, tool_choice=choice) == ["c"]

    def test_none_sends_no_tools(self) -> None:
        assert self.names(tools=[tool()], tool_choice={"type": "none"}) == []

    def test_any_holds_the_reply_to_a_call(self) -> None:
        asked = parsed(tools=[tool("a"), tool("b")], tool_choice={"type": "any"})
        assert asked.toolbox.forced == {"a", "b"} and len(asked.plan.format["anyOf"]) == 2

    def test_a_tool_that_is_chosen_is_the_only_one(self) -> None:
        choice = {"type": "tool", "name": "b", "disable_parallel_tool_use": True}
        asked = parsed(tools=[tool("a"), tool("b")], tool_choice=choice)
        assert asked.toolbox.forced == {"b"} and asked.toolbox.first_only is True
        assert self.names(tools=[tool("a"), tool("b")], tool_choice=choice) == ["b"]

    @pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "web_search"}])
    def test_a_call_of_what_does_not_exist_here_is_not_forced(self, choice: Any) -> None:
        tools = [{"type": "web_search_20250305", "name": "web_search"}]
        asked = parsed(tools=tools, tool_choice=choice)
        assert not asked.toolbox.forced and asked.plan.format is None

    @pytest.mark.parametrize("where", ["output_config", "output_format"])
    def test_a_schema_for_the_reply(self, where: str) -> None:
        wanted = {"type": "json_schema", "schema": {"type": "object"}}
        asked = {where: {"format": wanted} if where == "output_config" else wanted}
        assert native(**asked)["format"] == {"type": "object"}


def test_a_longer_conversation_begins_with_the_bytes_of_the_shorter() -> None:
    """So that Ollama's cache of the prompt holds from turn to turn."""
    turns = [
        user(text("a"), text("b", cache_control={"type": "ephemeral"})),
        {"role": "system", "content": [text("900 tokens left", cache_control={})]},
        assistant({"type": "thinking", "thinking": "Hm", "signature": "to1"}, use()),
        user(result("06:12", is_error=True), text("go on")),
        {"role": "system", "content": "800 tokens left"},
        assistant(text("done")),
        USER,
    ]

    def sent(count: int) -> bytes:
        system = [text(f"x-anthropic-billing-header: cch={count}"), text("S")]
        return parsed(*turns[:count], system=system, tools=[tool()]).plan.body()

    previous = sent(1).partition(b'],"tools"')[0]
    for count in range(2, len(turns) + 1):
        now = sent(count).partition(b'],"tools"')[0]
        assert now.startswith(previous)
        previous = now


class TestToolChanges:
    """What newer agents say about tools in the middle of a conversation."""

    def names(self, *messages: Any, **more: Any) -> list[str]:
        tools = native(*messages, **more).get("tools", [])
        return [declared["function"]["name"] for declared in tools]

    def change(self, kind: str, tool: Any, role: str = "system") -> dict[str, Any]:
        block = {"type": f"tool_{kind}", "tool": tool, "cache_control": {}}
        return {"role": role, "content": [block]}

    @pytest.mark.parametrize("role", ["system", "user", "assistant"])
    def test_a_tool_that_was_held_back_comes(self, role: str) -> None:
        reference = {"type": "tool_reference", "name": "b"}
        tools = [tool("a"), tool("b", defer_loading=True)]
        asked = (USER, self.change("addition", reference, role))
        assert self.names(*asked, tools=tools) == ["a", "b"]

    def test_a_tool_is_declared_where_it_comes(self) -> None:
        definition = {"type": "tool_definition", "definition": tool("b", description="D")}
        asked = (USER, self.change("addition", definition))
        assert self.names(*asked, tools=[tool("a")]) == ["a", "b"]
        assert self.names(*asked, *asked, tools=[tool("b")]) == ["b"]
        wrong = {"type": "tool_definition", "definition": tool("")}
        param = "messages[1].content[0].tool.definition.name"
        assert refused(USER, self.change("addition", wrong)) == param

    def test_a_tool_goes_and_comes_back(self) -> None:
        reference = {"type": "tool_reference", "name": "a"}
        gone = self.change("removal", reference)
        assert self.names(USER, gone, tools=[tool("a"), tool("b")]) == ["b"]
        back = self.change("addition", reference)
        assert self.names(USER, gone, back, tools=[tool("a")]) == ["a"]

    @pytest.mark.parametrize("named", [{"type": "mcp_toolset_reference", "server_name": "s"}, {}])
    def test_what_does_not_exist_here_changes_nothing(self, named: Any) -> None:
        asked = (USER, self.change("addition", named), self.change("removal", named))
        assert self.names(*asked, tools=[tool("a")]) == ["a"]

    def test_a_change_says_nothing_to_the_model(self) -> None:
        assert told(USER, self.change("removal", {"name": "a"})) == [USER]

    def test_it_has_to_be_one(self) -> None:
        assert refused(USER, self.change("addition", "a")) == "messages[1].content[0].tool"


def test_a_summary_of_what_was_before_is_kept() -> None:
    block = {"type": "compaction", "content": "They met.", "encrypted_content": "x"}
    assert told(USER, assistant(block))[1]["content"] == "They met."
    assert told(USER, assistant({"type": "compaction", "content": None}))[1]["content"] == ""


def test_a_system_message_may_hold_settings_only() -> None:
    assert told(USER, {"role": "system", "output_config": {"effort": "low"}}) == [USER]
