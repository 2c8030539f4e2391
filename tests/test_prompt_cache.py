"""The prompt of a conversation's next turn begins with that of the last one, so that the server's
cache holds: turns are added to recorded requests of agents, as the agents add them.

What changes from request to request without a meaning is changed here too: the hash of Claude
Code's attribution line, the place of `cache_control`, a text as a string or as a block. The system
says something within the conversation now and then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.anthropic import test_recorded as anthropic
from tests.clients import test_recorded as clients
from tests.responses import test_recorded as responses
from tests.responses.past import NoPast
from tornado_ollama.wire.anthropic.message_request import message_request
from tornado_ollama.wire.chat.plan import Plan
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses.request import response_request

TURNS = 20
MIN_KEPT = 0.95

Json = dict[str, Any]


def prompt(plan: Plan) -> bytes:
    """What Ollama's template gets: the tools, then the messages."""
    return json.dumps([plan.tools, plan.messages], default=json_of).encode()


def json_of(raw: Any) -> Any:
    return json.loads(bytes(raw))


# -- the turns of each API ---------------------------------------------------------------------


def text_of(number: int, text: str) -> Any:
    """A text in either of its two forms."""
    return text if number % 2 else [{"type": "text", "text": text}]


def chat_turn(number: int) -> list[Json]:
    function = {"name": "shell", "arguments": json.dumps({"command": f"ls {number}"})}
    call = {"id": f"call_{number}", "type": "function", "function": function}
    note = [{"role": "system", "content": f"{number} tokens left."}] if number % 3 == 0 else []
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"call_{number}", "content": f"file {number}"},
        {"role": "assistant", "content": text_of(number, "There is one."), "reasoning": "Hm."},
        *note,
        {"role": "user", "content": text_of(number, f"And {number}?")},
    ]


def chat(body: Json, turns: int) -> Plan:
    more = [message for number in range(turns) for message in chat_turn(number)]
    return chat_request(body | {"messages": [*body["messages"], *more]}, Policy()).plan


def response_turn(number: int) -> list[Json]:
    call = {"call_id": f"call_{number}", "name": "shell", "arguments": f'{{"command":"{number}"}}'}
    said = [{"type": "output_text", "text": "There is one.", "annotations": []}]
    asked = f"And {number}?"
    note = {"type": "message", "role": "developer", "content": f"{number} tokens left."}
    return [
        {"type": "reasoning", "id": f"rs_{number}", "summary": [], "content": [
            {"type": "reasoning_text", "text": "Hm."}]},
        {"type": "function_call"} | call,
        {"type": "function_call_output", "call_id": f"call_{number}", "output": f"file {number}"},
        {"type": "message", "role": "assistant", "content": said},
        *([note] if number % 3 == 0 else []),
        {"role": "user", "content": asked if number % 2 else [
            {"type": "input_text", "text": asked}]},
    ]  # fmt: skip


def response(body: Json, turns: int) -> Plan:
    given = body["input"]
    first = [{"role": "user", "content": given}] if isinstance(given, str) else given
    more = [item for number in range(turns) for item in response_turn(number)]
    asked = body | {"input": [*first, *more], "prompt_cache_key": f"key {turns}"}
    return response_request(asked, Policy(), NoPast(), may_store=False).plan


def message_turn(number: int) -> list[Json]:
    use = {"type": "tool_use", "id": f"toolu_{number}", "name": "Bash", "input": {"a": number}}
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "to1"}
    result: Json = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": f"{number}"}
    note = [{"role": "system", "content": f"{number} tokens left."}] if number % 3 == 0 else []
    return [
        {"role": "assistant", "content": [thought, use]},
        {"role": "user", "content": [result]},
        *note,
        {"role": "assistant", "content": text_of(number, "There is one.")},
        {"role": "user", "content": text_of(number + 1, f"And {number}?")},
    ]


def marked(messages: list[Json]) -> list[Json]:
    """The conversation with `cache_control` on its last block, and a text there as a block."""
    last = dict(messages[-1])
    blocks = last["content"]
    if isinstance(blocks, str):
        blocks = [{"type": "text", "text": blocks}]
    last["content"] = [*blocks[:-1], blocks[-1] | {"cache_control": {"type": "ephemeral"}}]
    return [*messages[:-1], last]


def message(body: Json, turns: int) -> Plan:
    more = [one for number in range(turns) for one in message_turn(number)]
    system = body.get("system") or []
    blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system
    line = f"x-anthropic-billing-header: cc_version=2.1.332; cch={turns:05x};"
    asked: Json = body | {
        "max_tokens": 9,
        "system": [{"type": "text", "text": line}, *blocks],
        "messages": marked([*body["messages"], *more]),
    }
    return message_request(asked, Policy()).plan


# -- the recorded agents -----------------------------------------------------------------------

Case = tuple[Callable[[Json, int], Plan], Json]


def longest(rows: list[Json]) -> dict[str, Json]:
    """The longest request of each client."""
    found: dict[str, Json] = {}
    for row in rows:
        before = found.get(row["client"])
        if before is None or len(json.dumps(row["body"])) > len(json.dumps(before["body"])):
            found[row["client"]] = row
    return found


CASES: dict[str, Case] = {
    **{f"chat: {name}": (chat, row["body"]) for name, row in longest(clients.RECORDED).items()},
    **{
        f"responses: {name}": (response, responses.filled(row["body"]))
        for name, row in longest(responses.RECORDED).items()
    },
    **{
        f"messages: {name}": (message, anthropic.request(row))
        for name, row in longest(anthropic.RECORDED).items()
    },
}


@pytest.mark.parametrize("name", CASES)
def test_every_turn_begins_with_the_prompt_of_the_last(name: str) -> None:
    plan_of, body = CASES[name]
    before = prompt(plan_of(body, 0))
    for turns in range(1, TURNS + 1):
        after = prompt(plan_of(body, turns))
        kept = next((at for at, (a, b) in enumerate(zip(before, after)) if a != b), len(before))  # noqa: B905
        assert kept >= MIN_KEPT * len(before), f"turn {turns}: {before[kept - 60 : kept + 60]!r}"
        assert kept >= len(before) - 2, "all but the two brackets at its end"
        before = after
