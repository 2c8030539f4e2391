"""What the token store adds to the configuration: tokens, and credentials that are revoked."""

from __future__ import annotations

from dataclasses import dataclass, field

from .principal import Principal
from .tokens import TokenTable


@dataclass(frozen=True, slots=True)
class Revocations:
    """Credentials that are refused although they would be valid otherwise."""

    credentials: frozenset[bytes] = field(default=frozenset(), repr=False)
    """SHA-256 of tokens."""
    jtis: frozenset[str] = frozenset()
    subs: frozenset[str] = frozenset()
    """Of JWTs, whoever issued them."""
    keys: frozenset[str] = frozenset()
    """What identifies a public key: the `kid` of one that signs JWTs, or the fingerprint
    `SHA256:...` of one of `auth.ollama_keys`."""

    def cover(self, principal: Principal) -> bool:
        """Whether the principal's credential is revoked."""
        fingerprint, signed = principal.fingerprint, principal.claims
        if fingerprint is not None and fingerprint.sha256 in self.credentials:
            return True
        if principal.key_id is not None and principal.key_id in self.keys:
            return True
        if signed is None:
            return False
        claims = signed.claims
        return claims.get("jti") in self.jtis or claims.get("sub") in self.subs


@dataclass(frozen=True, slots=True)
class Stored:
    """The content of the token store at one time."""

    tokens: TokenTable
    revocations: Revocations = Revocations()
    any_token: bool = False
    """There is a token, or was one that has been revoked since."""


NOTHING_STORED = Stored(TokenTable((), bytes(32)))
