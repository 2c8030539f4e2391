"""The context windows in use: which one each model has in memory or is about to get, how long each
model's own is, and how many tokens a byte of its prompts has.

Owns this state, for the whole process; the choice itself is pure (`wire/context_window.py`). What
`/api/ps` says may be some seconds old and does not name a model that is still loading, so the
requests that are on their way count besides: two callers of one model shall not make Ollama load it
back and forth.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..errors import GatewayError
from ..upstream.catalogue import Catalogue
from ..upstream.ollama import Ollama
from ..wire.context_window import TokenRate, chosen_window
from ..wire.model_listing import own_length
from ..wire.model_names import canonical

BELIEVED_S = 5.0
"""What `/api/ps` is said to have answered may be that old: a window counts as loaded where its last
request has ended later."""

KEPT_LENGTH_S = 60.0
"""How long a model's own length is remembered: a pull may bring another model of its name."""

SHOW_TIMEOUT_S = 5.0

MAX_MODELS = 1000
"""Most models that are remembered; then all are forgotten."""

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class _Used:
    """The window that a model was last asked to have."""

    window: int = 0
    in_flight: int = 0
    used_at: float = float("-inf")
    own: int | None = None
    own_asked_at: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Seen:
    """What Ollama said of a model: the window that it has in memory, 0 where it is not there and
    None where Ollama did not answer; and the longest window it was made for, if that is known."""

    loaded: int | None = None
    own: int | None = None
    at: float = 0.0
    """When it said so, in seconds of the clock."""


class Windows:
    """One for the process. Models are known by the name that Ollama knows."""

    def __init__(self, catalogue: Catalogue, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: in seconds; it never goes back."""
        self._catalogue = catalogue
        self._clock = clock
        self._used: dict[tuple[str, str], _Used] = {}
        """By the address of Ollama and the model."""
        self._rates: dict[str, TokenRate] = {}

    def rate(self, model: str) -> TokenRate:
        """The model's tokens per byte, which whoever counts a prompt adds to."""
        return _kept(self._rates, canonical(model), TokenRate)

    async def look(
        self, ollama: Ollama, model: str, headers: Sequence[tuple[str, str]] = ()
    ) -> Seen:
        """Asks Ollama about a model, unless it said so a moment ago."""
        own = await self._own_length(ollama, model, headers)
        return Seen(await self.loaded(ollama, model), own, self._clock())

    async def loaded(self, ollama: Ollama, model: str) -> int | None:
        """The window that a model has in memory, as in `Seen`."""
        models = await self._catalogue.loaded(ollama)
        if models is None:
            return None
        name = canonical(model)
        return next((one.window or 0 for one in models if canonical(one.name) == name), 0)

    def take(self, where: str, model: str, tokens: int, seen: Seen, most: int | None) -> int:
        """Chooses the window for a request that is about to be sent to the Ollama at `where`, and
        counts the request among those in flight; `release` must follow. `tokens`: what it needs."""
        used = _kept(self._used, (where, canonical(model)), _Used)
        loaded = seen.loaded or 0
        if used.in_flight or seen.loaded is None or used.used_at >= seen.at - BELIEVED_S:
            loaded = max(loaded, used.window)
        used.window = chosen_window(tokens, loaded=loaded, own=seen.own, most=most)
        used.in_flight += 1
        return used.window

    def release(self, where: str, model: str) -> None:
        """Ends a request for which a window was taken."""
        used = _kept(self._used, (where, canonical(model)), _Used)
        used.in_flight = max(0, used.in_flight - 1)
        used.used_at = self._clock()

    async def _own_length(
        self, ollama: Ollama, model: str, headers: Sequence[tuple[str, str]]
    ) -> int | None:
        used = _kept(self._used, (ollama.backend.upstream.base_url, canonical(model)), _Used)
        now = self._clock()
        if now - used.own_asked_at > KEPT_LENGTH_S:
            try:
                show = self._catalogue.show(ollama, model, list(headers), timeout=SHOW_TIMEOUT_S)
                used.own, used.own_asked_at = own_length(await show), now
            except GatewayError:
                pass  # the request itself will say what is wrong
        return used.own


def _kept(where: dict[Key, Value], key: Key, make: Callable[[], Value]) -> Value:
    found = where.get(key)
    if found is None:
        if len(where) >= MAX_MODELS:
            where.clear()
        found = where[key] = make()
    return found
