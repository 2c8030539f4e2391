"""Extracts the credentials of a request, wherever they are: one function for every transport.
Whether they are valid is decided by the authenticator.

A credential is a value (`Bearer`) that is looked up once: a request keeps only its principal, with
the fingerprint. There may be several, because a library sends its own beside the one that a user
has set, or a proxy adds one. A malformed credential is returned with a space in it, which no valid
one has, so that it is answered as an unknown one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from ..errors import BadRequest
from .fingerprint import Fingerprint

SUBPROTOCOL = "ollama.bearer"
"""The WebSocket subprotocol after which a client offers its token; the only one echoed."""

MAX_CREDENTIALS = 8
"""Different ones in one request; each may cost the check of a signature."""

PLACEHOLDERS = frozenset(
    {
        *("ollama", "ollama-local"),  # what `ollama launch` gives to the programs it starts
        *("not-needed", "not-required", "no-key", "no-key-required", "sk-no-key-required"),
        *("none", "null", "undefined", "empty", "dummy"),  # no key, as some languages print it
        *("lm-studio", "default-key", "okki"),  # of LM Studio, Obsidian Copilot, Enchanted
    }
)
"""What clients send that must send something, in lower case. Where none of these is configured as
a token it counts as no credential: whoever sends it has none, rather than a wrong one."""


class Headers(Protocol):
    def get_list(self, name: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class SignedText:
    """What the `ollama` command has signed; see `ollama_keys.py`."""

    key: bytes
    """Public, as SSH has it."""
    signature: bytes = field(repr=False)
    text: bytes
    at: float | None
    """Unix time of the signature; None: the request says none."""
    protected: bool
    """The request came over TLS, or from this machine."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A bearer token: its possession is all that is checked, unless it is `signed`. Never empty."""

    text: str = field(repr=False)
    in_path: bool = False
    """It stood in the URL, `/k/TOKEN/...`, where only tokens may that are meant for it."""
    signed: SignedText | None = None
    """It is no token but the signature of this request."""

    @property
    def fingerprint(self) -> Fingerprint:
        """Of the token, or of the key that signed."""
        if self.signed is not None:
            return Fingerprint(sha256(self.signed.key).digest())
        return Fingerprint.of(self.text)

    @property
    def is_placeholder(self) -> bool:
        """Whether the token is a dummy that libraries send when no key is set (unless it is
        configured as a token)."""
        return not self.in_path and self.text.lower() in PLACEHOLDERS


Credentials = tuple[Bearer, ...]
"""Those of one request, each of them once, in the order in which they were found."""


def extract(headers: Headers) -> Credentials:
    """Returns the credentials of a request. Raises BadRequest for more than MAX_CREDENTIALS."""
    found = [_from_authorization(value) for value in headers.get_list("Authorization")]
    found += [_whole(value) for value in headers.get_list("X-API-Key")]
    return _distinct(found)


def from_subprotocols(offered: Sequence[str]) -> Credentials:
    """The token that follows the marker in `Sec-WebSocket-Protocol`, as unpadded base64url.

    `offered` is the header's list, split at its commas. Raises BadRequest as `extract` does.
    """
    names = [name.strip() for name in offered]
    return _distinct(
        _from_base64(token, SUBPROTOCOL)
        for marker, token in zip(names, names[1:], strict=False)
        if marker == SUBPROTOCOL
    )


def from_frame(token: str) -> Credentials:
    """The token of an `auth` frame on `/ws`; none for an empty one."""
    return _distinct([token])


def _distinct(found: Iterable[str | None]) -> Credentials:
    distinct = tuple(Bearer(text) for text in dict.fromkeys(found) if text)
    if len(distinct) > MAX_CREDENTIALS:
        raise BadRequest("The request carries too many different credentials; send one.")
    return distinct


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
    """A header whose whole value is the credential. One with a space inside is kept, and will be
    unknown."""
    return value.strip() or None


def _from_basic(encoded: str) -> str:
    """The token of Basic authentication (RFC 7617): the password; the user name when the password
    is empty (`curl -u TOKEN:`), and none where both are empty."""
    decoded = _from_base64(encoded, "Basic")
    user, colon, password = decoded.partition(":")
    return password or user if colon else f"Basic {encoded}"


def _from_base64(encoded: str, kind: str) -> str:
    unpadded = encoded.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        padded = unpadded + "=" * (-len(unpadded) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return f"{kind} {encoded}"
