"""Makes the files that show the settings from their rows (`tornado_ollama/config/`).

    python -m tools.settings_files            writes those that differ, and says which
    python -m tools.settings_files --check    only says which; exit code 1 if there is one

These are `config.yaml`, `config.schema.json` (for editors), and the tables of
`docs/configuration.md`, which stand there between two comments.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tornado_ollama.config.quotas import shown
from tornado_ollama.config.rows import Row, Topic, default_of, row_of, settings_of
from tornado_ollama.config.settings import Written
from tornado_ollama.config.topics.token_entry import TokenEntry

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "config.yaml"
PAGE = ROOT / "docs" / "configuration.md"
SCHEMA = ROOT / "config.schema.json"

HEAD = f"""\
# yaml-language-server: $schema={SCHEMA.name}
#
# Configuration of tornado-ollama. Every key is here with its default; change what you need.
#
# A later layer wins: these defaults < this file < environment (and .env) < command line.
# Paths of files start at the directory of this file. Times are seconds. SIGHUP reads it again.
"""

COMMENT_COLUMNS = range(25, 35)
"""Where the comments of a table may begin: behind its longest key that leaves them there."""

LINE_CHARS = 130
"""Longest line of `config.yaml`; a comment that does not fit stands above its key."""

MARKS = re.compile(r"(<!-- made by make docs: (\w+) -->\n).*?(<!-- end -->\n)", re.S)
"""In the page: around what is made, with the name of the table."""

Field = dataclasses.Field[Any]


def files() -> dict[Path, str]:
    """Each file that is made from the rows, and what it must hold."""
    schema = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    return {
        CONFIG: config_yaml(),
        SCHEMA: schema,
        PAGE: page(PAGE.read_text(encoding="utf-8")),
    }


# -- config.yaml ------------------------------------------------------------------------------


def config_yaml() -> str:
    """The defaults as a file, with a comment for each key."""
    topics = ("\n".join(_yaml(field, "")) for field in dataclasses.fields(Written))
    return HEAD + "\n" + "\n\n".join(topics) + "\n"


def _yaml(field: Field, indent: str) -> Iterator[str]:
    default = default_of(field)
    yield f"{indent}{field.name}:"
    yield from _comment(default.NOTE, f"{indent}  ")
    rows = filter(None, map(row_of, dataclasses.fields(default)))
    if entry := next((row.entry for row in rows if row.entry is not None), None):
        shown = [inner for inner in dataclasses.fields(entry) if example_of(inner) is not None]
        for start, line in zip(chain(["- "], repeat("  ")), _table(shown, ""), strict=False):
            yield f"{indent}  #   {start}{line}"
    yield from _table(dataclasses.fields(default), f"{indent}  ")


def _table(fields: Iterable[Field], indent: str) -> Iterator[str]:
    keys = {field: f"{indent}{field.name}: {as_yaml(example_of(field))}" for field in fields}
    ends = (len(key) + 2 for field, key in keys.items() if row_of(field) is not None)
    column = max((end for end in ends if end in COMMENT_COLUMNS), default=COMMENT_COLUMNS.start)
    for field, key in keys.items():
        row = row_of(field)
        if row is None:
            yield from _yaml(field, indent)
        elif row.item is not None:
            yield from _comment(f"{row.plain_sentence}:", indent)
            yield f'{indent}#   "{row.example}":'
            for line in _table(dataclasses.fields(row.item), ""):
                yield f"{indent}#     {line}"
            yield f"{indent}{field.name}: {{}}"
        else:
            yield from _entry(key, row, indent, column)


def _entry(key: str, row: Row, indent: str, column: int) -> Iterator[str]:
    """A key with its comment behind it, or above it where the line would get too long."""
    variables = f"  ({', '.join(row.variables)})" if row.variables else ""
    comment = row.plain_sentence + variables
    line = f"{key:<{column - 2}}  # {comment}"
    if len(line) > LINE_CHARS:
        yield from _comment(comment, indent)
        line = key
    yield line


def _comment(text: str, indent: str) -> Iterator[str]:
    for line in text.splitlines():
        for part in textwrap.wrap(line, 100 - len(indent)) if len(line) > 100 else [line]:
            yield f"{indent}# {part}"


def example_of(field: Field) -> Any:
    """The value that is shown: the example, or the default where there is none."""
    row, default = row_of(field), default_of(field)
    return default if row is None or row.example is None else row.example


def as_yaml(value: Any) -> str:
    """A value on one line of YAML."""
    plain = msgspec.to_builtins(shown(value))
    if isinstance(plain, dict):
        return f"{{{', '.join(f'{key}: {as_yaml(item)}' for key, item in plain.items())}}}"
    if isinstance(plain, tuple | list):
        return f"[{', '.join(map(as_yaml, plain))}]"
    if isinstance(plain, str):
        bare = re.fullmatch(r"[\w.-]+", plain) and type(yaml.safe_load(plain)) is type(value)
        return plain if bare else json.dumps(plain)
    return f"{plain:g}" if isinstance(plain, float) else json.dumps(plain)


# -- docs/configuration.md --------------------------------------------------------------------


def page(text: str) -> str:
    """The page with fresh tables in place of what stands between its marks."""
    tables = {"keys": _keys(), "entries": _entries()}
    assert {mark[2] for mark in MARKS.finditer(text)} == tables.keys(), "marks are missing"
    return MARKS.sub(lambda mark: f"{mark[1]}\n{tables[mark[2]]}\n{mark[3]}", text)


def _keys() -> str:
    return "\n".join(map(_section, dataclasses.fields(Written)))


def _entries() -> str:
    rows = ((field.name, row) for field in dataclasses.fields(TokenEntry) if (row := row_of(field)))
    lines = (f"| `{name}` | {_meaning(row, example=False)} |\n" for name, row in rows)
    return "| field | meaning |\n|---|---|\n" + "".join(lines)


def _section(topic: Field) -> str:
    head = "| key | variable, flag | default | meaning |\n|---|---|---|---|\n"
    rows = "".join(
        f"| `{setting.key}` | {_ways(setting.row)} | `{as_yaml(setting.default)}` "
        f"| {_meaning(setting.row)} |\n"
        for setting in settings_of(type(default_of(topic)), f"{topic.name}.")
    )
    return f"### {topic.name}\n\n{head}{rows}"


def _ways(row: Row) -> str:
    ways = [f"`{name}`" for name in row.variables]
    if row.flag is not None:
        of = "" if row.flag.commands == ("serve",) else f" ({', '.join(row.flag.commands)})"
        ways.append(f"`{row.flag.name}`{of}")
    return ", ".join(ways) or "–"


def _meaning(row: Row, example: bool = True) -> str:
    sentences = [f"{row.sentence[0].upper()}{row.sentence[1:]}."]
    if example and row.example is not None:
        sentences.append(f"For example `{as_yaml(row.example)}`.")
    sentences += [row.more] if row.more else []
    sentences += ["Needs a restart."] if row.at_start else []
    return " ".join(sentences)


# -- config.schema.json -----------------------------------------------------------------------


def json_schema() -> dict[str, Any]:
    """A JSON Schema of the file: it allows whatever `load` takes, and names each mistake that a
    type, a limit or a list of choices can say."""
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "tornado-ollama"}
    return head | _table_schema(Written)


def _table_schema(topic: type[Topic]) -> dict[str, Any]:
    properties = {field.name: _field_schema(field) for field in dataclasses.fields(topic)}
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": properties,
    }


def _field_schema(field: Field) -> dict[str, Any]:
    row, default = row_of(field), default_of(field)
    if row is None:
        return _table_schema(type(default))
    if row.item is not None:
        schema = {"type": ["object", "null"], "additionalProperties": _table_schema(row.item)}
    else:
        schema = _or_null(row.rule.schema())
    if row.entry is not None:
        schema["items"] = {"anyOf": [{"type": "string"}, _table_schema(row.entry)]}
    said: dict[str, Any] = {"description": row.plain_sentence}
    said["default"] = msgspec.to_builtins(shown(default))
    if row.example is not None and row.item is None:
        said["examples"] = [msgspec.to_builtins(row.example)]
    return said | schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """`null` in the file means the default."""
    if not schema:  # takes anything
        return schema
    if "type" in schema:
        return schema | {"type": [schema["type"], "null"]}
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    return {"anyOf": [*schema["anyOf"], {"type": "null"}]}


def holds_credentials(text: str) -> bool:
    """Whether somebody has put credentials into a `config.yaml`, which would be lost."""
    for setting in settings_of(Written):
        value = yaml.safe_load(text)
        for name in setting.key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if setting.row.secret and value:
            return True
    return False


def main(arguments: list[str]) -> int:
    """Exit code 1: `--check`, and a file differs; or nothing was written, because `config.yaml` is
    somebody's own."""
    stale = [
        (path, text)
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    check = arguments == ["--check"]
    if not check and CONFIG.exists() and holds_credentials(CONFIG.read_text(encoding="utf-8")):
        print(CONFIG.name, "holds credentials, and would be written anew: move it away first")
        return 1
    for path, text in stale:
        if not check:
            path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT), "differs: run make docs" if check else "written")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
