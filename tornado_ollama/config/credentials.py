"""Turns the token entries and JWT keys of the configuration into what the authenticator takes.

Reads the files that entries name, hashes the tokens, and joins a token that is listed under both
scopes. After this no plain token is left in the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..access import jwt
from ..access.fingerprint import digest
from ..access.principal import Scope
from ..access.tokens import StaticToken
from ..errors import ConfigError
from .files import Files
from .read import impossible
from .token_form import ENTRY_FIELDS, WrongField, entry_of, given_fields, token_of
from .topics.auth import Auth, Jwt, WrittenAuth
from .topics.token_entry import PATH_TOKEN, TOKEN, TokenEntry

MAX_SECRET_FILE_BYTES = 64 * 1024

FORMS = ("token", "sha256", "token_file")
"""Fields of an entry of which exactly one is given."""

MAKE_SECRET = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the files that keys of the configuration name. Its errors name the key."""

    directory: Path
    source: Callable[[str], str]
    files: Files

    def file(self, key: str, name: str) -> bytes:
        """The content of a file; a relative name starts at the configuration's directory. Raises
        ConfigError for a file that cannot be read or is too large."""
        try:
            path = self.directory / Path(name).expanduser()
            content = self.files.read(path, MAX_SECRET_FILE_BYTES)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            rule = f"a file that can be read, but: {reason}"
            raise self.impossible(key, name, rule) from None
        if len(content) > MAX_SECRET_FILE_BYTES:
            raise self.impossible(key, name, f"a file of up to {MAX_SECRET_FILE_BYTES} bytes")
        return content

    def secret(self, key: str, name: str) -> str:
        """The text of a file, without white space around it. Raises ConfigError as `file` does."""
        try:
            return self.file(key, name).decode("utf-8").strip()
        except UnicodeDecodeError:
            raise self.impossible(key, name, "a file of text") from None

    def impossible(self, key: str, value: Any, rule: str) -> ConfigError:
        return impossible(key, value, rule, self.source(key.partition("[")[0]))


def resolved(written: WrittenAuth, reader: Reader) -> Auth:
    """The settings with tokens and keys in the form in which the program uses them. Raises
    ConfigError."""
    tokens, jwt_keys = _tokens(written, reader), _jwt_keys(written.jwt, reader)
    others = {field.name: getattr(written, field.name) for field in fields(written)}
    others |= {"generate_tokens": (), "model_tokens": ()}
    return Auth(tokens=tokens, jwt_keys=jwt_keys, **others)


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


def _jwt_keys(settings: Jwt, reader: Reader) -> tuple[jwt.JwtKey, ...]:
    secret = _secret(settings, reader)
    by_secret = tuple(name for name in settings.algorithms if name in jwt.SECRET_BYTES)
    by_public = tuple(name for name in settings.algorithms if name not in jwt.SECRET_BYTES)
    keys = []
    if secret is not None:
        if not by_secret:
            raise _misfit(settings, reader, "such as HS256 to fit auth.jwt.secret")
        _check_secret(settings, secret, by_secret, reader)
        keys.append(_key(secret, by_secret, settings))
    if settings.public_key_file is not None:
        if not by_public:
            raise _misfit(settings, reader, "such as RS256, ES256 or EdDSA to fit public_key_file")
        public = _public_key(settings.public_key_file, reader)
        if not all(jwt.fits(public, algorithm) for algorithm in by_public):
            raise _misfit(settings, reader, "of the kind of the key in public_key_file")
        keys.append(_key(public, by_public, settings))
    if keys and (bool(by_secret), bool(by_public)) != (
        secret is not None,
        settings.public_key_file is not None,
    ):
        rule = "such that each has its key: HS* auth.jwt.secret, the others public_key_file"
        raise _misfit(settings, reader, rule)
    return tuple(keys)


def _secret(settings: Jwt, reader: Reader) -> str | None:
    """The HMAC secret, given directly or in a file."""
    if settings.secret_file is None:
        return settings.secret
    if settings.secret is not None:
        raise reader.impossible("auth.jwt.secret", None, "given once, here or in secret_file")
    return reader.secret("auth.jwt.secret_file", settings.secret_file)


def _misfit(settings: Jwt, reader: Reader, rule: str) -> ConfigError:
    return reader.impossible("auth.jwt.algorithms", settings.algorithms, rule)


def _key(key: str | jwt.PublicKey, algorithms: tuple[str, ...], settings: Jwt) -> jwt.JwtKey:
    return jwt.JwtKey(
        key,
        algorithms,
        settings.issuer,
        settings.audience,
        settings.leeway,
        frozenset(settings.default_scopes),
        settings.require_exp,
    )


def _check_secret(settings: Jwt, secret: str, algorithms: tuple[str, ...], reader: Reader) -> None:
    key = "auth.jwt.secret" if settings.secret_file is None else "auth.jwt.secret_file"
    shown = settings.secret_file
    if jwt.is_public_text(secret):
        raise reader.impossible(key, shown, "a random secret, not a key in PEM, SSH or JWK form")
    least = max(jwt.SECRET_BYTES[algorithm] for algorithm in algorithms)
    if len(secret.encode("utf-8", "surrogatepass")) < least:
        raise reader.impossible(key, shown, f"{least} bytes or more; {MAKE_SECRET}")


def _public_key(name: str, reader: Reader) -> jwt.PublicKey:
    key = "auth.jwt.public_key_file"
    try:
        return jwt.load_public_key(reader.file(key, name))
    except ValueError as error:
        raise reader.impossible(key, name, f"a file that {error}") from None
