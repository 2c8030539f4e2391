"""Static tokens: stored as SHA-256, looked up in constant time.

The table's keys are the digests under a keyed hash (BLAKE2s, RFC 7693, with a key of this process),
so the time of a lookup tells nothing about the tokens, and does not grow with their number. The
full digest is then compared in constant time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2s

from .addresses import AddressRules
from .fingerprint import Fingerprint
from .principal import Principal, Scope
from .quota import Quota


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A configured token: its digest and its rights, without its text."""

    name: str
    sha256: bytes = field(repr=False)
    scopes: frozenset[Scope]
    models: tuple[str, ...] | None = None
    """Globs of the models it is bound to; None: every model."""
    expires: float | None = None
    """Unix time from which it is refused; None: never."""
    in_path: bool = False
    """It may stand in the URL, where others might see it."""
    quota: Quota = Quota()
    groups: tuple[str, ...] = ()
    addresses: AddressRules = AddressRules()
    """As in `Principal`."""


class TokenTable:
    def __init__(self, tokens: Iterable[StaticToken], index_key: bytes) -> None:
        """`index_key`: 32 random bytes of this process; never stored."""
        self._index_key = index_key
        tokens = tuple(tokens)
        self._by_index = {self._index(token.sha256): _principal(token) for token in tokens}
        self._in_path = {self._index(token.sha256) for token in tokens if token.in_path}

    def find(
        self, fingerprint: Fingerprint, now: float, *, in_path: bool = False
    ) -> Principal | None:
        """The principal of a token; None where it is unknown, has expired, or is in the URL without
        permission to be there. `now` is Unix time."""
        index = self._index(fingerprint.sha256)
        known = self._by_index.get(index)
        if known is None or known.fingerprint != fingerprint:
            return None
        if in_path and index not in self._in_path:
            return None
        if known.expires is not None and now >= known.expires:
            return None
        return known

    def _index(self, sha256: bytes) -> bytes:
        return blake2s(sha256, key=self._index_key).digest()


def _principal(token: StaticToken) -> Principal:
    return Principal(
        token.name,
        "token",
        token.scopes,
        token.models,
        token.expires,
        Fingerprint(token.sha256),
        quota=token.quota,
        groups=token.groups,
        addresses=token.addresses,
    )
