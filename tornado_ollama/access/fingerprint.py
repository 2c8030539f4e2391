"""The fingerprint of a credential: the hash that is kept after the credential has been looked up.

A reload checks again whether a request's credential is valid, and a chat is resumed only by the
credential that began it. Neither needs the credential's text.
"""

from __future__ import annotations

import hashlib
import hmac


def digest(text: str) -> bytes:
    """SHA-256 of a credential, which may be any text, lone surrogates included."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class Fingerprint:
    """SHA-256 of a credential. Compared in constant time; its text form is the first 48 bits."""

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
