"""JSON Web Signatures (RFC 7515) and the keys that verify them: all that PyJWT and cryptography do
for the gateway.

Both take longer to import than most commands run, so this module is imported inside the functions
that need it: a command without a JWT never loads it, and a gateway whose configuration has keys of
JWTs loads it at its start.
"""

from __future__ import annotations

import hashlib
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from .jwt_keys import ALGORITHMS, CURVES, MIN_RSA_BITS, RSA_ALGORITHMS

PublicKey = (
    rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
)

_JWS = jwt.PyJWS(sorted(ALGORITHMS))
"""The algorithms that are used, and no others."""

_FAMILIES: dict[Any, Any] = {
    "RSA": jwt.algorithms.RSAAlgorithm,
    "EC": jwt.algorithms.ECAlgorithm,
    "OKP": jwt.algorithms.OKPAlgorithm,
}


def sign(claims: dict[str, Any], secret: str, algorithm: str) -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


def header(token: str) -> dict[str, Any]:
    """The header of a token, whose signature is not verified. Raises ValueError."""
    try:
        return jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise ValueError(str(error)) from None


def verified_payload(token: str, key: str | PublicKey, algorithms: list[str]) -> bytes:
    """The payload of a token that the key has signed. Raises ValueError."""
    try:
        payload: bytes = _JWS.decode_complete(token, key, algorithms=algorithms)["payload"]
    except (jwt.PyJWTError, TypeError) as error:
        raise ValueError(str(error)) from None
    return payload


def is_public_text(secret: str) -> bool:
    """Whether a text is a key in PEM, SSH or JWK form. Such a text must not be an HMAC secret,
    because public keys are known to others."""
    try:
        _JWS.get_algorithm_by_name("HS256").prepare_key(secret)
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
    if is_short(key):
        raise ValueError(f"holds an RSA key of {MIN_RSA_BITS} bits or more")
    return key


def key_of_jwk(jwk: dict[str, Any]) -> PublicKey | None:
    """The public key of a JWK (RFC 7517); None for one of another kind, a private one, a short one,
    and one that is malformed."""
    kind = jwk.get("kty")
    if not isinstance(kind, str) or kind not in _FAMILIES:
        return None
    try:
        key = _FAMILIES[kind].from_jwk(jwk)
    except Exception:  # PyJWT's and cryptography's, which have no common base
        return None
    return key if isinstance(key, PublicKey) and not is_short(key) else None


def is_short(key: PublicKey) -> bool:
    return isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS


def fits(key: PublicKey, algorithm: str) -> bool:
    """Whether a key can be used with the algorithm."""
    if isinstance(key, rsa.RSAPublicKey):
        return algorithm in RSA_ALGORITHMS
    if isinstance(key, ec.EllipticCurvePublicKey):
        return CURVES.get(algorithm) == key.curve.name
    return algorithm == "EdDSA"


def digest(key: PublicKey) -> bytes:
    """SHA-256 of the key, which identifies it."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).digest()
