"""Lists the models that a caller may use, by the names that clients use: Ollama's, and the
operator's aliases.

Owns what is known of each, for the APIs that list models in a form of their own. Source:
`/api/tags` and `/api/show`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from . import native
from .model_names import canonical
from .policy import Policy

WindowFrom = Literal["num_ctx", "auto", "memory", "model"]
"""What the window of a model follows from: `models.defaults.GLOB.num_ctx`, a number or `auto`; the
window with which Ollama has loaded it; or nothing but what the model was made for, of which Ollama
gives it less where it is not told otherwise."""

Loaded = Mapping[str, int]
"""The windows of the models in memory, by their canonical names."""

NONE_LOADED: Loaded = {}


@dataclass(frozen=True, slots=True)
class ListedModel:
    id: str
    """As a client names it."""
    native_name: str
    """As Ollama knows it."""
    created: int
    """When it was last changed, in Unix seconds; 0 where that is not known."""
    context_length: int | None
    """Tokens that a prompt and its reply may have together, as far as that is known."""
    context_length_from: WindowFrom | None
    max_context_length: int | None
    """Tokens of the longest window that the model was made for."""
    capabilities: list[str] | None
    """In Ollama's words; None where it does not say."""

    @property
    def is_alias(self) -> bool:
        return self.id != self.native_name


def listed_models(
    tags: bytes, policy: Policy, may_use: Callable[[str], bool], loaded: Loaded = NONE_LOADED
) -> list[ListedModel]:
    """The models of Ollama's list, and after them the aliases. `may_use`: whether the caller may
    use a model, by the name Ollama knows; others are left out. Raises UpstreamBroken."""
    reply = native.decode(native.TAGS, tags)
    entries = [entry for entry in reply.models or [] if may_use(entry.name)]

    def listed(id: str, entry: native.ModelEntry) -> ListedModel:
        own = _length((entry.details or {}).get("context_length"))
        created = _unix(entry.modified_at)
        window = _window(entry.name, own, policy, loaded)
        return ListedModel(id, entry.name, created, *window, own, entry.capabilities)

    models = [listed(entry.name, entry) for entry in entries]
    by_name = {canonical(entry.name): entry for entry in entries}
    for alias, target in policy.aliases.items():
        entry = by_name.get(canonical(target))
        if entry is not None:
            models.append(listed(alias, entry))
    return models


def shown_model(
    show: bytes, model: str, native_model: str, policy: Policy, loaded: Loaded = NONE_LOADED
) -> ListedModel:
    """One model, from the reply of `/api/show`. `model`: the name as the client wrote it. Raises
    UpstreamBroken."""
    reply = native.decode(native.SHOW, show)
    created = _unix(reply.modified_at)
    own = _own_length(reply)
    window = _window(native_model, own, policy, loaded)
    return ListedModel(model, native_model, created, *window, own, reply.capabilities)


def own_length(show: bytes) -> int | None:
    """The longest window that a model was made for, in tokens, from the reply of `/api/show`; None
    where it does not say. Raises UpstreamBroken."""
    return _own_length(native.decode(native.SHOW, show))


def _own_length(reply: native.ShowReply) -> int | None:
    info = reply.model_info or {}
    return _length(info.get(f"{info.get('general.architecture')}.context_length"))


def _window(
    model: str, own: int | None, policy: Policy, loaded: Loaded
) -> tuple[int | None, WindowFrom | None]:
    """The window of a model that Ollama knows by this name, and what it follows from. `own`: the
    longest that it was made for."""
    defaults = policy.defaults_for(model)
    num_ctx = policy.max_num_ctx if defaults.auto_window else defaults.options.get("num_ctx")
    bounds = [bound for bound in (_length(num_ctx), own) if bound]
    if defaults.auto_window and bounds:
        return min(bounds), "auto"
    if _length(num_ctx):
        return min(bounds), "num_ctx"
    if window := loaded.get(canonical(model)):
        return window, "memory"
    return own, None if own is None else "model"


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
