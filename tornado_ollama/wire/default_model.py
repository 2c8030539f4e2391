"""Chooses the model for a chat that names none: the first of Ollama's list that can chat.

Ollama's list does not always know what a model can do: `/api/tags` gives `completion` for a BERT
whose GGUF file has its keys sorted, as `ollama create` writes them, while `/api/show` says
`embedding` (0.32 and 0.33; its list reads the keys in order and misses what stands before the
architecture). So the list only gives candidates, and `/api/show` decides. Its answer is cached by
the model's digest, which changes with the model.
"""

from __future__ import annotations

from .native import SHOW, ModelEntry, TagsReply, decode

MAX_QUESTIONS = 8
"""Models asked about for one chat; the next one is believed to be what the list says."""

MAX_KEPT = 1024
"""Models whose answer is kept; the oldest leaves."""

_CHATS = "completion"


def candidates(tags: TagsReply) -> list[ModelEntry]:
    """The models that may be able to chat according to the list, in its order: the newest first."""
    return [model for model in tags.models or () if _chats(model.capabilities)]


def chats(body: bytes) -> bool:
    """Whether the model can chat, according to the reply of `/api/show`. Raises UpstreamBroken."""
    return _chats(decode(SHOW, body).capabilities)


def _chats(capabilities: list[str] | None) -> bool:
    """Whether these capabilities include chat; true for None, since an Ollama before 0.6 does not
    report them."""
    return capabilities is None or _CHATS in capabilities


class KnownModels:
    """Caches which models can chat, by digest."""

    def __init__(self) -> None:
        self._chats: dict[tuple[str, str], bool] = {}

    def __len__(self) -> int:
        return len(self._chats)

    def chats(self, model: ModelEntry) -> bool | None:
        """Whether a model can chat; None where that is not known yet."""
        return self._chats.get((model.name, model.digest))

    def keep(self, model: ModelEntry, chats: bool) -> None:
        if not model.digest:  # it could become another model and nobody would notice
            return
        self._chats[model.name, model.digest] = chats
        if len(self._chats) > MAX_KEPT:
            del self._chats[next(iter(self._chats))]
