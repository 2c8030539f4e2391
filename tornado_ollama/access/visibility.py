"""Which models a credential gets to see in Ollama's lists (`/api/tags`, `/api/ps`)."""

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
        reply["models"] = [model for model in models if principal.may_use(model["name"])]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UpstreamBroken("Ollama's list of models could not be read.") from error
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode()
