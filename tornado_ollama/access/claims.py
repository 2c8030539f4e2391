"""Reads name, scopes, models and groups from the claims of a JWT, by rules that say where an issuer
puts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .principal import Scope

MAX_DEPTH = 8
"""Of a claim within claims; no issuer nests deeper than 3."""


class WrongClaim(Exception):
    """A claim of a kind that it may not have. The text says which."""


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Where an issuer puts what the gateway reads. A path names a claim, or with points in it a
    claim within a claim (`realm_access.roles`)."""

    name: str = "sub"
    """Path of the name for the log."""
    scopes: str = "scope"
    """Path of the words that give scopes."""
    models: str = "models"
    """Path of the globs of the models that may be used; without the claim: all."""
    groups: str | None = None
    """Path of the names of `limits.groups`."""
    generate: frozenset[str] = frozenset((Scope.GENERATE.value,))
    """The words that give the scope `generate`."""
    manage: frozenset[str] = frozenset((Scope.MANAGE.value,))

    @property
    def paths(self) -> tuple[str, ...]:
        found = (self.name, self.scopes, self.models, self.groups)
        return tuple(path for path in found if path is not None)

    @property
    def standard_scopes(self) -> bool:
        """Whether scopes are read where RFC 8693 (section 4.2) has them, as one text."""
        return self.scopes == "scope"


def name(claims: Mapping[str, Any], rules: ClaimRules) -> str | None:
    """The holder's name, None where the claim is missing. Raises WrongClaim."""
    value = _at(claims, rules.name)
    if value is None or isinstance(value, str):
        return value
    raise WrongClaim(f"its {rules.name} is not a string")


def scopes(claims: Mapping[str, Any], rules: ClaimRules) -> frozenset[Scope] | None:
    """The scopes that the words of the claim give. None where a standard claim is missing, for
    which there is a default; a missing claim of another name gives none. Raises WrongClaim."""
    value = _at(claims, rules.scopes)
    if value is None and not _has(claims, rules.scopes):
        return None if rules.standard_scopes else frozenset()
    if rules.standard_scopes and not isinstance(value, str):
        raise WrongClaim("its scope is not a string")
    words = set(_words(value, rules.scopes))
    found = {Scope.GENERATE: rules.generate, Scope.MANAGE: rules.manage}
    return frozenset(scope for scope, giving in found.items() if words & giving)


def models(claims: Mapping[str, Any], rules: ClaimRules) -> tuple[str, ...] | None:
    """The globs of the claim; None where it is missing. Raises WrongClaim."""
    if not _has(claims, rules.models):
        return None
    globs = _at(claims, rules.models)
    if isinstance(globs, list) and all(isinstance(glob, str) for glob in globs):
        return tuple(globs)
    raise WrongClaim(f"its {rules.models} is not a list of globs")


def groups(claims: Mapping[str, Any], rules: ClaimRules) -> tuple[str, ...]:
    """The names of groups. Raises WrongClaim."""
    if rules.groups is None or _at(claims, rules.groups) is None:
        return ()
    return tuple(_words(_at(claims, rules.groups), rules.groups))


def _words(value: Any, path: str) -> list[str]:
    if isinstance(value, str):
        return value.split(" ")
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return value
    raise WrongClaim(f"its {path} is not a text or a list of texts")


def _has(claims: Mapping[str, Any], path: str) -> bool:
    missing = object()
    return _at(claims, path, missing) is not missing


def _at(claims: Mapping[str, Any], path: str, missing: Any = None) -> Any:
    """The value at a path. A claim whose own name has points in it (`https://example.com/roles`)
    goes first."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split(".", MAX_DEPTH):
        if not isinstance(value, Mapping) or part not in value:
            return missing
        value = value[part]
    return value
