"""Turns `auth.ollama_keys` into what the authenticator takes: public keys of `ollama` commands,
with names, scopes and restrictions."""

from __future__ import annotations

from typing import Any

from ..access.ollama_keys import key_digest, parse_public_key, prepare
from ..access.principal import Scope, loggable_name
from ..access.tokens import StaticToken
from .file_reader import Reader
from .rules import SCOPES
from .token_form import RESTRICTIONS, WrongField, checked_name, entry_of, given_fields, token_of

FIELDS = ("key", "name", "scopes", *(name for name in RESTRICTIONS if name != "path"))


def ollama_keys(written: tuple[Any, ...], reader: Reader) -> tuple[StaticToken, ...]:
    """The keys, in the form of tokens whose SHA-256 is that of the public key. Raises
    ConfigError."""
    found: dict[bytes, StaticToken] = {}
    for number, item in enumerate(written):
        at = f"auth.ollama_keys[{number}]"
        try:
            key = _key({"key": item} if isinstance(item, str) else item, number)
        except WrongField as error:
            where = f"{at}.{error.field}" if error.field else at
            raise reader.impossible(where, None, str(error)) from None
        if key.sha256 in found or any(key.name == other.name for other in found.values()):
            raise reader.impossible(at, None, "another key, of another name, than those before")
        found[key.sha256] = key
    if found:
        prepare()
    return tuple(found.values())


def _key(item: Any, number: int) -> StaticToken:
    if not isinstance(item, dict):
        raise WrongField("", "a line of id_ed25519.pub in quotes, or a table with key")
    given = given_fields(item, FIELDS)
    line, name = given.pop("key", None), given.pop("name", None)
    scopes = given.pop("scopes", [Scope.GENERATE.value])
    try:
        key, comment = parse_public_key(line if isinstance(line, str) else "")
    except ValueError as error:
        raise WrongField("key", str(error)) from None
    try:
        allowed = frozenset(SCOPES.value(scopes))
    except ValueError as error:
        raise WrongField("scopes", str(error)) from None
    fallback = loggable_name(comment) or f"key-{number + 1}"
    shown = checked_name(name) if name is not None else fallback
    return token_of(shown, key_digest(key), allowed, entry_of(given))
