"""From a credential to the principal it stands for: the one place of that decision."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Protocol

from ..errors import Unauthorized
from . import jwt
from .principal import Principal, Scope
from .tokens import StaticToken, TokenTable, digest

MISSING = "Send a token: Authorization: Bearer <token>, or X-API-Key: <token>."
UNKNOWN = "The credential is unknown or no longer valid."
"""Never which of the two, nor why: that would help who guesses."""

MAX_CREDENTIAL_CHARS = jwt.MAX_TOKEN_CHARS
MAX_CACHED_VERDICTS = 4096


class AuthSettings(Protocol):
    @property
    def tokens(self) -> Sequence[StaticToken]: ...

    @property
    def jwt_keys(self) -> Sequence[jwt.JwtKey]: ...


def build_authenticator(
    auth: AuthSettings, anonymous_scopes: frozenset[Scope], index_key: bytes | None = None
) -> Authenticator:
    """`index_key`: 32 random bytes for `TokenTable`; made here when not given."""
    table = TokenTable(auth.tokens, index_key or secrets.token_bytes(32))
    return Authenticator(table, auth.jwt_keys, anonymous_scopes)


class Authenticator:
    """Good for one generation of the settings; a reload makes a new one, with an empty cache."""

    def __init__(
        self,
        tokens: TokenTable,
        jwt_keys: Sequence[jwt.JwtKey],
        anonymous_scopes: frozenset[Scope],
    ) -> None:
        """`anonymous_scopes`: what whoever has no valid credential may do; empty: nothing."""
        self._tokens = tokens
        self._jwt_keys = tuple(jwt_keys)
        self._anonymous = Principal("anonymous", "anonymous", anonymous_scopes)
        self._verdicts: dict[bytes, Principal] = {}

    def authenticate(self, token: str | None, now: float) -> Principal:
        """`token` as `credentials` found it, `now` in Unix time. Raises Unauthorized.

        While anonymous access is open a credential that is not valid is no reason to refuse:
        clients of the OpenAI API have to send some.
        """
        principal = self._known(token, now) if token else None
        if principal is not None:
            return principal
        if self._anonymous.scopes:
            return self._anonymous
        raise Unauthorized(UNKNOWN if token else MISSING)

    def _known(self, token: str, now: float) -> Principal | None:
        if len(token) > MAX_CREDENTIAL_CHARS:
            return None
        return self._tokens.find(token, now) or self._verified(token, now)

    def _verified(self, token: str, now: float) -> Principal | None:
        """Verdicts are kept under the hash of the whole token, and only good ones."""
        if not self._jwt_keys or not jwt.looks_like_jwt(token):
            return None
        key = digest(token)
        principal = self._verdicts.get(key)
        if principal is not None:
            if principal.expires is None or now < principal.expires:
                return principal
            del self._verdicts[key]
            return None
        try:
            principal = jwt.verify(token, self._jwt_keys, now)
        except jwt.InvalidToken:
            return None
        if len(self._verdicts) >= MAX_CACHED_VERDICTS:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[key] = principal
        return principal
