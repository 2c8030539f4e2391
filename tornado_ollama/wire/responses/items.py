"""The items of a response's output, the same in a stream and in a whole reply.

Owns their shapes and ids. Source: the types of OpenAI's SDK 3.57.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import native
from ..chat.calls import Call
from ..chat.sealed_thoughts import sealed
from ..checks import Json
from .tools import ToolName

Logprobs = Sequence[native.Logprob] | None


def message(id: str, content: list[Json], status: str) -> Json:
    return {
        "id": id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }


def output_text(text: str, logprobs: list[Json]) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def reasoning(id: str, thought: str, *, summarised: bool, seals: bool) -> Json:
    """A reasoning item. The thought stands in `summary` where `summarised`, else in `content`.
    `seals`: also in encoded form in `encrypted_content`, for clients that store and send back only
    this field."""
    item: Json = {"id": id, "type": "reasoning", "summary": []}
    if summarised:
        item["summary"].append({"type": "summary_text", "text": thought})
    else:
        item["content"] = [{"type": "reasoning_text", "text": thought}]
    if seals:
        item["encrypted_content"] = sealed(thought)
    return item


def call(id: str, called: Call, names: Mapping[str, ToolName]) -> Json:
    """An item for a tool call, with the tool's name as the client declared it."""
    tool = names.get(called.name) or ToolName(called.name)
    custom = called.input is not None
    item: Json = {
        "id": id,
        "type": "custom_tool_call" if custom else "function_call",
        "status": "completed",
        "call_id": called.id,
        "name": tool.name,
    }
    if tool.namespace:
        item["namespace"] = tool.namespace
    if custom:
        return item | {"input": called.input}
    return item | {"arguments": called.arguments}


def token_logprobs(logprobs: Logprobs) -> list[Json]:
    return [
        _token(item) | {"top_logprobs": [_token(top) for top in item.top_logprobs or ()]}
        for item in logprobs or ()
    ]


def _token(item: Any) -> Json:
    spelled = item.bytes
    if spelled is None:
        spelled = list(item.token.encode("utf-8", "replace"))
    return {"token": item.token, "logprob": item.logprob, "bytes": spelled}
