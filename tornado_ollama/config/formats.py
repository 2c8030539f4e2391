"""Rules for values in a text format: hosts, URLs, networks, origins, durations.

A rule returns the value normalised, so that the rest of the program can compare it.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from ..access.jwt_keys import ALGORITHMS as JWT_ALGORITHMS
from ..access.origins import origin_pattern
from .rules import TEXT, Rule, texts

_DURATION = re.compile(r"-?(0|([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+)")
"""Go's `time.ParseDuration`, which is what Ollama reads `keep_alive` with."""

_HOST = re.compile(r"[A-Za-z0-9._-]+")


def _bind_host(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    if ":" in bare:
        try:
            IPv6Address(bare)
        except ValueError:
            raise ValueError("an address or a host name, without a port") from None
        return bare
    if not _HOST.fullmatch(text) or not _can_be_looked_up(text):
        raise ValueError("an address or a host name, without a port")
    return text.lower()


def _can_be_looked_up(host: str) -> bool:
    """Whether a host name can be resolved at all. `getaddrinfo` encodes names with this codec
    first, which raises no OSError where a label is empty or longer than 63 characters."""
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(name == "*" or _HOST.fullmatch(name) for name in names):
        raise ValueError('a list of host names, or ["*"]; no scheme, port or wildcard within')
    return tuple(name.lower() for name in names)


def _networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(network, strict=False)) for network in networks)
    except ValueError:
        raise ValueError("a list of networks such as 10.0.0.0/8") from None


def _http_url(text: str) -> str:
    rule = "an address such as http://localhost:11434, without user, query or fragment"
    try:
        url = urlsplit(text)
        port_is_right = url.port is None or url.port > 0
    except ValueError:
        raise ValueError(rule) from None
    plain = re.fullmatch(r"[!-~]+", text) and not re.search(r"[\\?#@]", text)
    if url.scheme not in ("http", "https") or not url.hostname or not port_is_right or not plain:
        raise ValueError(rule)
    if not _can_be_looked_up(url.hostname):
        raise ValueError(f"{rule}, with a host name that can be looked up")
    return text.rstrip("/")


def _has_user(value: object) -> bool:
    return "@" in str(value)


def _storage(text: str) -> str:
    scheme = text.partition("://")[0]
    if text != "memory" and (scheme not in STORAGE_SCHEMES or not re.fullmatch(r"[!-~]+", text)):
        raise ValueError(STORAGE.words)
    return text


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(origin_pattern(origin) for origin in origins)


def _algorithms(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or not set(names) <= JWT_ALGORITHMS:
        raise ValueError(f"a list out of {', '.join(sorted(JWT_ALGORITHMS))}")
    return tuple(dict.fromkeys(names))


def _keep_alive(value: str | int | float) -> str | int | float:
    if isinstance(value, str) and not _DURATION.fullmatch(value):
        raise ValueError('seconds or a time with its unit such as "5m"')
    return value


def _aliases(aliases: dict[str, str]) -> dict[str, str]:
    if any(" " in name for name in (*aliases, *aliases.values())):
        raise ValueError("a table of names without spaces")
    return aliases


_Name = Annotated[str, Meta(min_length=1)]

HOST: Rule[str] = Rule(TEXT.words, TEXT.kind, _bind_host)
HOST_NAMES = texts("a list of texts", _host_names)
NETWORKS = texts("a list of texts", _networks)
HTTP_URL: Rule[str] = Rule(TEXT.words, TEXT.kind, _http_url, hides=_has_user)
STORAGE_SCHEMES = ("redis", "rediss", "redis+unix")
STORAGE: Rule[str] = Rule(
    "memory, or the address of a Redis such as redis://localhost:6379/0",
    TEXT.kind,
    _storage,
    hides=_has_user,
)
ORIGINS = texts("a list of texts", _origins)
ALGORITHMS = texts("a list of texts", _algorithms)
KEEP_ALIVE: Rule[str | int | float] = Rule(
    "seconds or a time such as 5m", str | int | float, _keep_alive
)
ALIASES: Rule[dict[str, str]] = Rule("a table of names", dict[_Name, _Name], _aliases)
NUM_CTX: Rule[int | Literal["auto"]] = Rule(
    "a number of tokens, 1 or more, or auto", Annotated[int, Meta(ge=1)] | Literal["auto"]
)
