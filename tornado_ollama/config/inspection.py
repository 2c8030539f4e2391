"""The configuration with what the settings no longer show, for a command that judges it: which
files hold secrets, and the tokens as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..access.fingerprint import digest
from .file_reader import Reader
from .files import Files
from .layers import merged_layers, read_document
from .load import settings_from
from .read import read, source_of
from .secret_files import files_with_secrets
from .settings import Settings, Written


@dataclass(frozen=True, slots=True)
class WrittenToken:
    """A token whose text is known, because the configuration or a file has it."""

    sha256: bytes = field(repr=False)
    text: str = field(repr=False)
    file: Path | None
    """Where it is; None: in the configuration itself."""


@dataclass(frozen=True, slots=True)
class Inspection:
    settings: Settings
    config_file: Path | None
    secret_files: frozenset[Path]
    """Besides the private key of `listen.tls`."""
    tokens: tuple[WrittenToken, ...]


def inspection(
    path: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> Inspection:
    """Reads the settings as `load` does for a command that opens no port. Raises ConfigError."""
    files = Files()
    document = None if path is None else read_document(path, files)
    settings = settings_from(document, environ, flags, files, serving=False)
    tree = merged_layers(document, environ, flags)
    written = read(tree)
    directory = document.path.parent if document else Path()
    reader = Reader(directory, lambda key: source_of(tree, key), files)
    named = (directory / Path(name).expanduser() for name in files_with_secrets(written, tree))
    return Inspection(
        settings,
        path,
        frozenset(file for file in named if file.is_file()),  # a variable is none
        tuple(_tokens(written, reader)),
    )


def _tokens(written: Written, reader: Reader) -> Iterator[WrittenToken]:
    lists = {"generate_tokens": written.auth.generate_tokens}
    lists["model_tokens"] = written.auth.model_tokens
    for name, items in lists.items():
        for item in items:
            entry: dict[str, Any] = item if isinstance(item, dict) else {"token": item}
            if text := entry.get("token"):
                yield WrittenToken(digest(text), text, None)
            elif file := entry.get("token_file"):
                text = reader.secret(f"auth.{name}", file)
                yield WrittenToken(digest(text), text, reader.directory / Path(file).expanduser())
