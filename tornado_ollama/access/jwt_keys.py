"""Keys that verify JWTs: secrets and public keys, each with the algorithms of its own kind and the
rules for the tokens it signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from .claims import ClaimRules
from .principal import Scope

PublicKey = (
    rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
)

SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Least length of a secret by algorithm: the hash's own (RFC 7518, section 3.2)."""

CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
RSA_ALGORITHMS = frozenset(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"))
MIN_RSA_BITS = 2048
"""RFC 7518, section 3.3."""

PUBLIC_KEY_ALGORITHMS = RSA_ALGORITHMS | CURVES.keys() | {"EdDSA"}
ALGORITHMS = SECRET_BYTES.keys() | PUBLIC_KEY_ALGORITHMS

JWS = jwt.PyJWS(sorted(ALGORITHMS))
"""The algorithms that are used, and no others."""


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
        der = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).digest()


def is_public_text(secret: str) -> bool:
    """Whether a text is a key in PEM, SSH or JWK form. Such a text must not be an HMAC secret,
    because public keys are known to others."""
    try:
        JWS.get_algorithm_by_name("HS256").prepare_key(secret)
    except jwt.InvalidKeyError:
        return True
    return False


def load_public_key(pem: bytes) -> PublicKey:
    """Loads a public key. Raises ValueError with the rule that the text breaks."""
    if b"PRIVATE KEY" in pem:
        raise ValueError("holds the public key, not the private one")
    try:
        key = load_pem_public_key(pem)
    except Exception:  # cryptography documents several, and adds to them
        raise ValueError("holds one public key in PEM form") from None
    if not isinstance(key, PublicKey):
        raise ValueError("holds an RSA, EC or Ed25519 key")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise ValueError(f"holds an RSA key of {MIN_RSA_BITS} bits or more")
    return key


def fits(key: PublicKey, algorithm: str) -> bool:
    """Whether a key can be used with the algorithm."""
    if isinstance(key, rsa.RSAPublicKey):
        return algorithm in RSA_ALGORITHMS
    if isinstance(key, ec.EllipticCurvePublicKey):
        return CURVES.get(algorithm) == key.curve.name
    return algorithm == "EdDSA"
