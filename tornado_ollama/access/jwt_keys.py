"""Keys that verify JWTs: secrets and public keys, each with the algorithms of its own kind and the
rules for the tokens it signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .claims import ClaimRules
from .principal import Scope

if TYPE_CHECKING:
    from .jws import PublicKey

SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Least length of a secret by algorithm: the hash's own (RFC 7518, section 3.2)."""

CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
RSA_ALGORITHMS = frozenset(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"))
MIN_RSA_BITS = 2048
"""RFC 7518, section 3.3."""

PUBLIC_KEY_ALGORITHMS = RSA_ALGORITHMS | CURVES.keys() | {"EdDSA"}
ALGORITHMS = SECRET_BYTES.keys() | PUBLIC_KEY_ALGORITHMS


@dataclass(frozen=True, slots=True)
class JwtKey:
    """A key, and the rules for the tokens it signed."""

    key: str | PublicKey = field(repr=False)
    algorithms: tuple[str, ...]
    issuer: str | None = None
    audience: str | None = None
    leeway: float = 30.0
    """Seconds by which clocks may differ."""
    default_scopes: frozenset[Scope] = frozenset((Scope.GENERATE,))
    """What a token without the claim `scope` allows."""
    require_exp: bool = True
    claims: ClaimRules = ClaimRules()
    kid: str | None = None
    """The key's id in the set that its issuer publishes; None: a key of the configuration."""
    fetched: bool = False
    """The issuer publishes it: it verifies this issuer's tokens and no others."""

    def digest(self) -> bytes:
        """SHA-256 of the key, which identifies the key without revealing it."""
        if isinstance(self.key, str):
            return hashlib.sha256(self.key.encode()).digest()
        from . import jws

        return jws.digest(self.key)
