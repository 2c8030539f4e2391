"""A row declares one setting: type, rule, default, variable, flag and sentence.

    drain_timeout: float = setting(30.0, DURATION, "how long ... after SIGTERM", at_start=True)

Rows stand in `topics/`. Reading, messages, variables, flags, `config.yaml`, `config.schema.json`
and the tables of `docs/configuration.md` are made from them. A row is the metadata of a dataclass
field, so the program sees a plain typed attribute, and mypy compares its type with the rule's.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from .rules import TABLE, Rule

T = TypeVar("T")

_KEY = "row"


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """Base of the dataclasses that are tables of the file. A field is a setting, or another topic:
    a table within this one."""

    NOTE: ClassVar[str] = ""
    """What `config.yaml` says above the keys of the table."""


T_topic = TypeVar("T_topic", bound=Topic)


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of the command line that sets a key."""

    name: str
    commands: tuple[str, ...] = ("serve",)


@dataclass(frozen=True, slots=True)
class Row:
    """The declaration of one setting, without its name, type and default. `setting` explains each
    field."""

    rule: Rule[Any]
    sentence: str
    more: str = ""
    variables: tuple[str, ...] = ()
    flag: Flag | None = None
    secret: bool = False
    at_start: bool = False
    example: Any = None
    item: type[Topic] | None = None
    """What each value of the table is, where the keys are the user's (`models.defaults`)."""
    entry: type[Topic] | None = None
    """What an entry of the list is, where it is no plain text (`auth.model_tokens`)."""

    @property
    def plain_sentence(self) -> str:
        """The sentence without Markdown's markup."""
        return re.sub(r"`|\\(?=\*)", "", self.sentence)

    def hides(self, value: object) -> bool:
        """Whether messages must not show the value."""
        return self.secret or self.rule.hides(value)


@dataclass(frozen=True, slots=True)
class Setting:
    """A row with its key and its default."""

    key: str
    row: Row
    default: Any


def setting(
    default: T,
    rule: Rule[T],
    sentence: str,
    *,
    more: str = "",
    env: str | tuple[str, ...] = (),
    flag: str | Flag | None = None,
    secret: bool = False,
    at_start: bool = False,
    example: object = None,
    entry: type[Topic] | None = None,
) -> T:
    """Declares one setting, as the default of a field of a `Topic`.

    `sentence`: what the setting does, in Markdown, without a capital and a full stop; for
    `config.yaml`, the help of the flag, the docs and editors. `more`: further sentences, for the
    docs alone. `env`: variables that set it; of several the first wins. `flag`: of `serve`, or a
    `Flag`. `secret`: no message and no `repr` shows the value. `at_start`: a reload keeps the old
    value. `example`: a value shown where the default says nothing. `entry`: see `Row`.
    """
    row = Row(
        rule,
        sentence,
        more,
        (env,) if isinstance(env, str) else env,
        Flag(flag) if isinstance(flag, str) else flag,
        secret,
        at_start,
        example,
        entry=entry,
    )
    declared: T = _field(default, row)
    return declared


def tables(
    item: type[T_topic], sentence: str, *, more: str = "", example: str
) -> dict[str, T_topic]:
    """Declares a table whose keys the user chooses (one is `example`), each with a table of the
    kind `item` as its value."""
    made: dict[str, T_topic] = _field({}, Row(TABLE, sentence, more, example=example, item=item))
    return made


def row_of(declared: dataclasses.Field[Any]) -> Row | None:
    """The row of a field; None for a table within a table."""
    found: Row | None = declared.metadata.get(_KEY)
    return found


def default_of(declared: dataclasses.Field[Any]) -> Any:
    """The default of a field; a new copy where it is mutable."""
    if declared.default_factory is not dataclasses.MISSING:
        return declared.default_factory()
    return declared.default


def settings_of(topic: type[Topic], prefix: str = "") -> Iterator[Setting]:
    """All settings of a table and of those within it, by dotted key, in the order of the file.
    `GLOB` stands for a key that the user chooses."""
    for declared in dataclasses.fields(topic):
        key, row, default = f"{prefix}{declared.name}", row_of(declared), default_of(declared)
        if row is None:
            yield from settings_of(type(default), f"{key}.")
            continue
        yield Setting(key, row, default)
        if row.item is not None:
            yield from settings_of(row.item, f"{key}.GLOB.")


def kept_until_restart(old: T_topic, new: T_topic) -> T_topic:
    """The settings in force after a reload: `new`, but with the values of `old` where only a
    restart changes a setting."""
    kept: dict[str, Any] = {}
    for declared in dataclasses.fields(new):
        name, row = declared.name, row_of(declared)
        before, now = getattr(old, name), getattr(new, name)
        if row is not None and row.at_start:
            kept[name] = before
        elif isinstance(now, Topic):
            kept[name] = kept_until_restart(before, now)
    return dataclasses.replace(new, **kept)


def _field(default: Any, row: Row) -> Any:
    kept = {"metadata": {_KEY: row}, "repr": not row.secret}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), **kept)  # type: ignore[call-overload]
    return field(default=default, **kept)  # type: ignore[call-overload]
