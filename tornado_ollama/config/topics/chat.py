"""The topic `chat`: chats over `/ws`."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import DURATION, TEXT


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat(Topic):
    default_model: str | None = setting(
        None,
        TEXT,
        "for messages on `/ws` that name no model; `null`: the first chat model of Ollama",
        more="First is what `/api/tags` has first.",
        env="DEFAULT_MODEL",
    )
    resume_grace: float = setting(
        20.0,
        DURATION,
        "how long a resumable chat runs on after its socket was lost; `0`: not at all",
        more="See [resuming](websocket.md#resuming).",
    )
