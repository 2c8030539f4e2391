"""`GET /v1/models` and `/v1/models/{id}`: from `/api/tags` and `/api/show`.

Owns the model object. Rules: docs/openai.md, "Models". Beyond OpenAI's four keys the
objects carry what clients of local models ask for: `context_length` and `capabilities`, and
`root` where the id is an alias.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from .. import native
from ..checks import Json
from ..model_names import canonical
from ..policy import Policy


def model_list(body: bytes, policy: Policy, may_use: Callable[[str], bool]) -> bytes:
    """The list of models, aliases after the models they stand for. `may_use`: whether the caller
    may use a model, by the name Ollama knows; others are not shown."""
    reply = native.decode(native.TAGS, body)
    entries = [entry for entry in reply.models or [] if may_use(entry.name)]
    models = [_listed(entry.name, entry) for entry in entries]
    by_name = {canonical(entry.name): entry for entry in entries}
    for alias, target in policy.aliases.items():
        entry = by_name.get(canonical(target))
        if entry is not None:
            models.append(_listed(alias, entry) | {"root": entry.name})
    return msgspec.json.encode({"object": "list", "data": models})


def model_reply(body: bytes, model: str, native_model: str) -> bytes:
    """One model object. `model`: the id as the client wrote it."""
    reply = native.decode(native.SHOW, body)
    info = reply.model_info or {}
    context = info.get(f"{info.get('general.architecture')}.context_length")
    found = _model(model, native_model, reply.modified_at)
    found |= _extras(context, reply.capabilities)
    if model != native_model:
        found["root"] = native_model
    return msgspec.json.encode(found)


def _listed(id: str, entry: native.ModelEntry) -> Json:
    context = (entry.details or {}).get("context_length")
    return _model(id, entry.name, entry.modified_at) | _extras(context, entry.capabilities)


def _model(id: str, native_model: str, modified_at: str) -> Json:
    return {
        "id": id,
        "object": "model",
        "created": _unix(modified_at),
        "owned_by": _namespace(native_model),
    }


def _extras(context: Any, capabilities: list[str] | None) -> Json:
    extras: Json = {}
    if isinstance(context, int) and context > 0:
        extras["context_length"] = context
    if capabilities:
        extras["capabilities"] = capabilities
    return extras


def _unix(modified_at: str) -> int:
    """Unix seconds of Go's RFC 3339 time; 0 where there is none."""
    try:
        moment = datetime.fromisoformat(modified_at)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, int(moment.timestamp()))


def _namespace(model: str) -> str:
    """Whose model it is: `[host/][namespace/]model[:tag]`, `library` where unsaid."""
    parts = model.split("/")
    return parts[-2] if len(parts) > 1 else "library"
