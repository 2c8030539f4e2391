"""The flags of `token` and of the commands below it, which are imported when they are called."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ..config import SettingsReader
from .durations import duration

Commands = argparse._SubParsersAction  # the only name argparse has for it
ReaderOf = Callable[[argparse.Namespace], SettingsReader]
Run = Callable[[str], Callable[[argparse.Namespace], int]]


def _command(
    kind: str, args: argparse.Namespace
) -> Callable[[argparse.Namespace, SettingsReader], int]:
    from . import stored_tokens, token, token_inspect

    if kind == "create":
        return token.create_entry if args.entry else stored_tokens.create
    return {
        "list": stored_tokens.list_tokens,
        "revoke": stored_tokens.revoke,
        "rotate": stored_tokens.rotate,
        "inspect": token_inspect.inspect,
        "jwt": token.sign,
    }[kind]


def add_token(
    commands: Commands[argparse.ArgumentParser],
    config: argparse.ArgumentParser,
    read_settings: ReaderOf,
) -> None:
    """Adds `token` and the commands below it. `read_settings`: makes the reader of the settings for
    the arguments of a call."""
    token = commands.add_parser(
        "token",
        help="make, list and revoke tokens, and say what one is",
        description="Makes, lists, revokes and explains tokens. A running gateway follows within "
        "a second.",
    )

    def run(kind: str) -> Callable[[argparse.Namespace], int]:
        return lambda args: _command(kind, args)(args, read_settings(args))

    kinds = token.add_subparsers(title="commands", metavar="COMMAND", required=True)

    create = kinds.add_parser(
        "create",
        parents=[config],
        help="make a random token",
        description="Prints a new random token, once. The gateway knows it at once: its SHA-256 "
        "is kept in the state directory.",
    )
    create.add_argument("--name", metavar="N", required=True, help="who it is for; in the log")
    _add_bounds(create, scope="generate")
    create.add_argument("--ttl", type=duration, metavar="TIME", help="as 12h or 30d; default: ever")
    create.add_argument(
        "--path", action="store_true", help="it may stand in a URL, /k/TOKEN; prints that URL"
    )
    create.add_argument(
        "--group", metavar="G", action="append", help="a group of limits.groups; several are taken"
    )
    create.add_argument(
        "--limit",
        metavar="NAME=N",
        action="append",
        help="a limit of its own, as requests_per_minute=60; several are taken",
    )
    create.add_argument(
        "--allow-from",
        metavar="NET",
        action="append",
        help="only from these addresses, as 10.0.0.0/8; several are taken; default: all",
    )
    create.add_argument(
        "--deny-from", metavar="NET", action="append", help="not from these; several are taken"
    )
    create.add_argument(
        "--entry",
        action="store_true",
        help="keep nothing, and print the entry for config.yaml that knows the token",
    )
    create.set_defaults(command=run("create"))
    _add_kept_tokens(kinds, config, run)

    sign = kinds.add_parser(
        "jwt",
        parents=[config],
        help="sign a JWT with the configured secret",
        description="Signs a JWT with auth.jwt.secret (JWT_SECRET_KEY).",
    )
    sign.add_argument("--sub", metavar="N", required=True, help="who it is for; in the log")
    _add_bounds(sign, scope=None)
    sign.add_argument("--ttl", type=duration, metavar="TIME", required=True, help="as 1h or 30d")
    sign.add_argument("--out", type=Path, metavar="FILE", help="new file for it, mode 0600")
    sign.set_defaults(command=run("jwt"))

    inspect = kinds.add_parser(
        "inspect",
        parents=[config],
        help="say what a token is, what it may do, when it expires",
        description="Says what a token is to this configuration. Exit code 1: it is refused.",
    )
    inspect.add_argument("token", metavar="TOKEN", help="the token; - reads it from standard input")
    inspect.set_defaults(command=run("inspect"))


def _add_kept_tokens(
    kinds: Commands[argparse.ArgumentParser], config: argparse.ArgumentParser, run: Run
) -> None:
    """Adds the commands that need a token store."""
    listed = kinds.add_parser(
        "list",
        parents=[config],
        help="list all tokens, without their texts",
        description="Lists the tokens of the configuration and the stored ones, and revocations.",
    )
    listed.add_argument("--json", action="store_true", help="as JSON, with all that is known")
    listed.set_defaults(command=run("list"))

    revoke = kinds.add_parser(
        "revoke",
        parents=[config],
        help="revoke a token, JWTs or a key",
        description="Revokes a token by its name, or JWTs and keys. Streams and sockets that came "
        "in with it end within a second.",
    )
    revoke.add_argument("name", nargs="?", metavar="NAME", help="of a token")
    revoke.add_argument("--jti", metavar="ID", help="the one JWT with this jti")
    revoke.add_argument("--sub", metavar="SUB", help="all JWTs with this sub")
    revoke.add_argument("--key", metavar="KEY", help="a key: its kid, or SHA256:... of ssh-keygen")
    revoke.add_argument("--undo", action="store_true", help="take --jti, --sub or --key back")
    revoke.set_defaults(command=run("revoke"))

    rotate = kinds.add_parser(
        "rotate",
        parents=[config],
        help="give a token a new text",
        description="Prints a new token with the name and rights of an old one, which it replaces.",
    )
    rotate.add_argument("name", metavar="NAME", help="of the token")
    rotate.add_argument(
        "--grace", type=duration, metavar="TIME", help="how long the old one stays valid, as 1h"
    )
    rotate.set_defaults(command=run("rotate"))


def _add_bounds(parser: argparse.ArgumentParser, scope: str | None) -> None:
    default = scope or "auth.jwt.default_scopes"
    parser.add_argument(
        "--scope",
        metavar="SCOPES",
        default=scope,
        help=f"generate, manage or generate,manage; default: {default}",
    )
    parser.add_argument(
        "--model",
        metavar="GLOB",
        action="append",
        help='only these models, as "llama3*"; may be given several times; default: all',
    )
