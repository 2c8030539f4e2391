"""The topic `openai`: OpenAI's API under `/v1`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..rows import Topic, setting
from ..rules import SWITCH, one_of


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAI(Topic):
    fetch_images: bool = setting(
        False,
        SWITCH,
        "`true`: fetch images that a request to `/v1` gives by URL",
        more="See [openai.md](openai.md).",
    )
    unknown_fields: Literal["ignore", "refuse"] = setting(
        "ignore",
        one_of("ignore", "refuse"),
        "fields of a request to `/v1` that nothing reads: `ignore` or `refuse`",
        more="Those that are ignored stand in `X-Ignored-Fields`, a refusal is a 400. "
        "See [openai.md](openai.md#no-field-is-silently-dropped).",
    )
    reasoning_field: Literal["both", "reasoning", "reasoning_content"] = setting(
        "both",
        one_of("both", "reasoning", "reasoning_content"),
        "where a model's thoughts stand in the reply to a chat: `reasoning`, `reasoning_content` "
        "or `both`",
        more="See [openai.md](openai.md#the-reply).",
    )

    @property
    def reasoning_fields(self) -> tuple[str, ...]:
        names = ("reasoning", "reasoning_content")
        return names if self.reasoning_field == "both" else (self.reasoning_field,)
