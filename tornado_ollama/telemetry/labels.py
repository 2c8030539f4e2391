"""Decides which names may label a series or a row of the accounts, so that no client can add any
number of them. Pure.

Names that Ollama or the configuration has vouched for become labels, up to a limit; every other one
is `other`.
"""

from __future__ import annotations

from functools import lru_cache

from ..wire.model_names import canonical

_canonical = lru_cache(maxsize=1024)(canonical)

OTHER = "other"

MAX_MODELS = 100
MAX_CREDENTIALS = 200
"""Configured tokens have at most as many names as the operator wrote; subjects of JWTs have no
limit of their own."""

MAX_PAIRS = 2000
"""Of credential and model; a series of each kind for each of them."""

MAX_PARTIES = 1000
"""Sessions, and people, of one credential on one day."""

OPERATIONS = {
    "/api/generate": "text_completion",
    "/v1/completions": "text_completion",
    "/api/embed": "embeddings",
    "/api/embeddings": "embeddings",
    "/v1/embeddings": "embeddings",
    "/v1/audio/transcriptions": "transcription",
}
"""`gen_ai.operation.name` of a route that is not a chat; OpenTelemetry has no word for the last."""


def operation(route: str) -> str:
    """`gen_ai.operation.name` of a route that runs inference."""
    return OPERATIONS.get(route, "chat")


class Bounded:
    """The first `limit` distinct names are labels; every later one is `other`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def label(self, name: str) -> str:
        if name in self._known:
            return name
        if len(self._known) >= self._limit:
            return OTHER
        self._known.add(name)
        return name


class Parties:
    """The sessions and people of one day, so many of each for each caller."""

    def __init__(self) -> None:
        self._bounded: dict[tuple[str, str], Bounded] = {}

    def label(self, caller: str, kind: str, name: str) -> str:
        """`kind`: session or user. An empty name stays empty."""
        if not name:
            return ""
        bounded = self._bounded.get((caller, kind))
        if bounded is None:
            bounded = self._bounded[caller, kind] = Bounded(MAX_PARTIES)
        return bounded.label(name)

    def clear(self) -> None:
        """Another day has begun."""
        self._bounded.clear()


class Labels:
    """The labels of one process. Metrics and accounts share one, so that they agree."""

    def __init__(self) -> None:
        self._models = Bounded(MAX_MODELS)
        self._credentials = Bounded(MAX_CREDENTIALS)
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}

    def credential(self, name: str) -> str:
        """`name`: of a principal, which has been authenticated; `-` for none."""
        return self._credentials.label(name)

    def pair(self, credential: str, model: str | None) -> tuple[str, str]:
        """The labels of a credential and the model that Ollama answered with; None: it did not
        answer, and nobody knows whether there is such a model."""
        name = OTHER if model is None else _canonical(model)
        known = self._pairs.get((credential, name))
        if known is not None:
            return known
        if len(self._pairs) >= MAX_PAIRS:
            return OTHER, OTHER
        pair = self._pairs[credential, name] = (
            self.credential(credential),
            OTHER if model is None else self._models.label(name),
        )
        return pair
