"""JSON Web Tokens: verifies and signs them, and reads what their claims allow.

PyJWT checks the signature; the claims are checked here, against a time that is given. One key has
one list of algorithms, all of its own kind, so a public key can never be taken for an HMAC secret.
Nothing in a token's header chooses a key: `jku`, `x5u`, `jwk` and `kid` are ignored, `crit` and
`b64` refused. Rules: RFC 7515, 7519, 8725.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from .principal import Principal, Scope, SignedClaims, loggable_name

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

MAX_TOKEN_CHARS = 8192
LAST_SECOND = 253402300799
"""The end of the year 9999; no claim of a time may lie beyond."""

CLAIMS = ("sub", "exp", "nbf", "iat", "iss", "aud", "jti", "scope", "models")
"""All that is read of a token."""

_JWS = jwt.PyJWS(sorted(ALGORITHMS))

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class InvalidToken(Exception):
    """A JWT that is refused. The message is for the operator (`token inspect`) and not sent to
    clients."""


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

    def digest(self) -> bytes:
        """SHA-256 of the key, which identifies the key without revealing it."""
        if isinstance(self.key, str):
            return hashlib.sha256(self.key.encode()).digest()
        der = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).digest()


def looks_like_jwt(token: str) -> bool:
    return len(token) <= MAX_TOKEN_CHARS and _COMPACT.fullmatch(token) is not None


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


def verify(token: str, keys: Sequence[JwtKey], now: float) -> Principal:
    """Verifies a JWT and returns its principal; `expires` includes the leeway. Raises
    InvalidToken."""
    if not looks_like_jwt(token):
        raise InvalidToken("it is not a signed JWT in compact form")
    algorithm = _header(token).get("alg")
    key = _key_for(algorithm, keys)
    claims = _signed_claims(token, key)
    kept = {name: claims[name] for name in CLAIMS if name in claims}
    return _principal(SignedClaims(str(algorithm), key.digest(), kept), key, now)


def verify_again(signed: SignedClaims, keys: Sequence[JwtKey], now: float) -> Principal:
    """Checks the claims of a token that was verified before, under other keys or at a later time,
    and returns the principal. Raises InvalidToken as `verify` would."""
    key = _key_for(signed.algorithm, keys)
    if key.digest() != signed.key_digest:
        raise InvalidToken("its signature is not right")
    return _principal(signed, key, now)


def sign(claims: dict[str, Any], secret: str, algorithm: str) -> str:
    """Signs a new token. `algorithm` is one of SECRET_BYTES, `secret` long enough for it."""
    return jwt.encode(claims, secret, algorithm=algorithm)


def _key_for(algorithm: object, keys: Sequence[JwtKey]) -> JwtKey:
    for key in keys:
        if algorithm in key.algorithms:
            return key
    raise InvalidToken("its algorithm is not among auth.jwt.algorithms")


def _header(token: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError):
        raise InvalidToken("its header cannot be read") from None
    if "crit" in header or "b64" in header:
        raise InvalidToken("its header asks for extensions")
    return header


def _signed_claims(token: str, key: JwtKey) -> dict[str, Any]:
    try:
        decoded = _JWS.decode_complete(token, key.key, algorithms=list(key.algorithms))
    except (jwt.PyJWTError, ValueError, TypeError):
        raise InvalidToken("its signature is not right") from None
    try:
        claims = json.loads(
            decoded["payload"].decode(),  # or Python would guess among UTF-8, -16 and -32
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        raise InvalidToken("its claims cannot be read") from None
    if not isinstance(claims, dict):
        raise InvalidToken("its claims are not an object")
    return claims


def _principal(signed: SignedClaims, key: JwtKey, now: float) -> Principal:
    claims = signed.claims
    expires = _time(claims, "exp")
    if expires is None and key.require_exp:
        raise InvalidToken("it has no exp")
    if expires is not None and now >= expires + key.leeway:
        raise InvalidToken("it has expired")
    for claim in ("nbf", "iat"):
        begins = _time(claims, claim)
        if begins is not None and begins > now + key.leeway:
            raise InvalidToken(f"its {claim} lies in the future")
    if key.issuer is not None and claims.get("iss") != key.issuer:
        raise InvalidToken("its iss is not auth.jwt.issuer")
    if key.audience is not None and key.audience not in _audiences(claims):
        raise InvalidToken("its aud is not auth.jwt.audience")
    _text(claims, "jti")
    scope = _text(claims, "scope")
    return Principal(
        loggable_name(_text(claims, "sub") or "jwt"),
        "jwt",
        key.default_scopes if scope is None else frozenset(_scopes(scope)),
        _models(claims),
        None if expires is None else expires + key.leeway,
        claims=signed,
    )


def _scopes(text: str) -> list[Scope]:
    known = {scope.value: scope for scope in Scope}
    return [known[word] for word in text.split(" ") if word in known]


def _text(claims: Mapping[str, Any], claim: str) -> str | None:
    if claim not in claims:
        return None
    if isinstance(value := claims[claim], str):
        return value
    raise InvalidToken(f"its {claim} is not a string")


def _time(claims: Mapping[str, Any], claim: str) -> float | None:
    """Seconds since 1970 (RFC 7519, `NumericDate`)."""
    if claim not in claims:
        return None
    value = claims[claim]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 <= value <= LAST_SECOND:
        return float(value)
    raise InvalidToken(f"its {claim} is not a time")


def _audiences(claims: Mapping[str, Any]) -> list[str]:
    value = claims.get("aud")
    audiences = [value] if isinstance(value, str) else value
    if isinstance(audiences, list) and all(isinstance(item, str) for item in audiences):
        return audiences
    raise InvalidToken("its aud is not a string or a list of strings")


def _models(claims: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "models" not in claims:
        return None
    globs = claims["models"]
    if isinstance(globs, list) and all(isinstance(glob, str) for glob in globs):
        return tuple(globs)
    raise InvalidToken("its models is not a list of globs")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    claims = dict(pairs)
    if len(claims) != len(pairs):
        raise ValueError("a claim is there twice")
    return claims


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
