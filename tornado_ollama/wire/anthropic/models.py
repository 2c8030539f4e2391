"""`GET /v1/models` and `/v1/models/{id}` as Anthropic's API has them.

Owns the model object and the pages of the list. Rules: docs/messages.md, "Models".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec

from ...errors import BadRequest
from ..checks import Json
from ..model_listing import ListedModel

MAX_LIMIT = 1000
"""Most models of a page. It is also how many there are where a caller does not say: at Anthropic's
that is 20, but few callers ask for a second page."""


def model_list(models: list[ListedModel], query: str) -> bytes:
    """One page of the list of models, as JSON. `query`: the URL's query string, with `limit`,
    `after_id` and `before_id`. Raises BadRequest for a wrong `limit`."""
    asked = parse_qs(query)
    limit = _limit(asked.get("limit", [str(MAX_LIMIT)])[-1])
    after, before = (asked.get(name, [None])[-1] for name in ("after_id", "before_id"))
    first, end = 0, len(models)
    for index, model in enumerate(models):
        if model.id == after:
            first = index + 1
        if model.id == before:
            end = index
    if before is not None:
        first = max(first, end - limit)
    page = models[first:end][:limit]
    more = first > 0 if before is not None else first + limit < end
    return msgspec.json.encode(
        {
            "data": [_model(model) for model in page],
            "has_more": more,
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
        }
    )


def model_reply(model: ListedModel) -> bytes:
    return msgspec.json.encode(_model(model))


def _model(model: ListedModel) -> Json:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": _rfc3339(model.created),
        "lifecycle": "active",
        "max_input_tokens": model.context_length,
        "max_tokens": model.context_length,
        "capabilities": _capabilities(model.capabilities),
    }


def _capabilities(known: list[str] | None) -> Json | None:
    """All of them or none, as Anthropic's types have it."""
    if known is None:
        return None

    def supported(value: bool, **more: Any) -> Json:
        return {"supported": value, **more}

    yes, no, thinks = supported(True), supported(False), supported("thinking" in known)
    return {
        "batch": no,
        "citations": no,
        "code_execution": no,
        "context_management": no,
        "image_input": supported("vision" in known),
        "pdf_input": no,
        "server_tools": supported(False, code_execution=no, web_search=no),
        "structured_outputs": yes,
        "effort": thinks | dict.fromkeys(("low", "medium", "high", "xhigh", "max"), thinks),
        "thinking": {
            **thinks,
            "types": {
                **dict.fromkeys(("enabled", "adaptive"), thinks),
                **dict.fromkeys(("disabled", "between_tools"), yes),
            },
        },
    }


def _limit(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= MAX_LIMIT:
        raise BadRequest(f"'limit' must be between 1 and {MAX_LIMIT}.", param="limit")
    return int(value)


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
