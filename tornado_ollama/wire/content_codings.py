"""Decodes compressed request bodies in bounded pieces, and checks which codings are supported.

Owns what `Content-Encoding` may say (RFC 9110, sections 8.4 and 12.5.3) and the three formats
behind it: gzip (RFC 1952), zlib and bare deflate (RFC 1950, 1951), zstd (RFC 8878). How much may
come out of a body is for those who take the pieces: a few bytes may decode to gigabytes, but no
piece is made before it is asked for.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from ..errors import BadRequest, UnsupportedCoding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODINGS = ("gzip", "deflate", "zstd")
"""What is taken, besides `identity`."""

INPUT_BYTES = 4 * 1024
OUTPUT_BYTES = 64 * 1024
"""What is decoded at a time at most: a tenth of a millisecond of work as a rule, and two of them
where every 11 bytes begin a block with tables of its own."""

_MAX_MEMBERS = {"gzip": 1024, "deflate": 1, "zstd": 1024}
"""Complete compressed texts, one behind the other, as gzip and zstd allow. Each costs some
microseconds whatever it holds, and 32 MB of empty ones would be millions."""

MAX_WINDOW_LOG = 23
"""Of zstd: 8 MB of memory, which RFC 9659 makes the limit of this coding in HTTP."""

_ALIASES = {"x-gzip": "gzip"}

_BROKEN = {
    "gzip": "The request body is not valid gzip, or it has been cut.",
    "deflate": "The request body is not valid deflate, or it has been cut.",
    "zstd": "The request body is not valid zstd with a window of up to 8 MB, or it has been cut.",
}


def content_coding(header: str | None) -> str | None:
    """Reads `Content-Encoding`: the coding of a body, None for one that is not compressed. Raises
    UnsupportedCoding, also for several codings on top of each other, which no known client uses."""
    codings = _codings(header)
    if len(codings) > 1 or not set(codings) <= set(CODINGS):
        raise UnsupportedCoding(
            "This Content-Encoding is not taken: send the body compressed with gzip, deflate or "
            "zstd, or as it is.",
            accepted=CODINGS,
        )
    return codings[0] if codings else None


def refuse_coding(header: str | None) -> None:
    """Raises UnsupportedCoding for an upload with any coding."""
    if _codings(header):
        raise UnsupportedCoding("Uploads are not taken compressed: send this one as it is.")


def _codings(header: str | None) -> list[str]:
    names = (name.strip().lower() for name in (header or "").split(","))
    return [_ALIASES.get(name, name) for name in names if name not in ("", "identity")]


class _Decompressor(Protocol):
    """A decoder of one member: one complete compressed text, of which a body may have several.
    `feed` returns at most OUTPUT_BYTES."""

    def feed(self, data: bytes) -> bytes: ...

    @property
    def hungry(self) -> bool:
        """Whether all input so far is decoded, so that only further input yields more."""

    @property
    def ended(self) -> bool: ...

    @property
    def rest(self) -> bytes:
        """The input after the end of the member."""


class _Zlib:
    """A decoder of one gzip or deflate member."""

    def __init__(self, window_bits: int) -> None:
        self._inflate = zlib.decompressobj(window_bits)
        self.hungry = True

    def feed(self, data: bytes) -> bytes:
        piece = self._inflate.decompress(self._inflate.unconsumed_tail + data, OUTPUT_BYTES)
        # A full piece may have left some in zlib's own window.
        self.hungry = len(piece) < OUTPUT_BYTES and not self._inflate.unconsumed_tail
        return piece

    @property
    def ended(self) -> bool:
        return self._inflate.eof

    @property
    def rest(self) -> bytes:
        return self._inflate.unused_data


class _Zstd:
    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG}
        self._zstd = zstd.ZstdDecompressor(options=options)

    def feed(self, data: bytes) -> bytes:
        return self._zstd.decompress(data, OUTPUT_BYTES)

    @property
    def hungry(self) -> bool:
        return self._zstd.needs_input

    @property
    def ended(self) -> bool:
        return self._zstd.eof

    @property
    def rest(self) -> bytes:
        return self._zstd.unused_data


def decoded(parts: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Decodes a body of one of CODINGS, and yields pieces of at most OUTPUT_BYTES; a piece is empty
    where a step of the work yielded no data. A body without data is an empty one. Raises BadRequest
    for a body that is malformed or cut off."""
    member: _Decompressor | None = None
    members = 0
    try:
        for data in _slices(parts):
            while data:
                if member is None:
                    members += 1
                    if members > _MAX_MEMBERS[coding]:
                        raise BadRequest(
                            f"A request body is at most {_MAX_MEMBERS[coding]} times {coding} data."
                        )
                    member = _member(coding, data[0])
                yield member.feed(data)
                while not (member.ended or member.hungry):
                    yield member.feed(b"")
                data = b""
                if member.ended:
                    data, member = member.rest, None
    except (zlib.error, zstd.ZstdError):
        raise BadRequest(_BROKEN[coding]) from None
    if member is not None:
        raise BadRequest(_BROKEN[coding])


def _member(coding: str, first_byte: int) -> _Decompressor:
    if coding == "zstd":
        return _Zstd()
    if coding == "gzip":
        return _Zlib(16 + zlib.MAX_WBITS)
    # "deflate" is zlib's format by the standard, and bare deflate by some clients: in that this
    # first byte would be a stored block with rubbish in its padding.
    return _Zlib(zlib.MAX_WBITS if first_byte & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS)


def _slices(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        for start in range(0, len(part), INPUT_BYTES):
            yield part[start : start + INPUT_BYTES]
