"""The authenticator: finds the principal that a request's credentials stand for, and checks later
whether it is still valid. The only place of that decision."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import Protocol

from ..errors import BadRequest, MistypedToken, NoCredential, Unauthorized, UnknownKey
from . import jwt
from .credentials import Bearer, Credentials
from .fingerprint import Fingerprint
from .jwt_keys import JwtKey
from .ollama_keys import is_good, key_fingerprint
from .principal import Principal, Scope, SignedClaims
from .stored import NOTHING_STORED, Stored
from .token_text import origin
from .tokens import StaticToken, TokenTable

MISSING = "Send a token: Authorization: Bearer <token>, or X-API-Key: <token>."
UNKNOWN = "The credential is unknown or no longer valid."
"""The same text for unknown, expired and revoked credentials, so that callers cannot find out which
tokens exist."""

UNPROTECTED = (
    "The ollama command's signature is taken over HTTPS or from the gateway's own machine alone: "
    "whoever reads it could use it for another request."
)
NO_TOKENS = TokenTable((), bytes(32))

MAX_CREDENTIAL_CHARS = jwt.MAX_TOKEN_CHARS
MAX_CACHED_VERDICTS = 4096


class AuthSettings(Protocol):
    @property
    def path_tokens(self) -> bool: ...

    @property
    def tokens(self) -> Sequence[StaticToken]: ...

    @property
    def jwt_keys(self) -> Sequence[JwtKey]: ...


def build_authenticator(
    auth: AuthSettings,
    anonymous_scopes: frozenset[Scope],
    index_key: bytes | None = None,
    stored: Stored = NOTHING_STORED,
    issuers: jwt.Issuers = jwt.NO_ISSUERS,
    ollama_keys: Iterable[StaticToken] = (),
) -> Authenticator:
    """Makes an authenticator from the settings, the token store and the keys that issuers publish.
    `index_key`: 32 random bytes for `TokenTable`, made here when not given. `ollama_keys`: the
    SHA-256 of each is that of a public key."""
    index_key = index_key or secrets.token_bytes(32)
    table, keys = TokenTable(auth.tokens, index_key), TokenTable(ollama_keys, index_key)
    return Authenticator(
        table, auth.jwt_keys, anonymous_scopes, auth.path_tokens, stored, issuers, keys
    )


class Authenticator:
    """Authenticates under one generation of the settings and of the token store; a change of either
    makes a new one, with an empty cache."""

    def __init__(
        self,
        tokens: TokenTable,
        jwt_keys: Sequence[JwtKey],
        anonymous_scopes: frozenset[Scope],
        path_tokens: bool,
        stored: Stored = NOTHING_STORED,
        issuers: jwt.Issuers = jwt.NO_ISSUERS,
        ollama_keys: TokenTable = NO_TOKENS,
    ) -> None:
        """`tokens`: those of the configuration. `anonymous_scopes`: the scopes of callers without a
        valid credential; empty: they are refused. `path_tokens`: whether a token may stand in the
        URL, for the error."""
        self._path_tokens = path_tokens
        self._tokens = tokens
        self._stored = stored
        self._jwt_keys = tuple(jwt_keys)
        self._issuers = issuers
        self._ollama_keys = ollama_keys
        self._anonymous = Principal("anonymous", "anonymous", anonymous_scopes)
        self._verdicts: dict[bytes, Principal] = {}

    def with_stored(self, stored: Stored, anonymous_scopes: frozenset[Scope]) -> Authenticator:
        """The authenticator of the same settings and another content of the token store."""
        other = self._without_verdicts()
        other._stored = stored
        other._anonymous = replace(self._anonymous, scopes=anonymous_scopes)
        return other

    def with_issuers(self, issuers: jwt.Issuers) -> Authenticator:
        """The authenticator of the same settings and other keys of issuers."""
        other = self._without_verdicts()
        other._issuers = issuers
        return other

    def _without_verdicts(self) -> Authenticator:
        other = copy(self)
        other._verdicts = {}
        return other

    def _missing_key(self, credentials: Sequence[Bearer], now: float) -> str | None:
        """The issuer of a JWT among refused credentials whose key that issuer may have published in
        the meantime; None where there is none."""
        if not self._issuers:
            return None
        for credential in credentials:
            if not credential.in_path and jwt.looks_like_jwt(credential.text):
                try:
                    jwt.verify(credential.text, self._jwt_keys, now, self._issuers)
                except jwt.UnknownKeyId as error:
                    return error.issuer
                except jwt.InvalidToken:
                    continue
        return None

    @property
    def lets_everybody_in(self) -> bool:
        """Whether callers without a valid credential are served."""
        return bool(self._anonymous.scopes)

    def authenticate(self, credentials: Credentials, now: float) -> Principal:
        """Returns the principal of a request. `credentials` as `credentials.extract` returns them,
        `now` in Unix time. Raises Unauthorized, UnknownKey among it, and BadRequest where valid
        credentials stand for different principals.

        Invalid credentials are ignored while another one is valid or anonymous access is open,
        because clients of the OpenAI API must send some. An invalid token in the URL is always
        refused: no client has to put one there.
        """
        principal = self.find(credentials, now)
        if principal is not None:
            return principal
        sent = [credential for credential in credentials if not credential.is_placeholder]
        noted = next(iter(sent or credentials), None)
        stranger = self._stranger(noted.fingerprint if noted is not None else None)
        if stranger is None or any(credential.in_path for credential in sent):
            if any(of.signed is not None and not of.signed.protected for of in sent):
                raise Unauthorized(UNPROTECTED)
            if (issuer := self._missing_key(sent, now)) is not None:
                raise UnknownKey(UNKNOWN, issuer)
            if any(origin(credential.text) == "mistyped" for credential in sent):
                raise MistypedToken(UNKNOWN)
            if sent:
                raise Unauthorized(UNKNOWN)
            raise NoCredential(MISSING, path_tokens=self._path_tokens)
        return stranger

    def find(self, credentials: Credentials, now: float) -> Principal | None:
        """Returns the principal of the valid credentials, None where none is valid. Raises
        BadRequest where they stand for different principals."""
        known = [who for credential in credentials if (who := self._known(credential, now))]
        if any(not who.same_as(known[0]) for who in known[1:]):
            raise BadRequest("The request carries the credentials of two principals; send one.")
        return known[0] if known else None

    def still_valid(self, principal: Principal, now: float) -> Principal | None:
        """Returns the principal with its present rights under this generation of the settings; None
        where its credential has expired or was withdrawn. `now` is in Unix time. May be called at
        any time; needs no credential."""
        fingerprint, claims = principal.fingerprint, principal.claims
        if fingerprint is None:
            return self._stranger(None)
        if principal.kind == "key":
            return self._unless_revoked(self._ollama_key(fingerprint, now))
        known = self._token(fingerprint, now)
        if known is None and claims is not None:
            known = self._verified_again(claims, fingerprint, now)
        return self._unless_revoked(known) or self._stranger(fingerprint, claims)

    def _stranger(
        self, fingerprint: Fingerprint | None, claims: SignedClaims | None = None
    ) -> Principal | None:
        """The anonymous principal; None while anonymous access is closed. Keeps the fingerprint and
        claims of an invalid credential, because the next reload may make it valid."""
        if not self.lets_everybody_in:
            return None
        if fingerprint is None and claims is None:
            return self._anonymous
        return replace(self._anonymous, fingerprint=fingerprint, claims=claims)

    def _known(self, credential: Bearer, now: float) -> Principal | None:
        token = credential.text
        if len(token) > MAX_CREDENTIAL_CHARS:
            return None
        fingerprint, signed = credential.fingerprint, credential.signed
        if signed is not None:
            key = self._ollama_key(fingerprint, now)
            return self._unless_revoked(key) if key and is_good(signed, now) else None
        known = self._token(fingerprint, now, in_path=credential.in_path)
        if known is None and not credential.in_path:
            known = self._verified(token, fingerprint, now)
        return self._unless_revoked(known)

    def _token(
        self, fingerprint: Fingerprint, now: float, *, in_path: bool = False
    ) -> Principal | None:
        for table in (self._tokens, self._stored.tokens):
            known = table.find(fingerprint, now, in_path=in_path)
            if known is not None:
                return known
        return None

    def _ollama_key(self, fingerprint: Fingerprint, now: float) -> Principal | None:
        """The principal of a public key, whoever sends it: the signature is checked elsewhere."""
        found = self._ollama_keys.find(fingerprint, now)
        if found is None:
            return None
        return replace(found, kind="key", key_id=key_fingerprint(fingerprint.sha256))

    def _unless_revoked(self, principal: Principal | None) -> Principal | None:
        revoked = principal is not None and self._stored.revocations.cover(principal)
        return None if revoked else principal

    def _verified(self, token: str, fingerprint: Fingerprint, now: float) -> Principal | None:
        """Verifies a JWT. Only successes are cached, under the hash of the whole token."""
        if not (self._jwt_keys or self._issuers) or not jwt.looks_like_jwt(token):
            return None
        key = fingerprint.sha256
        principal = self._verdicts.get(key)
        if principal is not None:
            if principal.expires is None or now < principal.expires:
                return principal
            del self._verdicts[key]
            return None
        try:
            principal = jwt.verify(token, self._jwt_keys, now, self._issuers)
        except jwt.InvalidToken:
            return None
        principal = replace(principal, fingerprint=fingerprint)
        if len(self._verdicts) >= MAX_CACHED_VERDICTS:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[key] = principal
        return principal

    def _verified_again(
        self, claims: SignedClaims, fingerprint: Fingerprint, now: float
    ) -> Principal | None:
        try:
            principal = jwt.verify_again(claims, self._jwt_keys, now, self._issuers)
        except jwt.InvalidToken:
            return None
        return replace(principal, fingerprint=fingerprint)
