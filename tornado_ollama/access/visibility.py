"""Filters Ollama's lists of models (`/api/tags`, `/api/ps`) to those that a credential may use."""

from __future__ import annotations

import json
from typing import Any

from ..errors import UpstreamBroken
from .principal import Principal


def only_visible(listing: bytes, principal: Principal) -> bytes:
    """The reply of `/api/tags` or `/api/ps` without the models the principal may not use.

    Raises UpstreamBroken for a reply that is no such list.
    """
    try:
        reply: dict[str, Any] = json.loads(listing)
        models = reply["models"] or []
        reply["models"] = [model for model in models if principal.may_use(_name(model))]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UpstreamBroken("Ollama's list of models could not be read.") from error
    # In ASCII: half a surrogate, which JSON can spell, has no UTF-8.
    return json.dumps(reply, separators=(",", ":")).encode()


def _name(model: Any) -> str:
    name = model["name"]
    if not isinstance(name, str):
        raise TypeError("a model's name is no text")
    return name
