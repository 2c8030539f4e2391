"""Finds the credentials that may do more after a reload, and describes each in a sentence for the
log. Pure.

Most often that is intended. It is also the effect of a file that lost a line or its end, because a
token's restrictions are written after the token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..access.jwt_keys import JwtKey
from ..access.principal import Scope, within
from ..access.tokens import StaticToken
from .settings import Settings


def widened(old: Settings, new: Settings) -> tuple[str, ...]:
    """A sentence for each credential in both settings that the new ones restrict less."""
    return tuple(_sentences(old, new))


def _sentences(old: Settings, new: Settings) -> Iterator[str]:
    before = {token.sha256: token for token in old.auth.tokens}
    for token in new.auth.tokens:
        if (known := before.get(token.sha256)) and (more := tuple(_of_token(known, token))):
            yield f"The token {token.name} may do more than before this reload: {_listed(more)}."
    keys = {key.digest(): key for key in old.auth.jwt_keys}
    for key in new.auth.jwt_keys:
        if (same := keys.get(key.digest())) and (more := tuple(_of_key(same, key))):
            yield f"JWTs may do more than before this reload: {_listed(more)}."
    everybody = []
    if scopes := new.anonymous_scopes() - old.anonymous_scopes():
        everybody.append(_scopes(scopes))
    if names := set(new.auth.public) - set(old.auth.public):
        everybody.append(f"ask for {' and '.join(sorted(names))} without a credential")
    if everybody:
        yield f"Everybody may do more than before this reload: {_listed(everybody)}."


def _of_token(old: StaticToken, new: StaticToken) -> Iterator[str]:
    if old.models is not None and (new.models is None or not within(new.models, old.models)):
        yield "use every model" if new.models is None else "use more models"
    if old.expires is not None and (new.expires is None or new.expires > old.expires):
        yield "be used without end" if new.expires is None else "be used for longer"
    if new.in_path and not old.in_path:
        yield "be used in a URL"
    if scopes := new.scopes - old.scopes:
        yield _scopes(scopes)


def _of_key(old: JwtKey, new: JwtKey) -> Iterator[str]:
    if old.issuer is not None and new.issuer is None:
        yield "be of any issuer"
    if old.audience is not None and new.audience is None:
        yield "be for any audience"
    if old.require_exp and not new.require_exp:
        yield "be without exp"
    if scopes := new.default_scopes - old.default_scopes:
        yield f"{_scopes(scopes)} where they name no scope"


def _scopes(scopes: Iterable[Scope]) -> str:
    return " and ".join(sorted(scope.value for scope in scopes))


def _listed(items: Iterable[str]) -> str:
    return ", ".join(items)
