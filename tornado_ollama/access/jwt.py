"""JSON Web Tokens: verifies and signs them, and reads what their claims allow.

PyJWT checks the signature; the claims are checked here, against a time that is given. One key has
one list of algorithms, all of its own kind, so a public key can never be taken for an HMAC secret.
Nothing in a token's header brings a key: `jku`, `x5u`, `jwk` and `x5c` are ignored, `crit` and
`b64` refused. `kid` chooses among the keys that the token's issuer publishes, and only there.
Rules: RFC 7515, 7519, 8725.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

from . import claims as reading
from .claims import WrongClaim
from .jwt_keys import JwtKey
from .principal import Principal, SignedClaims, loggable_name

MAX_TOKEN_CHARS = 8192
LAST_SECOND = 253402300799
"""The end of the year 9999; no claim of a time may lie beyond."""

CLAIMS = ("sub", "exp", "nbf", "iat", "iss", "aud", "jti")
"""What is read of every token; the others are those that the key's `ClaimRules` name."""

Issuers = Mapping[str, Sequence[JwtKey]]
"""The keys that issuers publish, by `iss`. An issuer whose keys are not known yet has none."""

NO_ISSUERS: Issuers = MappingProxyType({})

MAX_TRIED = 8
"""Keys tried on a token that names none; an issuer signs with one or two at a time."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class InvalidToken(Exception):
    """A JWT that is refused. The message is for the operator (`token inspect`) and not sent to
    clients."""


class UnknownKeyId(InvalidToken):
    """A JWT of a known issuer, signed with a key that it has not published so far."""

    def __init__(self, issuer: str) -> None:
        super().__init__("its key is not among those that its issuer publishes")
        self.issuer = issuer


def looks_like_jwt(token: str) -> bool:
    return len(token) <= MAX_TOKEN_CHARS and _COMPACT.fullmatch(token) is not None


def verify(
    token: str, keys: Sequence[JwtKey], now: float, issuers: Issuers = NO_ISSUERS
) -> Principal:
    """Verifies a JWT and returns its principal; `expires` includes the leeway. `keys`: those of the
    configuration. Raises InvalidToken."""
    if not looks_like_jwt(token):
        raise InvalidToken("it is not a signed JWT in compact form")
    header = _header(token)
    candidates = _candidates(header, _claimed_issuer(token) if issuers else None, keys, issuers)
    refusal = InvalidToken("its signature is not right")
    for key in candidates:
        try:
            claims = _signed_claims(token, key)
        except InvalidToken as error:
            refusal = error
            continue
        return _principal(_kept(str(header["alg"]), key, claims), key, now)
    raise refusal


def verify_again(
    signed: SignedClaims, keys: Sequence[JwtKey], now: float, issuers: Issuers = NO_ISSUERS
) -> Principal:
    """Checks the claims of a token that was verified before, under other keys or at a later time,
    and returns the principal. Raises InvalidToken as `verify` would."""
    issuer = signed.claims.get("iss")
    claimed = isinstance(issuer, str) and issuer in issuers  # as in `verify`
    fixed = [key for key in keys if signed.algorithm in key.algorithms and not claimed][:1]
    published = (key for of_issuer in issuers.values() for key in of_issuer)
    for key in (*fixed, *published):
        if signed.algorithm in key.algorithms and key.digest() == signed.key_digest:
            return _principal(signed, key, now)
    raise InvalidToken("its signature is not right")


def sign(claims: dict[str, Any], secret: str, algorithm: str) -> str:
    """Signs a new token. `algorithm` is one of SECRET_BYTES, `secret` long enough for it."""
    from . import jws

    return jws.sign(claims, secret, algorithm)


def _candidates(
    header: Mapping[str, Any], issuer: str | None, keys: Sequence[JwtKey], issuers: Issuers
) -> list[JwtKey]:
    """The keys that may have signed a token, at least one. A token of a known issuer is verified by
    its keys alone. Raises InvalidToken."""
    algorithm, kid = header.get("alg"), header.get("kid")
    if issuer is not None and issuer in issuers:
        published = [key for key in issuers[issuer] if kid is None or key.kid == kid]
        if not published:
            raise UnknownKeyId(issuer)
        fitting = [key for key in published if algorithm in key.algorithms][:MAX_TRIED]
    else:
        fitting = [key for key in keys if algorithm in key.algorithms][:1]
    if not fitting:
        raise InvalidToken("its algorithm is not among auth.jwt.algorithms")
    return fitting


def _claimed_issuer(token: str) -> str | None:
    """The claim `iss` before the signature is verified: it only chooses among the issuers of the
    configuration, whose keys then decide."""
    payload = token.split(".")[1]
    try:
        claims = _read_claims(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else None


def _kept(algorithm: str, key: JwtKey, claims: Mapping[str, Any]) -> SignedClaims:
    names = {*CLAIMS, *(path.partition(".")[0] for path in key.claims.paths), *key.claims.paths}
    kept = {name: claims[name] for name in claims if name in names}
    return SignedClaims(algorithm, key.digest(), kept, key.issuer if key.fetched else None)


def _header(token: str) -> dict[str, Any]:
    from . import jws

    try:
        header = jws.header(token)
    except ValueError:
        raise InvalidToken("its header cannot be read") from None
    if "crit" in header or "b64" in header:
        raise InvalidToken("its header asks for extensions")
    return header


def _signed_claims(token: str, key: JwtKey) -> dict[str, Any]:
    from . import jws

    try:
        payload = jws.verified_payload(token, key.key, list(key.algorithms))
    except ValueError:
        raise InvalidToken("its signature is not right") from None
    try:
        return _read_claims(payload)
    except ValueError as error:
        raise InvalidToken(str(error)) from None


def _read_claims(payload: bytes) -> dict[str, Any]:
    """The claims set of a payload. Raises ValueError."""
    try:
        claims = json.loads(
            payload.decode(),  # or Python would guess among UTF-8, -16 and -32
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        raise ValueError("its claims cannot be read") from None
    if not isinstance(claims, dict):
        raise ValueError("its claims are not an object")
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
    subject = _text(claims, "sub")
    try:
        scopes = reading.scopes(claims, key.claims)
        models, groups = reading.models(claims, key.claims), reading.groups(claims, key.claims)
        name = reading.name(claims, key.claims) or subject or "jwt"
    except WrongClaim as error:
        raise InvalidToken(str(error)) from None
    return Principal(
        loggable_name(name),
        "jwt",
        key.default_scopes if scopes is None else scopes,
        models,
        None if expires is None else expires + key.leeway,
        claims=signed,
        key_id=key.kid,
        groups=groups,
    )


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


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    claims = dict(pairs)
    if len(claims) != len(pairs):
        raise ValueError("a claim is there twice")
    return claims


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
