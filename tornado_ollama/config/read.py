"""The tree of layers into settings, key by key: what is known, of which type, within which rule.

Every complaint is one line: the key's path, the value (never a secret's), the rule, the source.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from ..errors import ConfigError
from .layers import Given, Tree
from .rules import RULES
from .settings import Topic, Written

SECRET_KEYS = ("auth.generate_tokens", "auth.model_tokens", "auth.jwt.secret")
HIDDEN = "<hidden>"
MAX_SHOWN_CHARS = 80

T = TypeVar("T", bound=Topic)


def read(tree: Tree) -> Written:
    """All keys of the tree. Raises ConfigError."""
    return _topic(Written, tree, "")


def impossible(key: str, value: Any, rule: str, source: str) -> ConfigError:
    """`<key>: <value> is not possible, it must be <rule> (<source>)`."""
    return ConfigError(f"{key}: {_shown(key, value)} is not possible, it must be {rule} ({source})")


def source_of(tree: Tree, key: str) -> str:
    """Where the value of a dotted key is from."""
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
    fields = {field.name: field.type for field in msgspec.structs.fields(cls)}
    for key in tree:
        if key not in fields:
            raise _unknown(_join(path, key), key, fields, _source(tree[key]))
    found = {
        name: _value(cls, name, fields[name], value, _join(path, name))
        for name, value in tree.items()
        if not (isinstance(value, Given) and value.value is None)  # null: the default
    }
    return cls(**found)


def _value(cls: type[Topic], name: str, wanted: Any, value: Any, path: str) -> Any:
    if isinstance(wanted, type) and issubclass(wanted, Topic):
        return _topic(wanted, value, path)
    if get_origin(wanted) is dict and isinstance(value, dict):
        item = get_args(wanted)[1]
        if isinstance(item, type) and issubclass(item, Topic):
            return _topics(item, value, path)
    source = _source(value)
    plain = _plain(value)
    textual = isinstance(value, Given) and value.textual
    try:
        converted = msgspec.convert(plain, wanted, strict=not textual)
        if not _finite(converted):
            raise ValueError
    except ValueError:  # msgspec's own error is one
        raise impossible(path, plain, _rule(wanted), source) from None
    check = RULES.get((cls, name))
    if check is None:
        return converted
    try:
        return check(converted)
    except ValueError as error:
        raise impossible(path, plain, str(error), source) from None


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


def _rule(wanted: Any) -> str:
    """The rule of a type: the outermost that says one."""
    for meta in getattr(wanted, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.extra:
            return str(meta.extra["rule"])
    for part in get_args(wanted):
        if rule := _rule(part):
            return rule
    return "a table of keys" if get_origin(wanted) is dict else ""


def _source(value: Any) -> str:
    while isinstance(value, dict):
        value = next(iter(value.values()))  # an empty table is a `Given`
    return str(value.source)


def _plain(value: Any) -> Any:
    if isinstance(value, Given):
        return value.value
    return {key: _plain(item) for key, item in value.items()}


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _shown(key: str, value: Any) -> str:
    if key.startswith(SECRET_KEYS[:2]) or key == SECRET_KEYS[2]:
        return HIDDEN
    if key == "service.base_url" and "@" in str(value):
        return HIDDEN  # it may hold a password
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + "..."
