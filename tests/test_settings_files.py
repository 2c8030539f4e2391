"""The files that are made from the rows of the settings: config.yaml, its schema, tables."""

from __future__ import annotations

import functools
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import settings_files
from tornado_ollama.config import SETTINGS
from tornado_ollama.config.quotas import shown
from tornado_ollama.config.rows import Setting

ROOT = Path(__file__).parent.parent
SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROOT / "config.schema.json").read_text(encoding="utf-8"))

EACH = pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)


@pytest.mark.parametrize("path", settings_files.files(), ids=lambda path: path.name)
def test_make_docs_has_been_run(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == settings_files.files()[path], "run: make docs"


@EACH
def test_every_key_is_in_the_shipped_file_with_its_default(setting: Setting) -> None:
    if ".GLOB." in setting.key:
        name = setting.key.rpartition(".")[2]
        assert f"#     {name}: " in settings_files.config_yaml()
        return
    value = SHIPPED
    for name in setting.key.split("."):
        value = value[name]
    assert value == json.loads(json.dumps(shown(setting.default)))


@EACH
def test_a_sentence_can_begin_and_be_followed_by_another(setting: Setting) -> None:
    """It becomes a comment, the help of a flag, and the first sentence of a row in the docs."""
    row = setting.row
    assert row.sentence and row.sentence.strip() == row.sentence
    assert not row.sentence.endswith(".") and "\n" not in row.sentence + row.more
    assert not row.more or row.more.endswith(".")


@EACH
def test_an_example_is_possible(setting: Setting) -> None:
    if setting.row.example is not None and setting.row.item is None:
        setting.row.rule.value(setting.row.example)


def test_no_variable_or_flag_sets_two_keys() -> None:
    rows = [setting.row for setting in SETTINGS.values()]
    variables = [name for row in rows for name in row.variables]
    flags = [(row.flag.name, command) for row in rows if row.flag for command in row.flag.commands]
    assert len(set(variables)) == len(variables) and len(set(flags)) == len(flags)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auth: {generate_tokens: [t]}", True),
        ("auth: {jwt: {secret: s}}", True),
        ("auth: {generate_tokens: [], jwt: {secret: null}}", False),
        ("auth: null", False),
        ("", False),
        (settings_files.config_yaml(), False),
    ],
)
def test_a_file_with_credentials_is_not_written_anew(text: str, expected: bool) -> None:
    assert settings_files.holds_credentials(text) is expected


# -- the schema -------------------------------------------------------------------------------


@functools.cache
def validator() -> Any:
    from jsonschema import Draft7Validator  # a second: only where it is used

    return Draft7Validator(SCHEMA)


def problems(tree: Any) -> list[str]:
    return [error.json_path.removeprefix("$.") for error in validator().iter_errors(tree)]


def nested(key: str, value: Any) -> Any:
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


def test_the_schema_is_one() -> None:
    validator().check_schema(SCHEMA)


def test_the_schema_takes_the_shipped_file_and_an_empty_one() -> None:
    assert not problems(SHIPPED) and not problems(None) and not problems({"listen": None})


def test_the_schema_takes_tokens_as_texts_and_as_tables() -> None:
    tables = [
        {"token": "a", "name": "laptop", "models": ["llama3*"], "expires": "2030-01-31"},
        {"sha256": "a" * 64, "expires": 1896048000},
        {"token_file": "token", "name": None},
    ]
    assert not problems({"auth": {"generate_tokens": ["a-token", *tables]}})


def test_the_example_of_a_token_entry_is_one() -> None:
    text = settings_files.config_yaml()
    lines = text[text.index("  #   - name: laptop") : text.index("  generate_tokens")].splitlines()
    [entry] = yaml.safe_load("\n".join(line.removeprefix("  # ") for line in lines))
    assert entry.keys() >= {"name", "sha256", "models", "expires"}
    assert isinstance(entry["expires"], date)


@EACH
def test_the_schema_takes_null_and_examples(setting: Setting) -> None:
    example = {} if setting.row.item else setting.row.example
    for value in (None, example):
        assert not problems(nested(setting.key, value))


ODD: tuple[Any, ...] = ({"a": [1]}, [{}], "", "?", -1, 1e12, True, 0.5, ["?"], [""])


def is_taken(setting: Setting, value: Any) -> bool:
    try:
        setting.row.rule.value(value)
    except ValueError:
        return False
    return setting.row.item is None


@EACH
def test_the_schema_refuses_nothing_that_is_taken(setting: Setting) -> None:
    taken = [value for value in ODD if is_taken(setting, value)]
    assert not [value for value in taken if problems(nested(setting.key, value))]


@pytest.mark.parametrize(
    "tree",
    [
        {"listen": {"port": 70000}},
        {"listen": {"port": "8000"}},
        {"listen": {"prot": 8000}},
        {"listen": 8000},
        {"server": {}},
        {"service": {"timeout": 0}},
        {"service": {"forward_unknown": "yes"}},
        {"auth": {"generate_tokens": "token"}},
        {"auth": {"generate_tokens": [7]}},
        {"auth": {"model_tokens": [{"tokn": "t"}]}},
        {"auth": {"model_tokens": [{"token": "t", "models": "llama3"}]}},
        {"auth": {"jwt": {"default_scopes": ["all"]}}},
        {"log": {"level": "loud"}},
        {"models": {"aliases": {"a": ""}}},
        {"models": {"defaults": {"q*": {"num_ctx": 0}}}},
        {"models": {"defaults": {"q*": {"context": 1}}}},
    ],
)
def test_the_schema_marks_mistakes(tree: Any) -> None:
    assert len(problems(tree)) == 1
