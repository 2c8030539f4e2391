"""The files of a configuration that hold secrets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .layers import Tree
from .read import source_of
from .settings import SETTINGS, Written


def files_with_secrets(written: Written, tree: Tree) -> Iterator[str]:
    """The names of the files that hold secrets, as the configuration writes them: a relative name
    starts at the configuration's directory."""
    auth = written.auth
    lists = {"generate_tokens": auth.generate_tokens, "model_tokens": auth.model_tokens}
    for name, items in lists.items():
        for item in items:
            entry: dict[str, Any] = item if isinstance(item, dict) else {"token": item}
            if entry.get("token"):
                yield Path(source_of(tree, f"auth.{name}")).name
            elif entry.get("token_file"):
                yield entry["token_file"]
    if auth.jwt.secret_file:
        yield auth.jwt.secret_file
    elif auth.jwt.secret:
        source = source_of(tree, "auth.jwt.secret")
        if source not in SETTINGS["auth.jwt.secret"].row.variables:
            yield Path(source).name
