"""Merges file, environment and flags into one tree of values, each with its source.

The rows of the settings declare the variables and flags, and how their text is read. Checks no
limits of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError
from .files import Files
from .rows import Setting
from .settings import SETTINGS

MAX_FILE_BYTES = 4 * 1024 * 1024

EXCLUSIVE = {"auth.jwt.secret": "auth.jwt.secret_file"}
"""Setting the one in a later layer replaces the other of an earlier one."""


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration file as it was read."""

    path: Path
    text: bytes = field(repr=False)
    table: dict[Any, Any] = field(repr=False)
    """By key, as it stands there; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value as the user wrote it, with its source. Text of a variable or flag may stand for a
    number."""

    value: Any
    source: str
    textual: bool = False


Tree = dict[str, Any]
"""Tables as dicts by key, all other values, and empty tables, as `Given`."""


def merged_layers(
    document: Document | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> Tree:
    """All layers in one tree; the value of a later layer replaces that of an earlier one."""
    tree: Tree = {}
    if document is not None:
        for key, value in document.table.items():
            tree[key] = _with_source(value, str(document.path))
    for key, given in (*_from_environment(environ), *_from_flags(flags)):
        _set(tree, key, given)
    return tree


def read_document(path: Path, files: Files) -> Document:
    """Reads a configuration file. Raises ConfigError for one that cannot be read, is far too large,
    or whose root is not a table."""
    try:
        raw = files.read(path, MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(f"{path}: is larger than {MAX_FILE_BYTES} bytes")
    return Document(path, raw, _table(path, raw))


def _table(path: Path, raw: bytes) -> dict[Any, Any]:
    try:
        table = yaml.load(raw.decode("utf-8-sig"), _Loader)  # a SafeLoader
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    except _Mistake as error:
        raise ConfigError(f"{path}{_line(error)}: {error.problem}") from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}{_line(error)}: is not YAML ({error.problem})") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"{path}: is not YAML") from None
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: must hold keys such as `listen:`")
    return table


def _line(error: yaml.MarkedYAMLError) -> str:
    return f", line {error.problem_mark.line + 1}" if error.problem_mark else ""


_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class _Loader(yaml.SafeLoader):
    """A YAML loader that refuses what is legal YAML but nearly always a mistake: a key given twice,
    aliases (which can grow a small file without bound, and which a bare `*` is by mistake), and
    numbers to the base 60 (`1:30` is 90 in YAML 1.1; reading a long one takes quadratic time)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise _problem(f"the key {key.value!r} is there twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            raise _problem("put * in quotes", mark)
        node = super().compose_node(parent, index)
        if node is not None and node.tag in _NUMBERS and ":" in node.value:
            raise _problem(f"put {node.value[:20]} in quotes", node.start_mark)
        return node


class _Mistake(yaml.MarkedYAMLError):
    """YAML that is refused though it is legal."""


def _problem(text: str, mark: yaml.error.Mark) -> _Mistake:
    return _Mistake(problem=text, problem_mark=mark)


def _with_source(value: Any, source: str) -> Any:
    if isinstance(value, dict) and value:
        return {key: _with_source(item, source) for key, item in value.items()}
    return Given(value, source)


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    for setting in SETTINGS.values():
        for name in setting.row.variables:
            if text := environ.get(name, "").strip():  # an empty variable is one that is not set
                yield setting.key, _textual(setting, text, name)
                break


def _from_flags(flags: Mapping[str, object]) -> Iterator[tuple[str, Given]]:
    for key, value in flags.items():
        if value is not None:
            flag = SETTINGS[key].row.flag
            yield key, _textual(SETTINGS[key], str(value), flag.name if flag else "flag")


def _textual(setting: Setting, text: str, source: str) -> Given:
    return Given(setting.row.rule.from_text(text), source, textual=True)


def _set(tree: Tree, key: str, given: Given) -> None:
    _replace(tree, key, given)
    if key in EXCLUSIVE:
        _replace(tree, EXCLUSIVE[key], Given(None, given.source))


def _replace(tree: Tree, key: str, given: Given) -> None:
    *tables, last = key.split(".")
    for name in tables:
        table = tree.get(name)
        if not isinstance(table, dict):
            if isinstance(table, Given) and table.value not in (None, {}):
                return  # not a table: `read` says so, and where it is from
            table = tree[name] = {}
        tree = table
    tree[last] = given
