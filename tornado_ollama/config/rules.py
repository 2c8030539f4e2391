"""Rules of single values: a type, its limits, and the end of the sentence "it must be ...".

The rows in `topics/` share them: a rule is a constant (`TEXT`, `SWITCH`), or made by a function
from its limits (`whole("a port", 0, 65535)`). Rules that involve several keys are in `load.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from ..access.principal import Scope

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

WEEK_S = 7 * 24 * 3600


def _as_it_is(value: Any) -> Any:
    return value


def _never(value: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Rule(Generic[T_co]):
    """Decides which values a setting may have."""

    words: str
    """The end of "<key>: <value> is not possible, it must be ..."."""
    kind: Any
    """The type that msgspec converts to and makes a JSON Schema of, with the limits it can say."""
    check: Callable[[Any], T_co] = _as_it_is
    """Returns a value of that type in its one spelling; raises ValueError with better words."""
    from_text: Callable[[str], Any] = _as_it_is
    """Turns the text of a variable or flag into what the file would hold. Numbers need no such
    function: with `textual`, `value` takes them as texts."""
    hides: Callable[[object], bool] = _never
    """Whether a value may hold a password, so that no message shows it."""

    def value(self, given: object, *, textual: bool = False) -> T_co:
        """Returns the value as the program uses it. `textual`: a text may stand for a number.
        Raises ValueError with the rule's sentence."""
        try:
            converted = msgspec.convert(given, self.kind, strict=not textual)
        except ValueError:  # msgspec's own error is one
            raise ValueError(self.words) from None
        if not _finite(converted):
            raise ValueError(self.words)
        return self.check(converted)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the type. It accepts all that `value` accepts, and may accept more."""
        schema = msgspec.json.schema(self.kind)
        named = schema.pop("$defs", {})
        whole: dict[str, Any] = _in_place(schema, named)
        return whole


def _in_place(schema: Any, named: dict[str, Any]) -> Any:
    """The schema with what `$ref` names in its place, so that it can stand within another."""
    if isinstance(schema, list):
        return [_in_place(item, named) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        inner = named[schema["$ref"].rpartition("/")[2]]
        words = ("title", "description")  # the row has its own
        return _in_place({key: inner[key] for key in inner if key not in words}, named)
    return {key: _in_place(value, named) for key, value in schema.items()}


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def whole(words: str, least: int, most: int | None = None) -> Rule[int]:
    """A rule for whole numbers from `least` to `most`."""
    limits = f"{least} or more" if most is None else f"{least} to {most}"
    return Rule(f"{words}, {limits}", Annotated[int, Meta(ge=least, le=most)])


def seconds(most: int) -> Rule[float]:
    """A rule for seconds from 0 to `most`."""
    return Rule(f"seconds, from 0 to {most}", Annotated[float, Meta(ge=0, le=most)])


def one_of(*choices: T) -> Rule[T]:
    """A rule for a choice of texts and booleans. In variables they may be in capitals."""
    spelt = {c if isinstance(c, str) else json.dumps(c): c for c in choices}
    texts = tuple(choice for choice in choices if isinstance(choice, str))
    kind: Any = Literal[texts]
    if len(texts) < len(choices):
        kind = kind | bool
    *most, last = spelt
    return Rule(
        f"{', '.join(most)} or {last}",
        kind,
        from_text=lambda text: spelt.get(text.lower(), text),
    )


def split_at_commas(text: str) -> list[str]:
    """The items of a list in a variable, which are separated by commas."""
    return [item.strip() for item in text.split(",") if item.strip()]


def texts(
    words: str, check: Callable[[tuple[str, ...]], tuple[str, ...]] = _as_it_is
) -> Rule[tuple[str, ...]]:
    """A rule for a list of texts; in variables they are separated by commas."""
    return Rule(words, tuple[_Filled, ...], check, split_at_commas)


_Filled = Annotated[str, Meta(min_length=1)]

TEXT: Rule[str] = Rule("a text that is not empty", _Filled)
SWITCH: Rule[bool] = Rule("true or false", bool)
TIMEOUT: Rule[float] = Rule(
    "seconds, above 0 and up to a week", Annotated[float, Meta(gt=0, le=WEEK_S)]
)
DURATION: Rule[float] = Rule("seconds, from 0 to a week", Annotated[float, Meta(ge=0, le=WEEK_S)])
SCOPES: Rule[tuple[Scope, ...]] = Rule(
    "a list of scopes, which are generate and manage",
    tuple[Literal["generate", "manage"], ...],
    lambda names: tuple(map(Scope, names)),
    split_at_commas,
)
DISCOVERY: Rule[tuple[str, ...]] = Rule(
    "a list out of version, tags and show",
    tuple[Literal["version", "tags", "show"], ...],
    lambda names: tuple(dict.fromkeys(names)),
    split_at_commas,
)
TABLE: Rule[dict[str, Any]] = Rule("a table of keys", dict[str, Any])
TOKENS: Rule[tuple[Any, ...]] = Rule("a list of tokens", tuple[Any, ...])
KEYS: Rule[tuple[Any, ...]] = Rule("a list of public keys", tuple[Any, ...])
