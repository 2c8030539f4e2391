"""Requests that agents sent to a server of this API, recorded: each is accepted and answered.

`requests.jsonl` has the longest request of each of their conversations, with `<N chars>` in the
place of long texts, and of tools that have the same keys only one. To record one, drive the agent
against a server that writes down what comes to `/v1/responses`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.backend import Backend, NdjsonStream, json_reply

from .validator import check_response, valid

pytestmark = pytest.mark.gen_test

RECORDED = [
    json.loads(line)
    for line in (Path(__file__).parent / "requests.jsonl").read_text("utf-8").splitlines()
]
IMAGE = "data:image/png;base64,iVBORw0KGgpmYWtlLW93bA=="
DONE = {"message": {"role": "assistant", "content": "six"}, "done": True, "done_reason": "stop"}
LEFT_OUT = ("web_search", "tool_search", "image_generation")


def filled(value: Any, key: str = "") -> Any:
    """The value with texts of the length that they had."""
    if isinstance(value, dict):
        return {name: filled(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    if isinstance(value, str) and (found := re.fullmatch(r"<(\d+) chars>", value)):
        return IMAGE if key == "image_url" else "x" * int(found[1])
    return value


@pytest.mark.parametrize("row", RECORDED, ids=[f"{r['client']}: {r['case']}" for r in RECORDED])
async def test_it_is_accepted_and_answered(
    connect: Any, backend: Backend, row: dict[str, Any]
) -> None:
    body = filled(row["body"])
    streams = bool(body.get("stream"))
    backend.on("/api/chat", NdjsonStream(DONE) if streams else json_reply(DONE))
    sent = json.dumps(body).encode()
    response = await (await connect()).request("POST", "/v1/responses", (), sent)
    assert response.status == 200, response.body
    if streams:
        assert valid(response.body)[-1]["type"] == "response.completed"
    else:
        check_response(response.json(), "completed")
    given, native = body["input"], backend.exchanges[0].json()
    results = [item for item in given if str(item.get("type")).endswith("_output")]
    said = [message["role"] for message in native["messages"]]
    assert said.count("tool") == len(results)
    assert said.count("user") == sum(item.get("role") == "user" for item in given)
    assert said[0] == "system" and "system" not in said[said.index("user") :]
    hidden = [tool for tool in body.get("tools", ()) if tool["type"] in LEFT_OUT]
    named = [name for name in (response.header("x-ignored-fields") or "").split(", ") if name]
    assert len(named) == len(hidden) and all(name.startswith("tools[") for name in named)
    thoughts = [item for item in given if item.get("type") == "reasoning"]
    assert sum("thinking" in message for message in native["messages"]) == len(thoughts)
