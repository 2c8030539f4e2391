"""The replies about a stored response: its input as a list with pages, and its deletion.

Owns these replies. An item that the client sent without an id gets an id that is the same on every
request.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import msgspec

from ...errors import BadRequest
from ..checks import Json
from .echo import encoded

MAX_ITEMS = 100
"""Most items of a page."""

_USUAL_ITEMS = 20

_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
}

_WITH_STATUS = frozenset(_PREFIXES) - {"reasoning"}


def item_list(given: list[Any], response_id: str, query: str) -> bytes:
    """One page of the input items of a stored response, as JSON. `query`: the URL's query string,
    with `order`, `limit` and `after`. Raises BadRequest naming the parameter that is wrong."""
    asked = parse_qs(query)
    order = _last(asked, "order", "desc")
    if order not in ("asc", "desc"):
        raise BadRequest("'order' must be asc or desc.", param="order")
    limit = _last(asked, "limit", str(_USUAL_ITEMS))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_ITEMS):
        raise BadRequest(f"'limit' must be between 1 and {MAX_ITEMS}.", param="limit")
    owner = response_id.removeprefix("resp_")
    found = [_listed(item, owner, index) for index, item in enumerate(given)]
    if order == "desc":
        found.reverse()
    after = _last(asked, "after", "")
    if after:
        at = next((at for at, item in enumerate(found) if item["id"] == after), None)
        if at is None:
            raise BadRequest("'after' names no item of this list.", param="after")
        found = found[at + 1 :]
    page = found[: int(limit)]
    return encoded(
        {
            "object": "list",
            "data": page,
            "has_more": len(found) > len(page),
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
        }
    )


def deletion(response_id: str) -> bytes:
    return msgspec.json.encode({"id": response_id, "object": "response", "deleted": True})


def _last(asked: dict[str, list[str]], name: str, otherwise: str) -> str:
    return asked[name][-1] if name in asked else otherwise


def _listed(item: Json, owner: str, index: int) -> Json:
    """The item as the types of SDKs want it."""
    kind = item.get("type") or "message"
    told = {"id": item.get("id") or f"{_PREFIXES.get(kind, 'item')}_{owner}i{index}", "type": kind}
    if kind in _WITH_STATUS:
        told["status"] = item.get("status") or "completed"
    content = item.get("content")
    if kind == "message" and isinstance(content, str):
        said: Json = {"type": "input_text", "text": content}
        if item.get("role") == "assistant":
            said = {"type": "output_text", "text": content, "annotations": []}
        return item | told | {"content": [said]}
    return item | told
