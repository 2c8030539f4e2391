"""File, environment and flags into one tree of values that remembers where each is from.

Owns the names of the variables, and what text in a variable means. Knows no rules of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError
from .files import Files

MAX_FILE_BYTES = 4 * 1024 * 1024

VARIABLES = {
    "HOST": "listen.host",
    "PORT": "listen.port",
    "ALLOWED_HOSTS": "listen.allowed_hosts",
    "BACKEND_URL": "service.base_url",
    "OLLAMA_BASE_URL": "service.base_url",
    "TIMEOUT": "service.timeout",
    "JWT_SECRET_KEY": "auth.jwt.secret",
    "OLLAMA_ORIGINS": "cors.origins",
    "CORS_ORIGINS": "cors.origins",
    "DEFAULT_MODEL": "chat.default_model",
    "LOG_FORMAT": "log.format",
    "LOG_LEVEL": "log.level",
}
"""Of two names for one key the one below wins."""

LISTS = frozenset(("listen.allowed_hosts", "cors.origins"))
"""Keys whose variables hold a list, separated by commas."""

LOWERED = frozenset(("log.format", "log.level"))
"""Keys whose values are often written in capitals in variables."""

FLAGS = {
    "listen.host": "--host",
    "listen.port": "--port",
    "log.level": "--log-level",
    "service.base_url": "--url",
}

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
    """One value as it was given. Text from a variable or flag may stand for a number."""

    value: Any
    source: str
    textual: bool = False


Tree = dict[str, Any]
"""Tables as dicts by key, all other values, and empty tables, as `Given`."""


def merged_layers(
    document: Document | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> Tree:
    """All layers, the later over the earlier."""
    tree: Tree = {}
    if document is not None:
        for key, value in document.table.items():
            tree[key] = _with_source(value, str(document.path))
    for key, given in _from_environment(environ):
        _set(tree, key, given)
    for key, value in flags.items():
        if value is not None:
            _set(tree, key, Given(value, FLAGS.get(key, "flag"), textual=True))
    return tree


def read_document(path: Path, files: Files) -> Document:
    """Raises ConfigError for a file that cannot be read, is far too large, or holds no table."""
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
    """Refuses what YAML allows and nobody means: a key twice, aliases (which can grow a small file
    without bound, and which a bare `*` is by mistake), and numbers to the base 60 (`1:30` is 90 in
    YAML 1.1; reading a long one takes quadratic time)."""

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


def _problem(text: str, mark: yaml.error.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=text, problem_mark=mark)


def _with_source(value: Any, source: str) -> Any:
    if isinstance(value, dict) and value:
        return {key: _with_source(item, source) for key, item in value.items()}
    return Given(value, source)


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    for name, key in VARIABLES.items():
        text = environ.get(name, "").strip()
        if not text:
            continue  # an empty variable is one that is not set
        value: Any = text
        if key in LISTS:
            value = [item.strip() for item in text.split(",") if item.strip()]
        elif key in LOWERED:
            value = text.lower()
        yield key, Given(value, name, textual=True)


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
