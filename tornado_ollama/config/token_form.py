"""Token entries that do not stand in `config.yaml`: the restrictions of a stored token.

They have the fields and rules of an entry of `auth.generate_tokens`, without those that say which
token it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from ..access.addresses import AddressRules
from ..access.principal import Scope
from ..access.quota import Quota
from ..access.tokens import StaticToken
from .rows import row_of
from .topics.token_entry import TokenEntry

_RULES = {field.name: row.rule for field in fields(TokenEntry) if (row := row_of(field))}

ENTRY_FIELDS = tuple(_RULES)

RESTRICTIONS = tuple(
    name for name in _RULES if name not in ("name", "token", "sha256", "token_file")
)


class WrongField(ValueError):
    """A field that an entry may not have, or a value that it may not have. `field` names it; the
    text is the end of "it must be ..."."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(rule)
        self.field = field


def given_fields(table: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """The fields of a table that are given, which those are not that are null. Raises WrongField
    for one that is not in `known`."""
    known = tuple(known)
    given = {name: value for name, value in table.items() if value is not None}
    if unknown := [name for name in given if name not in known]:
        shown = str(unknown[0])[:40]
        raise WrongField("", f"a table of {', '.join(known)}; {shown!a} is not known")
    return given


def entry_of(given: Mapping[str, Any]) -> TokenEntry:
    """Makes a token entry of its fields and their values. Raises WrongField for a value that breaks
    its field's rule."""
    found = {}
    for name, value in given.items():
        try:
            found[name] = _RULES[name].value(value)
        except ValueError as error:
            raise WrongField(name, str(error)) from None
    return TokenEntry(**found)


def checked_form(form: Mapping[str, Any]) -> dict[str, Any]:
    """The restrictions of a new token in the form in which they are stored, as JSON. Raises
    WrongField."""
    given = given_fields(form, RESTRICTIONS)
    entry = entry_of(given)
    return given | ({} if entry.expires is None else {"expires": entry.expires})


def checked_name(name: object) -> str:
    """The name of a new token. Raises WrongField."""
    try:
        return str(_RULES["name"].value(name))
    except ValueError as error:
        raise WrongField("name", str(error)) from None


def stored_token(
    name: str, sha256: bytes, scopes: Iterable[str], form: Mapping[str, Any]
) -> StaticToken:
    """The token of a stored row. Raises WrongField, if another version wrote it."""
    entry = entry_of(given_fields(form, RESTRICTIONS))
    return token_of(name, sha256, frozenset(map(Scope, scopes)), entry)


def token_of(name: str, sha256: bytes, scopes: frozenset[Scope], entry: TokenEntry) -> StaticToken:
    """The token with the restrictions of an entry."""
    return StaticToken(
        name,
        sha256,
        scopes,
        entry.models,
        entry.expires,
        entry.path,
        entry.limits or Quota(),
        entry.groups or (),
        AddressRules(entry.allow_from or (), entry.deny_from or ()),
    )
