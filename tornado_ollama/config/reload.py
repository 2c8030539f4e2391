"""Reads the configuration again while the process runs, and refuses a file that looks cut off or
gives access by accident.

A file may be read while an editor or a deployment is writing it: it is empty then, or ends too
early. YAML does not show that, because the beginning of a file is mostly valid YAML too, and what
is missing at the end is often what limits a credential. So a reload waits until the files have
stopped changing, and gives nobody access who had none before, unless the file says so explicitly.
At the start of the process the file is taken as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from ..access.tokens import StaticToken
from ..errors import ConfigError
from .files import Files
from .inspection import Inspection, inspection
from .layers import Document, read_document
from .load import settings_from
from .rows import kept_until_restart
from .settings import Settings
from .topics.auth import Auth
from .widened import widened

STILL_S = 0.2
"""Files that have not changed for so many seconds count as complete."""

ATTEMPTS = 25
"""How often that is tried, for 5 seconds in all, before the reload is refused."""

CHANGING = "{path}: it, or a file that it names, is being written all the time"
EMPTY = "{path}: is empty; without any key it is taken at a start, but not at a reload"
CUT_LINE = "{path}: ends within a line, and what was read before did not; it looks cut"
CUT = (
    "{path}: is the beginning of what was read before, so it looks cut; "
    "if this is all of it, end it with a line of three points: ..."
)
OPENED = (
    "auth: no credential is configured, so everybody who can connect could do everything; "
    "if that is meant, say auth.anonymous: true, or start anew"
)


class SettingsReader:
    """Reads the settings: call it at the start of the process, `reload` after that."""

    def __init__(
        self,
        path: Path | None,
        environ: Mapping[str, str],
        flags: Mapping[str, object],
        *,
        serving: bool,
        holds_tokens: Callable[[Path], bool] | None = None,
    ) -> None:
        """The arguments of `load`."""
        self._path = path
        self._environ = environ
        self._flags = flags
        self._serving = serving
        self._holds_tokens = holds_tokens
        self._accepted: tuple[_Lines | None, Settings] | None = None

    def __call__(self) -> Settings:
        """Reads the settings at once. Raises ConfigError."""
        return self._accept(*self._read(Files()))

    def inspect(self) -> Inspection:
        """Reads the settings for a command that judges the configuration. Raises ConfigError."""
        return inspection(self._path, self._environ, self._flags)

    async def reload(
        self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> tuple[Settings, tuple[str, ...]]:
        """Waits until the files have stopped changing, and reads the settings again. Also returns a
        sentence for the log for each credential that may do more than before. Only after a first
        call. Raises ConfigError."""
        assert self._accepted is not None
        _, old = self._accepted
        for _ in range(ATTEMPTS):
            files, mistake = Files(), None
            try:
                found = await asyncio.to_thread(self._read, files)
            except ConfigError as error:  # it may be a half of a file
                mistake = error
            await sleep(STILL_S)
            if not await asyncio.to_thread(files.unchanged):
                continue
            if mistake is not None:
                raise mistake
            settings = self._accept(*found)
            return settings, widened(old, settings)
        raise ConfigError(CHANGING.format(path=self._path))

    def _read(self, files: Files) -> tuple[Document | None, Settings]:
        file = None if self._path is None else read_document(self._path, files)
        return file, settings_from(
            file,
            self._environ,
            self._flags,
            files,
            serving=self._serving,
            holds_tokens=self._holds_tokens,
        )

    def _accept(self, file: Document | None, settings: Settings) -> Settings:
        lines = None if file is None else _Lines.of(file.text)
        if self._accepted is not None:
            before, old = self._accepted
            settings = kept_until_restart(old, settings)  # who may be anonymous depends on it
            if file is not None and not file.table:
                raise ConfigError(EMPTY.format(path=file.path))
            if lines is not None and before is not None:
                _refuse_cut(before, lines, old, settings, self._path)
            _refuse_opening(old, settings)
        self._accepted = (lines, settings)
        return settings


@dataclass(frozen=True, slots=True)
class _Lines:
    """Hashes of a file's lines, to detect a file that was cut off. Holds no token."""

    lines: tuple[tuple[int, bytes], ...]
    """Size in bytes and SHA-256 of each, its end included."""
    ended: bool
    """The last line has an end, or the file closes a bracket with which it began."""

    @classmethod
    def of(cls, text: bytes) -> _Lines:
        lines = tuple((len(line), sha256(line).digest()) for line in text.splitlines(True))
        return cls(lines, text.endswith(b"\n") or text.lstrip().startswith(b"{"))

    def begins(self, other: _Lines) -> bool:
        """Whether this looks like `other` cut off. The last line, where it has no line end, is
        compared by size only."""
        whole = self.lines if self.ended else self.lines[:-1]
        count = len(whole)
        if not whole or count >= len(other.lines) or whole != other.lines[:count]:
            return False
        return self.ended or self.lines[-1][0] < other.lines[count][0]


def _refuse_opening(old: Settings, new: Settings) -> None:
    closed_before = old.auth.configured or new.anonymous_scopes() - old.anonymous_scopes()
    if closed_before and not new.auth.configured and new.auth.anonymous == "auto":
        raise ConfigError(OPENED)


def _refuse_cut(
    before: _Lines, now: _Lines, old: Settings, new: Settings, path: Path | None
) -> None:
    if before.ended and not now.ended:
        raise ConfigError(CUT_LINE.format(path=path))
    if now.begins(before) and not _only_less(old, new):
        raise ConfigError(CUT.format(path=path))


def _only_less(old: Settings, new: Settings) -> bool:
    """Whether the only change is that credentials were removed: a file from which the operator has
    removed the last entry looks cut off, and is accepted."""
    return (
        replace(new, auth=Auth(), warnings=()) == replace(old, auth=Auth(), warnings=())
        and new.anonymous_scopes() <= old.anonymous_scopes()
        and all(_was_given(token, old.auth.tokens) for token in new.auth.tokens)
        and all(key in old.auth.jwt_keys for key in new.auth.jwt_keys)
    )


def _was_given(token: StaticToken, before: Iterable[StaticToken]) -> bool:
    """Whether `before` has the same token with the same bounds and at least its scopes."""
    bounds = (token.sha256, token.models, token.expires)
    return any(
        bounds == (other.sha256, other.models, other.expires) and token.scopes <= other.scopes
        for other in before
    )
