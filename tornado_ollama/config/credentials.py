"""Makes of the token entries and JWT keys of the file what the authenticator takes.

Reads the files that entries name, hashes the tokens, and joins a token that is listed under both
scopes. After this no plain token is left in the settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ..access import jwt
from ..access.authenticator import MAX_CREDENTIAL_CHARS
from ..access.fingerprint import digest
from ..access.principal import MAX_NAME_CHARS, Scope, loggable_name
from ..access.tokens import StaticToken
from ..errors import ConfigError
from .files import Files
from .read import impossible
from .topics.auth import Auth, Jwt, WrittenAuth

MAX_SECRET_FILE_BYTES = 64 * 1024

ENTRY_KEYS = ("name", "token", "sha256", "token_file", "models", "expires", "path")
TOKEN_RULE = "a token of visible ASCII characters without spaces"
PATH_TOKEN_RULE = "a token of letters, digits and - . _ ~, because its entry says path: true"
MAKE_SECRET = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'

_PATH_TOKEN = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]+", re.ASCII)
"""What every client leaves as it is in a URL."""

_TOKEN = re.compile(rf"[!-~]{{1,{MAX_CREDENTIAL_CHARS}}}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the files that keys name, and makes errors that say where a key was given."""

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
    """With tokens and keys in the form in which they are used. Raises ConfigError."""
    tokens, jwt_keys = _tokens(written, reader), _jwt_keys(written.jwt, reader)
    others = {field.name: getattr(written, field.name) for field in fields(written)}
    others |= {"generate_tokens": (), "model_tokens": ()}
    return Auth(tokens=tokens, jwt_keys=jwt_keys, **others)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A token and where it is listed."""

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
    """One token in both lists."""
    if one.token.scopes == two.token.scopes:
        raise reader.impossible(two.key, None, f"another token: it is the one of {one.key}")
    if one.named and two.named and one.token.name != two.token.name:
        raise reader.impossible(two.key, None, f"named as in {one.key}: it is the same token")
    bounds = [(of.token.models, of.token.expires, of.token.in_path) for of in (one, two)]
    if bounds[0] != bounds[1]:
        rule = f"given the same models and expires, and path, as in {one.key}: it is the same token"
        raise reader.impossible(two.key, None, rule)
    named = one if one.named else two if two.named else one
    scopes = one.token.scopes | two.token.scopes
    return _Entry(named.key, replace(named.token, scopes=scopes), named.named)


def _entry(key: str, item: Any, scope: Scope, name: str, reader: Reader) -> _Entry:
    table = {"token": item} if isinstance(item, str) else item
    if not isinstance(table, dict):
        raise reader.impossible(key, None, "a text in quotes, or a table with token or sha256")
    given = {field: value for field, value in table.items() if value is not None}
    if unknown := [field for field in given if field not in ENTRY_KEYS]:
        rule = f"a table of {', '.join(ENTRY_KEYS)}; {str(unknown[0])[:40]!a} is not known"
        raise reader.impossible(key, None, rule)
    named = given.get("name")
    if named is not None and (
        not isinstance(named, str) or not named or loggable_name(named) != named
    ):
        rule = f"a text of up to {MAX_NAME_CHARS} characters without spaces"
        raise reader.impossible(f"{key}.name", None, rule)
    token = StaticToken(
        named or name,
        _sha256(key, given, reader),
        frozenset((scope,)),
        _models(key, given.get("models"), reader),
        _expires(key, given.get("expires"), reader),
        _in_path(key, given, reader),
    )
    return _Entry(key, token, named is not None)


def _sha256(key: str, given: dict[str, Any], reader: Reader) -> bytes:
    forms = [form for form in ("token", "sha256", "token_file") if form in given]
    if len(forms) != 1:
        raise reader.impossible(key, None, "given one of token, sha256 and token_file")
    form, value = forms[0], given[forms[0]]
    if form == "sha256":
        if isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{64}", value):
            return bytes.fromhex(value)
        raise reader.impossible(f"{key}.sha256", None, "64 hex digits, in quotes")
    if not isinstance(value, str):
        raise reader.impossible(f"{key}.{form}", None, "a text, in quotes")
    token = reader.secret(f"{key}.token_file", value) if form == "token_file" else value
    if not _TOKEN.fullmatch(token):
        raise reader.impossible(f"{key}.{form}", None, TOKEN_RULE)
    if given.get("path") and not _PATH_TOKEN.fullmatch(token):
        raise reader.impossible(f"{key}.{form}", None, PATH_TOKEN_RULE)
    return digest(token)


def _models(key: str, value: Any, reader: Reader) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(glob, str) and glob for glob in value):
        return tuple(value)
    raise reader.impossible(f"{key}.models", None, "a list of model names, with * as wildcard")


def _in_path(key: str, given: dict[str, Any], reader: Reader) -> bool:
    value = given.get("path", False)
    if not isinstance(value, bool):
        raise reader.impossible(f"{key}.path", None, "true or false")
    return value


def _expires(key: str, value: Any, reader: Reader) -> float | None:
    """Unix seconds; a date means its first second, and a time without a zone is UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        if isinstance(moment, datetime):
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        is_number = isinstance(moment, int | float) and not isinstance(moment, bool)
        if is_number and 0 <= moment <= jwt.LAST_SECOND:
            return float(moment)
    except (ValueError, OverflowError):
        pass  # text that is no time, or one that no clock shows
    rule = "a date or time such as 2030-01-31T12:00:00Z, or Unix seconds"
    raise reader.impossible(f"{key}.expires", None, rule)


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
    """The HMAC secret, from wherever it is."""
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
