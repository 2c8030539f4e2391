"""What clients make of a body: one function for each way of compressing it."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

Compress = Callable[[bytes], bytes]


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def streamed_zstd(data: bytes) -> bytes:
    """Its head does not say how long the data are."""
    compressor = zstd.ZstdCompressor()
    return compressor.compress(data) + compressor.flush()


def zstd_with_window(log: int) -> bytes:
    """The head of a frame for which a decoder needs `2 ** log` bytes, and one empty block."""
    return b"\x28\xb5\x2f\xfd\x00" + bytes([(log - 10) << 3]) + b"\x01\x00\x00"


WAYS: dict[str, tuple[str, Compress]] = {
    "gzip": ("gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare_deflate),
    "zstd": ("zstd", zstd.compress),
    "streamed zstd": ("zstd", streamed_zstd),
}
"""By name: the coding as `Content-Encoding` has it, and the compression."""
