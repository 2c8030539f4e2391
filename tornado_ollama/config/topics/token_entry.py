"""The rows of an entry of `auth.generate_tokens` and `auth.model_tokens`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from msgspec import Meta

from ...access.addresses import Network, networks
from ...access.authenticator import MAX_CREDENTIAL_CHARS
from ...access.jwt import LAST_SECOND
from ...access.principal import MAX_NAME_CHARS, loggable_name
from ...access.quota import Quota
from ..quotas import QUOTA
from ..rows import Topic, setting
from ..rules import SWITCH, Rule

_TOKEN = re.compile(rf"[!-~]{{1,{MAX_CREDENTIAL_CHARS}}}")

_PATH_TOKEN = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]+", re.ASCII)
"""What every client leaves as it is in a URL."""


def _name(text: str) -> str:
    if not text or loggable_name(text) != text:
        raise ValueError(NAME.words)
    return text


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise ValueError("a token of visible ASCII characters without spaces")
    return text


def _path_token(text: str) -> str:
    if not _PATH_TOKEN.fullmatch(_token(text)):
        raise ValueError("a token of letters, digits and - . _ ~, as its entry says path: true")
    return text


def _unix_seconds(value: Any) -> float:
    """Parses a date or time into Unix seconds; a date means its first second, and a time without a
    zone is UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        if isinstance(moment, datetime):
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        is_number = isinstance(moment, int | float) and not isinstance(moment, bool)
        if is_number and 0 <= moment <= LAST_SECOND:
            return float(moment)
    except (ValueError, OverflowError):
        pass  # text that is no time, or one that no clock shows
    raise ValueError(EXPIRY.words)


def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    try:
        return networks(texts)
    except ValueError:
        raise ValueError(NETWORKS.words) from None


NAME: Rule[str] = Rule(f"a text of up to {MAX_NAME_CHARS} characters without spaces", str, _name)
TOKEN: Rule[str] = Rule("a text, in quotes", str, _token)
PATH_TOKEN: Rule[str] = Rule(TOKEN.words, str, _path_token)
FILE: Rule[str] = Rule("a text, in quotes", str)
SHA256: Rule[bytes] = Rule(
    "64 hex digits, in quotes",
    Annotated[str, Meta(pattern="^[0-9A-Fa-f]{64}$")],
    bytes.fromhex,
)
MODELS: Rule[tuple[str, ...]] = Rule(
    "a list of model names, with * as wildcard",
    tuple[Annotated[str, Meta(min_length=1)], ...],
)
GROUPS: Rule[tuple[str, ...]] = Rule(
    "a list of names of limits.groups", tuple[Annotated[str, Meta(min_length=1)], ...]
)
NETWORKS: Rule[tuple[Network, ...]] = Rule(
    "a list of addresses and networks such as 10.0.0.0/8", tuple[str, ...], _networks
)
EXPIRY: Rule[float] = Rule(
    "a date or time such as 2030-01-31T12:00:00Z, or Unix seconds", Any, _unix_seconds
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenEntry(Topic):
    """A token and its restrictions. Exactly one of `token`, `sha256` and `token_file` is given."""

    name: str | None = setting(
        None,
        NAME,
        "for the log; by default `generate-1`, `model-1` and so on",
        more="Up to 64 characters without spaces.",
        example="laptop",
    )
    token: str | None = setting(None, TOKEN, "the token in plain text", secret=True)
    sha256: bytes | None = setting(
        None,
        SHA256,
        "SHA-256 of the token, 64 hex digits; or else `token` or `token_file`",
        more="`tornado-ollama token create --entry` prints such an entry.",
        example="<64 hex>",
    )
    token_file: str | None = setting(None, FILE, "a file that holds the token")
    models: tuple[str, ...] | None = setting(
        None,
        MODELS,
        "only these models, with `*` as wildcard; by default all",
        example=["llama3*"],
    )
    expires: float | None = setting(
        None,
        EXPIRY,
        "date, time or Unix seconds, UTC; by default never",
        more="A date is its first second; a time is as `2030-01-31T12:00:00Z`.",
        example=date(2030, 1, 31),
    )
    path: bool = setting(
        False,
        SWITCH,
        "may stand in the URL, where `auth.path_tokens` allows it; by default `false`",
        more="See [authentication](authentication.md#in-the-url).",
        example=True,
    )
    limits: Quota | None = setting(
        None,
        QUOTA,
        "its own limits; by default those of its groups and of `limits.per_credential`",
        more="See [limits](limits.md).",
        example={"requests_per_minute": 60},
    )
    groups: tuple[str, ...] | None = setting(
        None, GROUPS, "names of `limits.groups`, whose limits it has", example=["students"]
    )
    allow_from: tuple[Network, ...] | None = setting(
        None,
        NETWORKS,
        "the only addresses and networks from which it may be used; by default all",
        example=["192.168.0.0/16"],
    )
    deny_from: tuple[Network, ...] | None = setting(
        None, NETWORKS, "addresses and networks from which it may not", example=["192.168.9.1"]
    )
