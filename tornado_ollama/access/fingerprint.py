"""The fingerprint of a credential: what is kept of it once it has been looked at.

A request may have to be asked again whether its credential is still good, and a chat is resumed
only by the credential that began it. Neither needs the credential's text.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


def digest(text: str) -> bytes:
    """SHA-256 of a credential. Any text has one, lone surrogates included."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """SHA-256 of a credential, compared in constant time; written out, its first 48 bits."""

    sha256: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Fingerprint:
        return cls(digest(text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and hmac.compare_digest(self.sha256, other.sha256)

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __str__(self) -> str:
        return f"sha256:{self.sha256[:6].hex()}"

    __repr__ = __str__
