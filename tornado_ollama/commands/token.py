"""The commands `token create --entry` and `token jwt`: make tokens that the configuration knows.
`stored_tokens.py` has those of the token store, `token_inspect.py` describes one.

A new token is shown once, or written to a file that only its owner can read; nothing else here
prints a secret.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ..access import jwt
from ..access.fingerprint import digest
from ..access.principal import MAX_NAME_CHARS, Scope, loggable_name
from ..access.token_text import RANDOM_BYTES, token_text
from ..config import Settings
from ..config.topics.listen import Listen
from ..console import say
from ..errors import ConfigError

WHERE_TO_PUT = """
The token is shown only now. In config.yaml, under `auth:`, put this in place of {lines};
where a list has entries already, add this one to them:
"""

URL_TO_PASTE = """
For programs that can send no header, this is the gateway's URL; keep it like the token:

{url}
{url}/v1    for those that speak OpenAI's API

From another machine put this one's name or address into it."""

LISTS = {Scope.GENERATE: "generate_tokens", Scope.MANAGE: "model_tokens"}

ReadSettings = Callable[[], Settings]


def create_entry(args: argparse.Namespace, read_settings: ReadSettings) -> int:
    """Prints a new token on the first line, and after it the entry for the configuration; with
    `--path` also the URL to paste. Raises ConfigError."""
    name = args.name
    if not name or loggable_name(name) != name:
        raise ConfigError(f"--name: must be up to {MAX_NAME_CHARS} characters without spaces")
    if args.group or args.limit:
        raise ConfigError("--entry: write groups and limits into the entry yourself")
    if args.allow_from or args.deny_from:
        raise ConfigError("--entry: write allow_from and deny_from into the entry yourself")
    token = token_text(secrets.token_bytes(RANDOM_BYTES))
    entry: dict[str, Any] = {"name": name, "sha256": digest(token).hex()}
    if args.model:
        entry["models"] = args.model
    if args.ttl:
        entry["expires"] = utc(time.time() + args.ttl)
    auth: dict[str, Any] = {LISTS[scope]: [entry] for scope in scopes(args.scope)}
    listen = None
    if args.path:
        entry["path"] = True
        auth = {"path_tokens": True} | auth
        listen = read_settings().listen
    say(token)
    say(WHERE_TO_PUT.format(lines=" and ".join(_in_default_file(key) for key in auth)))
    say(yaml.dump({"auth": auth}, Dumper=_PlainDumper, sort_keys=False, width=1000).rstrip("\n"))
    if listen is not None:
        say_url(listen, token)
    return 0


def say_url(listen: Listen, token: str) -> None:
    """Prints the gateway's URL with a token in it."""
    say(URL_TO_PASTE.format(url=f"{listen.url(listen.port)}/k/{token}"))


def sign(args: argparse.Namespace, read_settings: ReadSettings) -> int:
    """Prints a signed JWT, or writes it to a new file. Raises ConfigError."""
    settings = read_settings()
    key = next((key for key in settings.auth.jwt_keys if isinstance(key.key, str)), None)
    if key is None or not isinstance(key.key, str):
        raise ConfigError("auth.jwt.secret: is not set; set it, or JWT_SECRET_KEY, to sign tokens")
    now = int(time.time())
    claims: dict[str, Any] = {"sub": args.sub, "iat": now, "exp": now + int(args.ttl)}
    claims["jti"] = uuid.uuid4().hex
    if args.scope is not None:
        claims["scope"] = " ".join(scopes(args.scope))
    if args.model:
        claims["models"] = args.model
    if settings.auth.jwt.issuer is not None:
        claims["iss"] = settings.auth.jwt.issuer
    if settings.auth.jwt.audience is not None:
        claims["aud"] = settings.auth.jwt.audience
    token = jwt.sign(claims, key.key, key.algorithms[0])
    if len(token) > jwt.MAX_TOKEN_CHARS:
        raise ConfigError(f"the token would be longer than {jwt.MAX_TOKEN_CHARS} characters")
    if args.out is None:
        say(token)
        return 0
    _write_new(args.out, token + "\n")
    say(f"{args.out}: a token for {loggable_name(args.sub)}, until {utc(claims['exp'])}")
    return 0


def utc(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_default_file(key: str) -> str:
    """A key of `auth` as the config.yaml of a new installation has it."""
    return f"`{key}: {'false' if key == 'path_tokens' else '[]'}`"


def scopes(text: str) -> list[Scope]:
    """Parses a list such as `generate,manage`, and returns the scopes in that order. Raises
    ConfigError."""
    words = {word.strip() for word in text.split(",")}
    if not words <= {scope.value for scope in Scope}:
        raise ConfigError(f"--scope: {text!a} must be generate, manage or generate,manage")
    return [scope for scope in Scope if scope.value in words]


def _write_new(path: Path, text: str) -> None:
    """Writes a new file that only its owner can read. Never replaces a file nor follows a link."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"--out: {path} is there already; remove it first") from None
    except OSError as error:
        raise ConfigError(f"--out: {path} cannot be written ({error.strerror})") from None
    try:
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise ConfigError(f"--out: {path} cannot be written ({error.strerror})") from None


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # the loader takes none
