"""Issuers of JWTs that publish their keys: the rules for each, and what its documents say.

Rules: OpenID Connect Discovery 1.0 (section 4), RFC 7517 (JWK). Pure: what the documents say is
read here, `identity/key_sets.py` fetches them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .claims import ClaimRules
from .jwt_keys import PUBLIC_KEY_ALGORITHMS, JwtKey
from .principal import Scope

if TYPE_CHECKING:
    from .jws import PublicKey

MAX_KEYS = 100
"""Of one issuer; more are ignored. Entra publishes about ten."""

MAX_KID_CHARS = 256

WELL_KNOWN = "/.well-known/openid-configuration"


class BadDocument(Exception):
    """A document of an issuer that is refused. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer of the configuration."""

    issuer: str
    """What the claim `iss` must be."""
    discovery: str | None
    """The URL below which the issuer describes itself; None: `jwks_url` is known."""
    jwks_url: str | None
    audience: str | None = None
    algorithms: frozenset[str] = frozenset(PUBLIC_KEY_ALGORITHMS)
    leeway: float = 30.0
    default_scopes: frozenset[Scope] = frozenset((Scope.GENERATE,))
    claims: ClaimRules = ClaimRules()
    private_addresses: bool = False
    """It may be in the own network, and speak plain HTTP there."""


def may_fetch(url: str, issuer: Issuer) -> bool:
    """Whether a URL may be fetched for an issuer: HTTPS, or HTTP in the own network."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    schemes = ("https", "http") if issuer.private_addresses else ("https",)
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    return plain and parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc


def jwks_url(document: bytes, issuer: Issuer) -> str:
    """The URL of the keys in an issuer's well-known document, which must be about this issuer.
    Raises BadDocument."""
    found = _object(document)
    if found.get("issuer") != issuer.issuer:
        raise BadDocument("its well-known document is of another issuer")
    url = found.get("jwks_uri")
    if not isinstance(url, str) or not may_fetch(url, issuer):
        raise BadDocument("its well-known document has no jwks_uri that may be fetched")
    return url


def published_keys(document: bytes, issuer: Issuer) -> tuple[JwtKey, ...]:
    """The keys of a JWK set that can verify signatures under the issuer's rules. What else is in it
    is ignored: secrets, private keys, keys for encryption. Raises BadDocument where none is left:
    an issuer that has no key is one that is broken."""
    listed = _object(document).get("keys")
    if not isinstance(listed, list):
        raise BadDocument("its key set is none")
    keys = tuple(_usable(listed[:MAX_KEYS], issuer))
    if not keys:
        raise BadDocument("its key set has no key that can be used")
    return keys


def prepare() -> None:
    """Imports what keys are made with, where there are issuers, before the first is fetched: the
    event loop would stand still meanwhile."""
    import_module(f"{__package__}.jws")


def _usable(listed: list[Any], issuer: Issuer) -> Iterator[JwtKey]:
    from . import jws

    for jwk in listed:
        key = _public_key(jwk) if isinstance(jwk, dict) else None
        if key is None:
            continue
        named = jwk.get("alg")
        algorithms = tuple(
            name
            for name in sorted(issuer.algorithms & PUBLIC_KEY_ALGORITHMS)
            if jws.fits(key, name) and named in (None, name)
        )
        if algorithms:
            yield JwtKey(
                key,
                algorithms,
                issuer.issuer,
                issuer.audience,
                issuer.leeway,
                issuer.default_scopes,
                claims=issuer.claims,
                kid=jwk.get("kid"),
                fetched=True,
            )


def _public_key(jwk: dict[str, Any]) -> PublicKey | None:
    """The key of a JWK; None for one that is not for signatures, is not public, or is malformed."""
    from . import jws

    kid, use, operations = jwk.get("kid"), jwk.get("use", "sig"), jwk.get("key_ops", ["verify"])
    if not isinstance(kid, str | None) or len(kid or "") > MAX_KID_CHARS or use != "sig":
        return None
    if not isinstance(operations, list) or "verify" not in operations or "d" in jwk:
        return None
    return jws.key_of_jwk(jwk)


def _object(document: bytes) -> dict[str, Any]:
    try:
        found = json.loads(document.decode())
    except (ValueError, RecursionError):
        raise BadDocument("its document cannot be read") from None
    if not isinstance(found, dict):
        raise BadDocument("its document is no JSON object")
    return found
