"""The commands `token create`, `token list`, `token revoke` and `token rotate`: change the token
store, which a running gateway follows within a second.

A new token is shown once; nothing else here prints a secret.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ..config import Settings
from ..console import say
from ..errors import ConfigError, GatewayError, StoreFailed
from ..identity.token_admin import TokenAdmin
from ..stores.database import FILE_NAME, Database
from ..stores.tokens import RevocationKind
from .token import ReadSettings, say_url, scopes, utc

T = TypeVar("T")

KINDS: tuple[RevocationKind, ...] = ("jti", "sub", "key")

STORED = """
The token is shown only now. Its SHA-256 is in {path},
and gateways that use this file know it from now on."""

PATH_TOKENS_OFF = """
It may stand in a URL once config.yaml says `auth: {path_tokens: true}`."""

COLUMNS = ("name", "status", "scopes", "models", "expires", "source")


def create(args: argparse.Namespace, read_settings: ReadSettings) -> int:
    """Makes a token, and prints it on the first line. Raises ConfigError."""
    settings = read_settings()
    form: dict[str, Any] = {
        "models": args.model,
        "groups": args.group,
        "limits": _limits(args),
        "allow_from": args.allow_from,
        "deny_from": args.deny_from,
    }
    form = {name: value for name, value in form.items() if value}
    if args.ttl:
        form["expires"] = time.time() + args.ttl
    if args.path:
        form["path"] = True
    with _admin(settings) as (admin, run):
        made = run(admin.create(args.name, scopes(args.scope), form))
    _say_token(made.text, settings)
    if args.path:
        if not settings.auth.path_tokens:
            say(PATH_TOKENS_OFF)
        say_url(settings.listen, made.text)
    return 0


def rotate(args: argparse.Namespace, read_settings: ReadSettings) -> int:
    """Prints a new token that takes the place of the old one. Raises ConfigError."""
    settings = read_settings()
    with _admin(settings) as (admin, run):
        made = run(admin.rotate(args.name, args.grace or 0.0))
    _say_token(made.text, settings)
    if args.grace:
        say(f"The old one is valid until {utc(time.time() + args.grace)}.")
    return 0


def revoke(args: argparse.Namespace, read_settings: ReadSettings) -> int:
    """Revokes a token by its name, or JWTs and keys; `--undo` takes the latter back. Raises
    ConfigError."""
    given = {kind: value for kind in KINDS if (value := getattr(args, kind)) is not None}
    if len(given) + (args.name is not None) != 1:
        raise ConfigError("token revoke: give one of NAME, --jti, --sub and --key")
    with _admin(read_settings()) as (admin, run):
        if args.name is not None:
            if args.undo:
                raise ConfigError("--undo: a token that is revoked stays so; make a new one")
            run(admin.revoke(args.name))
            say(f"{args.name}: revoked")
            return 0
        [(kind, value)] = given.items()
        if not args.undo:
            run(admin.add_revocation(kind, value))
        elif not run(admin.remove_revocation(kind, value)):
            raise ConfigError(f"--{kind}: {value!a} is not revoked")
    say(f"{kind} {value}: {'valid again' if args.undo else 'revoked'}")
    return 0


def list_tokens(args: argparse.Namespace, read_settings: ReadSettings) -> int:
    """Prints all tokens and revocations, as a table or as JSON. Raises ConfigError."""
    with _admin(read_settings()) as (admin, run):
        tokens, revocations = run(admin.listed()), run(admin.revocations())
    if args.json:
        say(json.dumps({"tokens": tokens, "revocations": revocations}, indent=2, default=str))
        return 0
    rows = [COLUMNS, *(tuple(_cell(token, name) for name in COLUMNS) for token in tokens)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(map(str.ljust, row, widths)).rstrip())
    for revocation in revocations:
        say(
            f"revoked since {utc(revocation['revoked'])}: {revocation['kind']} "
            f"{ascii(revocation['value'])}"
        )
    return 0


@contextmanager
def _admin(settings: Settings) -> Iterator[tuple[TokenAdmin, Callable[[Awaitable[Any]], Any]]]:
    """The token store of the settings, and what runs its methods; their errors become
    ConfigError."""
    assert settings.state.directory is not None
    if not settings.auth.token_store:
        raise ConfigError(
            "auth.token_store: is off; token create --entry prints an entry for config.yaml"
        )

    async def nobody_to_tell() -> None:
        """The gateway looks for itself."""

    async def awaited(work: Awaitable[T]) -> T:
        return await work

    def run(work: Awaitable[Any]) -> Any:
        try:
            return asyncio.run(awaited(work))
        except StoreFailed as error:
            raise ConfigError(f"{error.path}: {error.message}") from None
        except GatewayError as error:
            raise ConfigError(
                f"{_FLAGS.get(error.param or '', 'token')}: {error.message}"
            ) from None

    with Database(Path(settings.state.directory)) as database:
        yield TokenAdmin(database, lambda: settings.auth.tokens, nobody_to_tell, time.time), run


_FLAGS = {
    "name": "--name",
    "scopes": "--scope",
    "models": "--model",
    "groups": "--group",
    "limits": "--limit",
    "allow_from": "--allow-from",
    "deny_from": "--deny-from",
    "jti": "--jti",
    "sub": "--sub",
    "key": "--key",
}


def _say_token(text: str, settings: Settings) -> None:
    say(text)
    assert settings.state.directory is not None
    say(STORED.format(path=Path(settings.state.directory) / FILE_NAME))


def _limits(args: argparse.Namespace) -> dict[str, float]:
    """The limits given as NAME=NUMBER. Raises ConfigError."""
    found: dict[str, float] = {}
    for text in args.limit or ():
        name, _, number = text.partition("=")
        try:
            found[name] = float(number) if "." in number else int(number)
        except ValueError:
            raise ConfigError(f"--limit: {text!a} must be NAME=NUMBER") from None
    return found


def _cell(token: dict[str, Any], name: str) -> str:
    value = token.get(name)
    if name == "expires":
        return "never" if value is None else utc(value)
    if name == "models":
        return "all" if value is None else ",".join(map(str, value))
    return ",".join(value) if isinstance(value, list) else str(value)
