"""The text of a token that the gateway makes: a public prefix, random characters and a checksum.

By its prefix a scanner for leaked secrets recognises it; by the checksum a mistyped token is told
apart from one that is unknown. The checksum is no secret and proves nothing.
"""

from __future__ import annotations

import re
import zlib
from base64 import urlsafe_b64encode
from typing import Literal

from ..wire.target import TOKEN_PREFIX

RANDOM_BYTES = 32

_RANDOM_CHARS, _CHECKSUM_CHARS = 43, 6

PATTERN = rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{{_RANDOM_CHARS + _CHECKSUM_CHARS}}}"
"""For scanners: every token has this form."""

_LIKE_OURS = re.compile(rf"{TOKEN_PREFIX}[!-~]{{45,55}}", re.IGNORECASE)
"""A token with a few characters changed, lost or doubled. Shorter ones are those of older versions,
which had no checksum."""

Origin = Literal["made here", "mistyped", "foreign"]


def token_text(random: bytes) -> str:
    """The token of RANDOM_BYTES random bytes."""
    body = TOKEN_PREFIX + _base64(random)
    return body + _checksum(body)


def origin(text: str) -> Origin:
    """Whether a text is a token with the right checksum, looks like one with a mistake in it, or is
    something else. Says nothing about its validity."""
    body = text[:-_CHECKSUM_CHARS]
    if re.fullmatch(PATTERN, text) and _checksum(body) == text[-_CHECKSUM_CHARS:]:
        return "made here"
    return "mistyped" if _LIKE_OURS.fullmatch(text) else "foreign"


def _checksum(body: str) -> str:
    return _base64(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
