"""The command `token inspect`: says what a token is and may do. It never prints a secret."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ..access import jwt
from ..access.authenticator import UNKNOWN
from ..access.fingerprint import Fingerprint
from ..access.principal import Principal
from ..access.stored import NOTHING_STORED, Stored
from ..access.token_text import origin
from ..access.tokens import StaticToken
from ..config import Settings
from ..config.token_form import stored_token
from ..console import say
from ..errors import ConfigError, StoreFailed
from ..identity.stored import read_store
from ..stores import tokens as store
from ..stores.database import Database
from ..stores.tokens import TokenRow
from .durations import spoken
from .token import ReadSettings, utc

MISTYPED = "A token that was mistyped: its checksum is wrong."


def inspect(args: argparse.Namespace, read_settings: ReadSettings) -> int:
    """Prints what a token is and allows. Returns 1 when the gateway would refuse it. Raises
    ConfigError."""
    settings = read_settings()
    text = (sys.stdin.readline() if args.token == "-" else args.token).strip()
    now = time.time()
    fingerprint = Fingerprint.of(text)
    stored, row = _look_up(settings, fingerprint.sha256)
    known = next((t for t in settings.auth.tokens if t.sha256 == fingerprint.sha256), None)
    try:
        if known is not None:
            found = _of_token("a token of the configuration", known)
        elif row is not None:
            token = stored_token(row.name, row.sha256, row.scopes, row.form)
            found = _of_token("a stored token", token, row.revoked)
        else:
            found = _Found("a JWT", _verified(text, settings, now))
    except jwt.InvalidToken as reason:
        say(str(reason))
        return 1
    revoked = found.revoked is not None or stored.revocations.cover(found.who)
    _describe(found, settings, now)
    if revoked:
        say(f"revoked:  {'yes' if found.revoked is None else utc(found.revoked)}")
    expired = found.who.expires is not None and now >= found.who.expires
    return 1 if revoked or expired else 0


@dataclass(frozen=True, slots=True)
class _Found:
    kind: str
    who: Principal
    in_path: bool = False
    revoked: float | None = None


def _look_up(settings: Settings, sha256: bytes) -> tuple[Stored, TokenRow | None]:
    """The token store, and the row of a token there."""

    def read(connection: sqlite3.Connection) -> tuple[Stored, TokenRow | None]:
        rows = store.listed(connection)
        _, stored = read_store(connection)
        return stored, next((row for row in rows if row.sha256 == sha256), None)

    assert settings.state.directory is not None
    if not settings.auth.token_store:
        return NOTHING_STORED, None
    try:
        with Database(Path(settings.state.directory)) as database:
            return database.submit_read(read).result() or (NOTHING_STORED, None)
    except StoreFailed as error:
        raise ConfigError(f"{error.path}: {error.message}") from None


def _of_token(kind: str, token: StaticToken, revoked: float | None = None) -> _Found:
    who = Principal(
        token.name,
        "token",
        token.scopes,
        token.models,
        token.expires,
        Fingerprint(token.sha256),
    )
    return _Found(kind, who, token.in_path, revoked)


def _verified(text: str, settings: Settings, now: float) -> Principal:
    """The principal of a JWT. Raises InvalidToken with the whole sentence."""
    if not jwt.looks_like_jwt(text):
        raise jwt.InvalidToken(MISTYPED if origin(text) == "mistyped" else UNKNOWN)
    if settings.auth.issuers and not settings.auth.jwt_keys:
        raise jwt.InvalidToken("A JWT; only the gateway knows the keys of auth.jwt's issuers.")
    if not settings.auth.jwt_keys:
        raise jwt.InvalidToken("A JWT that is refused: no key for JWTs is configured (auth.jwt).")
    try:
        return jwt.verify(text, settings.auth.jwt_keys, now)
    except jwt.InvalidToken as reason:
        raise jwt.InvalidToken(f"A JWT that is refused: {reason}.") from None


def _describe(found: _Found, settings: Settings, now: float) -> None:
    who = found.who
    models = "all" if who.models is None else ", ".join(map(ascii, who.models)) or "none"
    say(f"kind:     {found.kind}")
    say(f"name:     {who.name}")
    say(f"scopes:   {', '.join(sorted(who.scopes)) or 'none'}")
    say(f"models:   {models}")
    say(f"expires:  {_expiry(who.expires, now)}")
    if found.in_path:
        say(f"in a URL: {'yes' if settings.auth.path_tokens else 'no, see auth.path_tokens'}")


def _expiry(expires: float | None, now: float) -> str:
    if expires is None:
        return "never"
    distance = f"in {spoken(expires - now)}" if now < expires else f"{spoken(now - expires)} ago"
    return f"{utc(expires)} ({distance})"
