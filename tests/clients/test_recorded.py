"""Requests that real clients sent, recorded: clients that are too large to be installed for tests.

Each was driven against a gateway in front of a scripted Ollama, with a thinking model and a tool,
over several turns; `requests.jsonl` has the last request of each conversation, the client and its
version. The calls that are cut were handed to the client as a model's. To record one: drive the
client, and note the body that comes to `read_json`, and what its settings say about thinking.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..backend import Backend, NdjsonStream, json_reply
from ..gateway.keys import BOTH

pytestmark = pytest.mark.gen_test

RECORDED = [
    json.loads(line)
    for line in (Path(__file__).parent / "requests.jsonl").read_text("utf-8").splitlines()
]
HINTS = {"thinking_budget", "chat_template_kwargs.preserve_thinking"}
"""What they ask for that nothing comes of."""

KEY = [("Authorization", f"Bearer {BOTH}")]
DONE = {"message": {"role": "assistant", "content": "six"}, "done": True, "done_reason": "stop"}


@pytest.mark.parametrize(
    "recorded", RECORDED, ids=[f"{number}-{row['client']}" for number, row in enumerate(RECORDED)]
)
async def test_it_is_understood(connect: Any, backend: Backend, recorded: dict[str, Any]) -> None:
    backend.on(
        "/api/chat", NdjsonStream(DONE) if recorded["body"].get("stream") else json_reply(DONE)
    )
    sent = json.dumps(recorded["body"]).encode()
    response = await (await connect()).request("POST", "/v1/chat/completions", KEY, sent)
    assert response.status == 200, response.body
    assert set((response.header("x-ignored-fields") or "").split(", ")) <= {"", *HINTS}
    native = backend.exchanges[0].json()
    assert native.get("think") == recorded["think"]
    assert len(native["messages"]) == len(recorded["body"]["messages"])
    calls = [call for message in native["messages"] for call in message.get("tool_calls", ())]
    assert all(isinstance(call["function"]["arguments"], dict) for call in calls)
    for given, said in zip(recorded["body"]["messages"], native["messages"], strict=True):
        assert given.get("reasoning_content") == said.get("thinking")
