"""The topic `models`: aliases of models, and defaults for fields that a request omits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..formats import ALIASES, KEEP_ALIVE, NUM_CTX
from ..rows import Topic, setting, tables
from ..rules import SWITCH, TABLE, one_of, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelDefaults(Topic):
    """The defaults of a model for fields that a request omits."""

    num_ctx: int | Literal["auto"] | None = setting(
        None,
        NUM_CTX,
        "length of the context in tokens; `auto`: as long as each conversation needs",
        more="[What `auto` does](#the-context).",
        example="auto",
    )
    keep_alive: str | int | float | None = setting(
        None,
        KEEP_ALIVE,
        "how long the model stays loaded: seconds or a time; negative is for ever",
        example="30m",
    )
    think: Literal["low", "medium", "high", "max"] | bool | None = setting(
        None,
        one_of(True, False, "low", "medium", "high", "max"),
        "`true`, `false`, `low`, `medium`, `high` or `max`",
        example=False,
    )
    options: dict[str, Any] | None = setting(
        None, TABLE, "any of Ollama's options", example={"temperature": 0.2}
    )
    overflow: Literal["cut", "error"] | None = setting(
        None,
        one_of("cut", "error"),
        "what becomes of a conversation that does not fit into the context: `cut`, as Ollama does "
        "without a word, or `error`",
        more="`/v1/responses` and `/v1/messages` always answer with the error by which agents "
        "shorten their conversation.",
        example="error",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelLimits(Topic):
    """The most that a request may ask of a model."""

    num_ctx: int | None = setting(
        None, whole("a number of tokens", 1), "length of the context in tokens", example=8192
    )
    num_predict: int | None = setting(
        None,
        whole("a number of tokens", 1),
        "length of a reply in tokens, also where a request says nothing",
        example=2000,
    )
    num_gpu: int | None = setting(
        None, whole("a number of layers", 0), "layers on the GPU", example=99
    )
    keep_alive: str | int | float | None = setting(
        None, KEEP_ALIVE, "how long the model stays loaded: seconds or a time", example="1h"
    )
    forbid: bool = setting(
        False,
        SWITCH,
        "`true`: a request beyond a limit is refused with 403 instead of bounded",
        example=True,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Models(Topic):
    aliases: dict[str, str] = setting(
        {},
        ALIASES,
        'name the client sends: name Ollama knows, as `{gpt-4o: "llama3.1:8b"}`',
        more="For `/v1` and for chats over `/ws`; `/api` passes names as they are.",
    )
    defaults: dict[str, ModelDefaults] = tables(
        ModelDefaults,
        "used where a request is silent, by glob of the model's name; the later wins",
        more="For `/v1` and for chats over `/ws`. Globs are matched after aliases.",
        example="qwen3*",
    )
    limits: dict[str, ModelLimits] = tables(
        ModelLimits,
        "bounds what requests may ask of a model, by glob of its name; all that match hold",
        more="On every API. What was changed is named in the reply's header `X-Model-Limits`.",
        example="qwen3*",
    )
    max_num_ctx: int | None = setting(
        None,
        whole("a number of tokens", 1),
        "most tokens of a context that `num_ctx: auto` chooses; unset, the model's own length",
        more="Memory for the context grows with its length: set what your machine has room for.",
    )
