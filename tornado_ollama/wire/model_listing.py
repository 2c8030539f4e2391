"""Lists the models that a caller may use, by the names that clients use: Ollama's, and the
operator's aliases.

Owns what is known of each, for the APIs that list models in a form of their own. Source:
`/api/tags` and `/api/show`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import native
from .model_names import canonical
from .policy import Policy


@dataclass(frozen=True, slots=True)
class ListedModel:
    id: str
    """As a client names it."""
    native_name: str
    """As Ollama knows it."""
    created: int
    """When it was last changed, in Unix seconds; 0 where that is not known."""
    context_length: int | None
    """Tokens that the model can see at once."""
    capabilities: list[str] | None
    """In Ollama's words; None where it does not say."""

    @property
    def is_alias(self) -> bool:
        return self.id != self.native_name


def listed_models(tags: bytes, policy: Policy, may_use: Callable[[str], bool]) -> list[ListedModel]:
    """The models of Ollama's list, and after them the aliases. `may_use`: whether the caller may
    use a model, by the name Ollama knows; others are left out. Raises UpstreamBroken."""
    reply = native.decode(native.TAGS, tags)
    entries = [entry for entry in reply.models or [] if may_use(entry.name)]
    models = [_listed(entry.name, entry) for entry in entries]
    by_name = {canonical(entry.name): entry for entry in entries}
    for alias, target in policy.aliases.items():
        entry = by_name.get(canonical(target))
        if entry is not None:
            models.append(_listed(alias, entry))
    return models


def shown_model(show: bytes, model: str, native_model: str) -> ListedModel:
    """One model, from the reply of `/api/show`. `model`: the name as the client wrote it. Raises
    UpstreamBroken."""
    reply = native.decode(native.SHOW, show)
    created = _unix(reply.modified_at)
    return ListedModel(model, native_model, created, _own_length(reply), reply.capabilities)


def own_length(show: bytes) -> int | None:
    """The longest window that a model was made for, in tokens, from the reply of `/api/show`; None
    where it does not say. Raises UpstreamBroken."""
    return _own_length(native.decode(native.SHOW, show))


def _own_length(reply: native.ShowReply) -> int | None:
    info = reply.model_info or {}
    return _length(info.get(f"{info.get('general.architecture')}.context_length"))


def _listed(id: str, entry: native.ModelEntry) -> ListedModel:
    context = _length((entry.details or {}).get("context_length"))
    created = _unix(entry.modified_at)
    return ListedModel(id, entry.name, created, context, entry.capabilities)


def _length(said: Any) -> int | None:
    return said if isinstance(said, int) and said > 0 else None


def _unix(modified_at: str) -> int:
    """Parses a time that Go wrote as RFC 3339 into Unix seconds; 0 where there is none."""
    try:
        moment = datetime.fromisoformat(modified_at)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, int(moment.timestamp()))
