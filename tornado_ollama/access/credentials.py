"""Where a request carries its credential: one extractor for every transport.

Only finds it; whether it is worth anything is the authenticator's. A credential is a value
(`Bearer`) that is asked about once: what a request keeps is its principal, with the fingerprint.
What was meant as a credential but is malformed is returned with a space in it, which no valid one
has, so that it is answered as an unknown one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import BadRequest
from .fingerprint import Fingerprint

SUBPROTOCOL = "ollama.bearer"
"""The WebSocket subprotocol after which a client offers its token; the only one echoed."""


class Headers(Protocol):
    def get_list(self, name: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token: whoever has it may use it. Never empty."""

    text: str = field(repr=False)

    @property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint.of(self.text)


def extract(headers: Headers) -> Bearer | None:
    """The credential of a request; None when it has none.

    Raises BadRequest when it has two that differ (RFC 6750, section 3.1).
    """
    found = [_from_authorization(value) for value in headers.get_list("Authorization")]
    found += [_whole(value) for value in headers.get_list("X-API-Key")]
    return _only(found)


def from_subprotocols(offered: Sequence[str]) -> Bearer | None:
    """The token that follows the marker in `Sec-WebSocket-Protocol`, as unpadded base64url.

    `offered` is the header's list, split at its commas. Raises BadRequest as `extract` does.
    """
    names = [name.strip() for name in offered]
    return _only(
        _from_base64(token, SUBPROTOCOL)
        for marker, token in zip(names, names[1:], strict=False)
        if marker == SUBPROTOCOL
    )


def from_frame(token: str) -> Bearer | None:
    """The token of an `auth` frame on `/ws`; None for an empty one."""
    return Bearer(token) if token else None


def _only(found: Iterable[str | None]) -> Bearer | None:
    distinct = {credential for credential in found if credential}
    if len(distinct) > 1:
        raise BadRequest("The request carries two different credentials; send one.")
    return Bearer(distinct.pop()) if distinct else None


def _from_authorization(value: str) -> str | None:
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    match scheme.lower():
        case "bearer":
            return _whole(rest)
        case "basic":
            return _from_basic(rest) if rest else None
    return _whole(value)


def _whole(value: str) -> str | None:
    """A value that is the credential itself. With blanks inside it stays what it is: unknown."""
    return value.strip() or None


def _from_basic(encoded: str) -> str:
    """RFC 7617: the password; the user name when the password is empty (`curl -u TOKEN:`)."""
    decoded = _from_base64(encoded, "Basic")
    user, colon, password = decoded.partition(":")
    return (password or user if colon else "") or f"Basic {encoded}"


def _from_base64(encoded: str, kind: str) -> str:
    unpadded = encoded.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        padded = unpadded + "=" * (-len(unpadded) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return f"{kind} {encoded}"
