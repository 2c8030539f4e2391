"""The members of a response that repeat its request, with the defaults for what the request omits.

Owns these members, in the order of the public schema (Open Responses), which requires all of them.
Where a request omits a sampling option, the response shows OpenAI's default, although the model's
own setting (from its Modelfile) is used.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...errors import BadRequest
from ..checks import Json
from .tools import parallel

_SECRET = ("authorization", "headers")
"""Of a tool on another server: credentials, which nobody needs to see again."""

_encode = msgspec.json.Encoder().encode


def echo(body: Json, *, store: bool) -> bytes:
    """The members as JSON text without the enclosing braces. `store`: whether the response will be
    stored. Raises BadRequest where a value is nested too deeply to be encoded."""
    told: Json = {
        "background": False,
        "frequency_penalty": _given(body, "frequency_penalty", 0),
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "metadata": _given(body, "metadata", {}),
        "parallel_tool_calls": parallel(body),
        "presence_penalty": _given(body, "presence_penalty", 0),
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": _text(body, "prompt_cache_key"),
        "reasoning": _reasoning(body),
        "safety_identifier": _text(body, "safety_identifier"),
        "service_tier": "default",
        "store": store,
        "temperature": _given(body, "temperature", 1),
        "text": _format(body),
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": [_tool(tool) for tool in body.get("tools") or ()],
        "top_logprobs": _given(body, "top_logprobs", 0),
        "top_p": _given(body, "top_p", 1),
        "truncation": body.get("truncation") or "disabled",
        "user": _text(body, "user"),
    }
    return encoded(told)[1:-1]


def encoded(value: object) -> bytes:
    """Encodes a value that came from the client as JSON. Raises BadRequest where it is nested too
    deeply: the encoder's limit is a little lower than the decoder's."""
    try:
        return _encode(value)
    except RecursionError:
        raise BadRequest("The request body is nested too deeply.") from None


def _given(body: Json, key: str, otherwise: Any) -> Any:
    value = body.get(key)
    return otherwise if value is None or value == [] else value


def _text(body: Json, key: str) -> str | None:
    value = body.get(key)
    return value if isinstance(value, str) else None


def _reasoning(body: Json) -> Json:
    given = body.get("reasoning") or {}
    summary = given.get("summary") or given.get("generate_summary")
    return {"effort": given.get("effort"), "summary": summary}


def _format(body: Json) -> Json:
    given = body.get("text") or {}
    verbosity = given.get("verbosity")
    told: Json = {"format": given.get("format") or {"type": "text"}}
    return told if verbosity is None else told | {"verbosity": verbosity}


def _tool(tool: Json) -> Json:
    """A tool with the keys that the types of SDKs want."""
    if tool.get("type", "function") != "function" or "name" not in tool:
        return {key: value for key, value in tool.items() if key not in _SECRET}
    keys = {"type": "function", "name": None, "description": None, "parameters": None}
    return keys | {"strict": None} | tool
