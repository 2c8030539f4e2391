"""What the tests of `/v1/messages` say to the gateway, and what Ollama says to it."""

from __future__ import annotations

import json
from typing import Any

from tests.backend import json_reply

MESSAGES = "/v1/messages"
COUNTS = {"prompt_eval_count": 11, "eval_count": 3}
DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
HEADERS = [("anthropic-version", "2023-06-01"), ("x-api-key", "not-needed")]


def body(**more: Any) -> bytes:
    asked = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "x"}]}
    return json.dumps(asked | more).encode()


def said(content: str = "", **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content} | more, "done": False}


def whole(content: str = "", reason: str = "stop", **more: Any) -> Any:
    message = {"role": "assistant", "content": content} | more
    return json_reply({"message": message, "done": True, "done_reason": reason} | COUNTS)


def called(name: str = "get_tide", id: str | None = None, **arguments: Any) -> dict[str, Any]:
    call: dict[str, Any] = {"function": {"name": name, "arguments": arguments}}
    return call | {"id": id} if id else call
