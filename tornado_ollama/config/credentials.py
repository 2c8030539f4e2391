"""Turns the token entries and JWT keys of the configuration into what the authenticator takes.

Reads the files that entries name, hashes the tokens, and joins a token that is listed under both
scopes. After this no plain token is left in the settings.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from ..access.fingerprint import digest
from ..access.principal import Scope
from ..access.tokens import StaticToken
from .file_reader import Reader
from .jwt_keys import fixed_keys, issuers
from .ollama_keys import ollama_keys
from .token_form import ENTRY_FIELDS, WrongField, entry_of, given_fields, token_of
from .topics.auth import Auth, WrittenAuth
from .topics.token_entry import PATH_TOKEN, TOKEN, TokenEntry

FORMS = ("token", "sha256", "token_file")
"""Fields of an entry of which exactly one is given."""


def resolved(written: WrittenAuth, reader: Reader) -> Auth:
    """The settings with tokens and keys in the form in which the program uses them. Raises
    ConfigError."""
    tokens, jwt_keys = _tokens(written, reader), fixed_keys(written.jwt, reader)
    others = {field.name: getattr(written, field.name) for field in fields(written)}
    others |= {"generate_tokens": (), "model_tokens": (), "ollama_keys": ()}
    return Auth(
        tokens=tokens,
        jwt_keys=jwt_keys,
        issuers=issuers(written.jwt, reader),
        keys=ollama_keys(written.ollama_keys, reader),
        **others,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A token entry and the key of the list that holds it."""

    key: str
    token: StaticToken
    named: bool


def _tokens(written: WrittenAuth, reader: Reader) -> tuple[StaticToken, ...]:
    found: dict[bytes, _Entry] = {}
    lists = (
        ("auth.generate_tokens", written.generate_tokens, Scope.GENERATE, "generate"),
        ("auth.model_tokens", written.model_tokens, Scope.MANAGE, "model"),
    )
    for key, items, scope, kind in lists:
        for number, item in enumerate(items):
            entry = _entry(f"{key}[{number}]", item, scope, f"{kind}-{number + 1}", reader)
            same = found.get(entry.token.sha256)
            found[entry.token.sha256] = _joined(same, entry, reader) if same else entry
    by_name: dict[str, _Entry] = {}
    for entry in found.values():
        other = by_name.setdefault(entry.token.name, entry)
        if other is not entry:
            rule = f"named otherwise: {other.key} has the name {entry.token.name} too"
            raise reader.impossible(entry.key, None, rule)
    return tuple(entry.token for entry in found.values())


def _joined(one: _Entry, two: _Entry, reader: Reader) -> _Entry:
    """One entry with both scopes, for a token that is in both lists."""
    if one.token.scopes == two.token.scopes:
        raise reader.impossible(two.key, None, f"another token: it is the one of {one.key}")
    if one.named and two.named and one.token.name != two.token.name:
        raise reader.impossible(two.key, None, f"named as in {one.key}: it is the same token")
    if _bounds(one.token) != _bounds(two.token):
        rule = f"given the same models, expires, path, limits, groups and addresses as in {one.key}"
        rule += ": it is the same token"
        raise reader.impossible(two.key, None, rule)
    named = one if one.named else two if two.named else one
    scopes = one.token.scopes | two.token.scopes
    return _Entry(named.key, replace(named.token, scopes=scopes), named.named)


def _bounds(token: StaticToken) -> tuple[object, ...]:
    """What restricts a token, besides its scopes."""
    return (
        token.models,
        token.expires,
        token.in_path,
        token.quota,
        token.groups,
        token.addresses,
    )


def _entry(key: str, item: Any, scope: Scope, name: str, reader: Reader) -> _Entry:
    entry = _checked(key, {"token": item} if isinstance(item, str) else item, reader)
    sha256 = _sha256(key, entry, reader)
    token = token_of(entry.name or name, sha256, frozenset((scope,)), entry)
    return _Entry(key, token, entry.name is not None)


def _checked(key: str, table: Any, reader: Reader) -> TokenEntry:
    if not isinstance(table, dict):
        raise reader.impossible(key, None, "a text in quotes, or a table with token or sha256")
    try:
        given = given_fields(table, ENTRY_FIELDS)
        if len(given.keys() & FORMS) != 1:
            raise WrongField("", f"given one of {', '.join(FORMS[:-1])} and {FORMS[-1]}")
        return entry_of(given)
    except WrongField as error:
        at = f"{key}.{error.field}" if error.field else key
        raise reader.impossible(at, None, str(error)) from None


def _sha256(key: str, entry: TokenEntry, reader: Reader) -> bytes:
    if entry.sha256 is not None:
        return entry.sha256
    form, text = "token", entry.token or ""
    if entry.token_file is not None:
        form, text = "token_file", reader.secret(f"{key}.token_file", entry.token_file)
    try:
        return digest((PATH_TOKEN if entry.path else TOKEN).value(text))
    except ValueError as error:
        raise reader.impossible(f"{key}.{form}", None, str(error)) from None
