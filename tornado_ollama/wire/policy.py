"""The operator's decisions about translation: aliases, defaults per model, limits.

Looks up a model's name and defaults. Does not read the configuration: the values are passed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from .model_names import matches

Overflow = Literal["cut", "error"]
"""What becomes of a prompt, or of a reply, that does not fit into the model's context: Ollama cuts
it, or the client gets an error."""

MAX_CHOICES = 128
"""Most replies one request may ask for, `n` times the number of prompts: OpenAI's limit of `n`."""


class ModelDefaults(Protocol):
    """Defaults for fields that a request omits (`models.defaults` of the configuration)."""

    @property
    def num_ctx(self) -> int | Literal["auto"] | None: ...
    @property
    def keep_alive(self) -> str | int | float | None: ...
    @property
    def think(self) -> bool | str | None: ...
    @property
    def options(self) -> Mapping[str, Any] | None: ...
    @property
    def overflow(self) -> Overflow | None: ...


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults of one model, gathered from every glob that matches it."""

    options: Mapping[str, Any] = field(default_factory=dict)
    keep_alive: str | int | float | None = None
    think: bool | str | None = None
    overflow: Overflow = "cut"
    auto_window: bool = False
    """The gateway chooses `num_ctx` where a request omits it."""

    @property
    def whole(self) -> dict[str, bool]:
        """The fields of a native request by which Ollama refuses what it would cut otherwise; none
        where it may cut. A version of Ollama that does not know them ignores them."""
        return {} if self.overflow == "cut" else {"truncate": False, "shift": False}


@dataclass(frozen=True, slots=True)
class Policy:
    """How the operator wants requests to be translated.

    `aliases`: name a client sends -> name Ollama knows. `defaults`: glob -> defaults; where several
    match, the later ones win. `fetch_images`: whether images given by URL are fetched.
    `refuse_unknown`: whether fields that would be ignored are refused. `reasoning_fields`: the
    fields of an OpenAI reply that hold a model's thoughts.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, ModelDefaults] = field(default_factory=dict)
    fetch_images: bool = False
    refuse_unknown: bool = False
    reasoning_fields: tuple[str, ...] = ("reasoning", "reasoning_content")
    max_num_ctx: int | None = None
    """Most tokens of a window that the gateway chooses."""
    max_choices: int = MAX_CHOICES

    def resolve(self, model: str) -> str:
        """The name that Ollama knows, for the name a client sent."""
        return self.aliases.get(model, model)

    def defaults_for(self, model: str) -> Defaults:
        """The defaults of `model`, a name that Ollama knows."""
        options: dict[str, Any] = {}
        keep_alive: str | int | float | None = None
        think: bool | str | None = None
        overflow: Overflow = "cut"
        auto_window = False
        for glob, defaults in self.defaults.items():
            if not matches(glob, model):
                continue
            options.update(defaults.options or {})
            if defaults.num_ctx == "auto":
                options.pop("num_ctx", None)
            elif defaults.num_ctx is not None:
                options["num_ctx"] = defaults.num_ctx
            if defaults.num_ctx is not None or "num_ctx" in (defaults.options or {}):
                auto_window = defaults.num_ctx == "auto"
            keep_alive = keep_alive if defaults.keep_alive is None else defaults.keep_alive
            think = think if defaults.think is None else defaults.think
            overflow = defaults.overflow or overflow
        return Defaults(options, keep_alive, think, overflow, auto_window)
