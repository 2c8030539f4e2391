"""The signatures of the `ollama` command: with OLLAMA_AUTH=1 it signs each request with the key in
`~/.ollama/id_ed25519`.

    GET /api/tags?ts=1795233715
    Authorization: BASE64(public key, as SSH has it):BASE64(signature)

Signed are the method, the path and the time, `GET,/api/tags?ts=1795233715`, but neither the body
nor the host (tests/transcripts/ollama-cli-signature.json). Who can read such a request could send
it again within the window, with another body: it is taken over TLS or from this machine alone.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib import import_module

from .credentials import Credentials, SignedText

WINDOW_S = 60.0
"""By how much the time of a signature may differ from the gateway's clock, in either direction."""

_PREFIX = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"
"""Of a public key (RFC 8709, section 4); the 32 bytes of the key follow."""

_HEADER = re.compile(r"([A-Za-z0-9+/]{68}):([A-Za-z0-9+/]{86}==)")
_QUERY = re.compile(r"ts=([0-9]{1,12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request is signed, and how it came."""

    method: str
    path: str
    """Canonical: the one that is authorised."""
    query: str
    protected: bool
    """Over TLS, or from this machine."""


def with_signatures(credentials: Credentials, request: Callable[[], Request]) -> Credentials:
    """The credentials, those that are signatures with what they sign. `request` is called for
    those alone: most requests bring none."""
    return tuple(
        credential
        if credential.in_path or (signed := _signed(credential.text, request)) is None
        else replace(credential, signed=signed)
        for credential in credentials
    )


def _signed(text: str, asked: Callable[[], Request]) -> SignedText | None:
    found = _HEADER.fullmatch(text)
    if found is None:
        return None
    key, signature = base64.b64decode(found[1]), base64.b64decode(found[2])
    if not key.startswith(_PREFIX) or len(key) != len(_PREFIX) + 32:
        return None
    request = asked()
    at = _QUERY.fullmatch(request.query)
    signed = f"{request.method},{request.path}?{request.query}".encode()
    return SignedText(key, signature, signed, float(at[1]) if at else None, request.protected)


def prepare() -> None:
    """Imports what verifies signatures, where there are keys: it takes longer than most commands
    run, and the event loop would stand still at the first request."""
    import_module("cryptography.hazmat.primitives.asymmetric.ed25519")


def is_good(signed: SignedText, now: float) -> bool:
    """Whether the key signed this request, a moment ago. `now` is Unix time."""
    if not signed.protected or signed.at is None or abs(now - signed.at) > WINDOW_S:
        return False
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(signed.key[len(_PREFIX) :])
        public.verify(signed.signature, signed.text)
    except (InvalidSignature, ValueError):
        return False
    return True


def parse_public_key(line: str) -> tuple[bytes, str]:
    """The key and the comment of a line of `id_ed25519.pub`. Raises ValueError."""
    kind, _, rest = line.strip().partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if kind != "ssh-ed25519" or not key.startswith(_PREFIX) or len(key) != len(_PREFIX) + 32:
        raise ValueError("a line such as `ssh-ed25519 AAAA...`, as in ~/.ollama/id_ed25519.pub")
    return key, comment.strip()


def key_fingerprint(key_sha256: bytes) -> str:
    """The fingerprint of a key as `ssh-keygen -l` prints it, from the SHA-256 of the key."""
    return "SHA256:" + base64.b64encode(key_sha256).decode().rstrip("=")


def key_digest(key: bytes) -> bytes:
    return sha256(key).digest()
