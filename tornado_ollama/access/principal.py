"""The principal: the one a request acts for, and what it may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Literal

from ..wire.model_names import admits, covers
from .addresses import AddressRules
from .fingerprint import Fingerprint
from .quota import Quota

Kind = Literal["anonymous", "token", "jwt", "key"]

MAX_NAME_CHARS = 64


class Scope(StrEnum):
    """A right that a credential gives. Neither scope includes the other."""

    GENERATE = "generate"
    MANAGE = "manage"


def within(globs: Iterable[str], others: Iterable[str]) -> bool:
    """Whether every model that `globs` allow is also allowed by `others`."""
    others = tuple(others)
    return all(any(covers(other, glob) for other in others) for glob in globs)


@dataclass(frozen=True, slots=True)
class SignedClaims:
    """The verified claims of a JWT, kept so that they can be checked again under other settings
    without the token."""

    algorithm: str
    key_digest: bytes = field(repr=False)
    """SHA-256 of the key that signed it."""
    claims: Mapping[str, Any] = field(repr=False)
    """Those that are looked at, and no others."""
    issuer: str | None = None
    """The issuer whose published key signed it; None: a key of the configuration did."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The one a request acts for: a name with scopes and models. Holds nothing secret, so it may be
    logged."""

    name: str
    kind: Kind
    scopes: frozenset[Scope]
    models: tuple[str, ...] | None = None
    """Globs of the models it may name; None: every model."""
    expires: float | None = None
    """Unix time from which it is no longer valid; None: never."""
    fingerprint: Fingerprint | None = field(default=None, compare=False)
    """Of the credential that was sent, whatever it is worth; None: none was."""
    claims: SignedClaims | None = field(default=None, compare=False, repr=False)
    """Of a JWT."""
    quota: Quota = Quota()
    """Its own limits; `limits.LimitRules` adds those of its groups and the defaults."""
    groups: tuple[str, ...] = ()
    """Names in `limits.groups`; those that are not there mean nothing."""
    addresses: AddressRules = AddressRules()
    """From which the credential may be used."""
    key_id: str | None = field(default=None, compare=False)
    """Identifies the public key that made the signature, where it was one; see `Revocations`."""

    @property
    def key(self) -> str:
        """Identifies the holder of a credential; different kinds of credential never have the same
        key. A JWT's key is its whole `sub`, hashed where the displayed name is not the same text.
        """
        if self.claims is None:
            return f"{self.kind} {self.name}"
        sub, issuer = self.claims.claims.get("sub"), self.claims.issuer
        if issuer is not None:  # a `sub` is unique with its issuer alone
            return f"{self.kind} {_hashed(issuer)} {_hashed(str(sub))}"
        if isinstance(sub, str) and sub != self.name:
            return f"{self.kind} {_hashed(sub)}"
        return f"{self.kind} {self.name}"

    def same_as(self, other: Principal) -> bool:
        """Whether both stand for the same holder with the same rights, as two JWTs do when the
        second renews the first."""
        mine, theirs = (self.key, self.scopes), (other.key, other.scopes)
        return mine == theirs and self.models == other.models

    @property
    def is_anonymous(self) -> bool:
        """Whether the principal was admitted without a valid credential."""
        return self.kind == "anonymous"

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def may_use(self, model: str) -> bool:
        """Whether the principal may use a model. `model` may be spelt in any way Ollama accepts,
        with aliases resolved."""
        return self.models is None or any(admits(glob, model) for glob in self.models)


def _hashed(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def loggable_name(text: str) -> str:
    """Makes a name from outside safe for one column of a log line: no spaces or control characters,
    bounded length."""
    kept = "".join(c if c.isprintable() and not c.isspace() else "_" for c in text)
    return kept[:MAX_NAME_CHARS]
