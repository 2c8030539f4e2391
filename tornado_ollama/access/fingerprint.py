"""The fingerprint of a credential: what is kept of it once it has been looked at.

A request may have to be asked again whether its credential is still good, and a chat is resumed
only by the credential that began it. Neither needs the credential's text.
"""

from __future__ import annotations

import hashlib
import hmac


def digest(text: str) -> bytes:
    """SHA-256 of a credential. Any text has one, lone surrogates included."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class Fingerprint:
    """SHA-256 of a credential, compared in constant time; written out, its first 48 bits."""

    __slots__ = ("sha256",)

    def __init__(self, sha256: bytes) -> None:
        self.sha256 = sha256

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
