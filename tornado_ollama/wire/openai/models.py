"""Formats `GET /v1/models` and `/v1/models/{id}` as OpenAI's API does.

Owns the model object. Rules: docs/openai.md, "Models". Beyond OpenAI's four keys the objects have
those that clients of local models read: `context_length`, `max_context_length` and `capabilities`,
and `root` where the id is an alias; `context_length_from` is our own.
"""

from __future__ import annotations

import msgspec

from ..checks import Json
from ..model_listing import ListedModel


def model_list(models: list[ListedModel]) -> bytes:
    data = [_model(model) for model in models]
    return msgspec.json.encode({"object": "list", "data": data})


def model_reply(model: ListedModel) -> bytes:
    return msgspec.json.encode(_model(model))


def _model(model: ListedModel) -> Json:
    found: Json = {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": _namespace(model.native_name),
    }
    if model.context_length is not None:
        found["context_length"] = model.context_length
        found["context_length_from"] = model.context_length_from
    if model.max_context_length is not None:
        found["max_context_length"] = model.max_context_length
    if model.capabilities:
        found["capabilities"] = model.capabilities
    if model.is_alias:
        found["root"] = model.native_name
    return found


def _namespace(model: str) -> str:
    """The namespace of a model `[host/][namespace/]model[:tag]`, for `owned_by`; `library` where it
    has none."""
    parts = model.split("/")
    return parts[-2] if len(parts) > 1 else "library"
