"""The topic `state`: the directory of what outlives the process."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import TEXT


@dataclass(frozen=True, kw_only=True, slots=True)
class State(Topic):
    directory: str | None = setting(
        None,
        TEXT,
        "directory of the gateway's database; by default `~/.local/state/tornado-ollama`",
        more="Or `tornado-ollama` in `$XDG_STATE_HOME`, where that is set; systemd sets "
        "`STATE_DIRECTORY`. It is made, for its owner alone, when something is to be kept. "
        "Set it here where the commands run as another user or without that variable.",
        env="STATE_DIRECTORY",
        at_start=True,
    )
