"""Requests that agents sent to a server of this API, recorded: each is accepted and answered.

`requests.jsonl` has `<N chars>` in the place of long texts. Its first line holds the tools, of
which the requests have the numbers. To record one, drive the agent against a server that writes
down what comes to `/v1/messages`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.backend import Backend, NdjsonStream

from .exchanges import COUNTS, DONE, HEADERS, said, whole
from .validator import checked, checked_message

pytestmark = pytest.mark.gen_test

FIRST, *RECORDED = [
    json.loads(line)
    for line in (Path(__file__).parent / "requests.jsonl").read_text("utf-8").splitlines()
]
IMAGE = "iVBORw0KGgpmYWtlLW93bA=="


def filled(value: Any, key: str = "") -> Any:
    """The value with texts of the length that they had."""
    if isinstance(value, dict):
        return {name: filled(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    if isinstance(value, str) and (found := re.fullmatch(r"<(\d+) chars>", value)):
        return IMAGE if key == "data" else "x" * int(found[1])
    return value


def request(row: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = dict(row["body"])
    if "tools" in body:
        body["tools"] = [FIRST["tools"][number] for number in body["tools"]]
    filled_body: dict[str, Any] = filled(body)
    return filled_body


def of(path: str) -> pytest.MarkDecorator:
    rows = [row for row in RECORDED if row["path"] == path]
    ids = [f"{row['client']}: {row['case']} {number}" for number, row in enumerate(rows)]
    return pytest.mark.parametrize("row", rows, ids=ids)


@of("/v1/messages")
async def test_it_is_accepted_and_answered(
    connect: Any, backend: Backend, row: dict[str, Any]
) -> None:
    body = request(row)
    streams = bool(body.get("stream"))
    backend.on("/api/chat", NdjsonStream(said("a"), DONE | COUNTS) if streams else whole("a"))
    sent = json.dumps(body).encode()
    response = await (await connect()).request("POST", "/v1/messages?beta=true", HEADERS, sent)
    assert response.status == 200, response.body
    message = checked(response.body) if streams else checked_message(response.json())
    assert message["content"] == [{"type": "text", "text": "a"}]
    [exchange] = backend.requests("/api/chat")
    native = exchange.json()
    roles = [told["role"] for told in native["messages"]]
    assert "system" not in roles[1:] and (roles[0] == "system") is bool(body.get("system"))
    assert roles.count("tool") == json.dumps(body["messages"]).count('"type": "tool_result"')
    assert (native["truncate"], native["shift"]) == (False, False)
    shown = {tool["function"]["name"] for tool in native.get("tools", [])}
    declared = {tool["name"]: tool for tool in body.get("tools", [])}
    hidden = declared.keys() - shown
    assert all(declared[name].get("defer_loading") or declared[name].get("type") for name in hidden)
    left_out = response.header("x-ignored-fields")
    assert (left_out is not None) is any("type" in declared[name] for name in hidden)
