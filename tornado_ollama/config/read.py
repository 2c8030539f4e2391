"""Turns the merged layers into settings, and refuses unknown keys and wrong values.

Every error is one line: the dotted key, the value (never a secret), the rule, the source.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Iterable
from typing import Any, TypeVar

from ..errors import ConfigError
from .layers import Given, Tree
from .rows import Row, Topic, default_of, row_of
from .settings import SETTINGS, Written

HIDDEN = "<hidden>"
MAX_SHOWN_CHARS = 80

T = TypeVar("T", bound=Topic)


def read(tree: Tree) -> Written:
    """The settings of the merged tree. Raises ConfigError for the first key or value that is
    refused."""
    return _topic(Written, tree, "")


def impossible(key: str, value: Any, rule: str, source: str) -> ConfigError:
    """Makes the error `<key>: <value> is not possible, it must be <rule> (<source>)`. The key is
    that of a setting, of an item within it (`auth.model_tokens[0].name`), or of a table."""
    return _impossible(key, value, rule, source, hidden=_hides(key.partition("[")[0], value))


def source_of(tree: Tree, key: str) -> str:
    """The source (file, variable or flag) of the value of a dotted key."""
    at: Any = tree
    for name in key.split("."):
        if not isinstance(at, dict) or name not in at:
            return "the default"
        at = at[name]
    return _source(at)


def _topic(cls: type[T], tree: Any, path: str) -> T:
    if isinstance(tree, Given):
        if tree.value in (None, {}):
            return cls()
        raise impossible(path, tree.value, "a table of keys", tree.source)
    known = {declared.name: declared for declared in dataclasses.fields(cls)}
    for key in tree:
        if key not in known:
            raise _unknown(_join(path, key), key, known, _source(tree[key]))
    found = {
        name: _value(known[name], value, _join(path, name))
        for name, value in tree.items()
        if not (isinstance(value, Given) and value.value is None)  # null: the default
    }
    return cls(**found)


def _value(declared: dataclasses.Field[Any], value: Any, path: str) -> Any:
    row = row_of(declared)
    if row is None:
        return _topic(type(default_of(declared)), value, path)
    if row.item is not None and isinstance(value, dict):
        return _topics(row.item, value, path)
    return _checked(row, value, path)


def _checked(row: Row, value: Any, path: str) -> Any:
    plain = _plain(value)
    textual = isinstance(value, Given) and value.textual
    try:
        return row.rule.value(plain, textual=textual)
    except ValueError as error:
        hidden = row.hides(plain)
        raise _impossible(path, plain, str(error), _source(value), hidden=hidden) from None


def _topics(item: type[Topic], table: Tree, path: str) -> dict[str, Topic]:
    for key in table:
        if not isinstance(key, str):
            rule = "the key must be a text; put it in quotes"
            raise ConfigError(f"{_join(path, key)}: {rule} ({_source(table[key])})")
    return {key: _topic(item, value, _join(path, key)) for key, value in table.items()}


def _unknown(path: str, key: object, known: Iterable[str], source: str) -> ConfigError:
    near = difflib.get_close_matches(str(key), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return ConfigError(f"{path}: is not a known key, {hint} ({source})")


def _join(path: str, key: object) -> str:
    text = str(key)
    text = text if text.isprintable() and len(text) <= MAX_SHOWN_CHARS else repr(text)[:80]
    return f"{path}.{text}" if path else text


def _source(value: Any) -> str:
    while isinstance(value, dict):
        value = next(iter(value.values()))  # an empty table is a `Given`
    return str(value.source)


def _plain(value: Any) -> Any:
    if isinstance(value, Given):
        return value.value
    return {key: _plain(item) for key, item in value.items()}


def _impossible(key: str, value: Any, rule: str, source: str, *, hidden: bool) -> ConfigError:
    shown = HIDDEN if hidden else _shown(value)
    return ConfigError(f"{key}: {shown} is not possible, it must be {rule} ({source})")


def _hides(key: str, value: Any) -> bool:
    """Whether the value must not be shown. True also for a table that has a secret, because the
    secret may be given in the table's place by mistake."""
    if key in SETTINGS:
        return SETTINGS[key].row.hides(value)
    within = (setting for setting in SETTINGS.values() if setting.key.startswith(f"{key}."))
    return any(setting.row.hides(value) for setting in within)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + "..."
