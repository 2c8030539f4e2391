"""What installing, removing and showing a service takes: paths, texts and commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

Command = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Whom the service is for, and what of the machine its plan needs to know."""

    system: bool
    """Whether it starts with the machine, for everybody, instead of with one user's session."""
    python: PurePath
    """The interpreter that has the package, by its absolute path."""
    config: PurePath | None
    """The configuration that was asked for; None takes the usual place."""
    home: PurePath
    """The user's home directory."""
    user: str
    """The user's name; on macOS the one that a system service runs as."""
    uid: int = 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done: the account, the files, then the commands of `start`."""

    config: PurePath
    """The configuration; where it is missing the shipped one is copied there, with mode 0640 and,
    where there is an `account`, for its group."""
    file: PurePath
    """The file that makes it a service."""
    text: bytes
    token: str = "tornado-ollama token create --name NAME"
    """A command that makes a token which this service knows."""
    log: str
    """A command that shows the log."""
    account: str | None = None
    """The system's user as whom it runs, which is made where it is missing."""
    start: tuple[Command, ...]
    reload: str
    """How a new configuration is taken in; a command."""
    stop: tuple[Command, ...]
    """Run before the file is removed."""
    removed: tuple[Command, ...] = ()
    """Run after the file is removed."""
    status: Command
    notes: tuple[str, ...] = ()
    """Sentences for who has installed it."""
