"""The topic `log`: the format and the level of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..rows import Topic, setting
from ..rules import one_of, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Log(Topic):
    format: Literal["text", "json"] = setting(
        "text", one_of("text", "json"), "`text` or `json`", env="LOG_FORMAT", at_start=True
    )
    level: Literal["debug", "info", "warning", "error"] = setting(
        "info",
        one_of("debug", "info", "warning", "error"),
        "`debug`, `info`, `warning` or `error`",
        env="LOG_LEVEL",
        flag="--log-level",
        at_start=True,
    )
    max_per_second: int = setting(
        5000,
        whole("a number of lines", 0),
        "lines below `warning` that are written in a second; `0`: no limit",
        more="Further ones are counted, and one line says how many they were.",
        at_start=True,
    )
