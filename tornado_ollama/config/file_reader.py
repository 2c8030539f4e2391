"""Reads the files that keys of the configuration name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .files import Files
from .read import impossible

MAX_SECRET_FILE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the files that keys of the configuration name. Its errors name the key."""

    directory: Path
    source: Callable[[str], str]
    files: Files

    def file(self, key: str, name: str) -> bytes:
        """The content of a file; a relative name starts at the configuration's directory. Raises
        ConfigError for a file that cannot be read or is too large."""
        try:
            path = self.directory / Path(name).expanduser()
            content = self.files.read(path, MAX_SECRET_FILE_BYTES)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            rule = f"a file that can be read, but: {reason}"
            raise self.impossible(key, name, rule) from None
        if len(content) > MAX_SECRET_FILE_BYTES:
            raise self.impossible(key, name, f"a file of up to {MAX_SECRET_FILE_BYTES} bytes")
        return content

    def secret(self, key: str, name: str) -> str:
        """The text of a file, without white space around it. Raises ConfigError as `file` does."""
        try:
            return self.file(key, name).decode("utf-8").strip()
        except UnicodeDecodeError:
            raise self.impossible(key, name, "a file of text") from None

    def impossible(self, key: str, value: Any, rule: str) -> ConfigError:
        return impossible(key, value, rule, self.source(key.partition("[")[0]))
