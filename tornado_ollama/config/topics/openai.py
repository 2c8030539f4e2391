"""`openai`: OpenAI's API under `/v1`."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import SWITCH


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAI(Topic):
    fetch_images: bool = setting(
        False,
        SWITCH,
        "`true`: fetch images that a request to `/v1` gives by URL",
        more="See [openai.md](openai.md).",
    )
