"""`wire.content_codings`: what is compressed comes out again, and no more at a time than asked."""

from __future__ import annotations

import gzip
import zlib
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest, UnsupportedCoding
from tornado_ollama.wire.content_codings import (
    OUTPUT_BYTES,
    content_coding,
    decoded,
    refuse_coding,
)

from ..compressing import WAYS, Compress, zstd, zstd_with_window
from ..deadline import deadline

ways = pytest.mark.parametrize(("coding", "compress"), WAYS.values(), ids=WAYS)
MIB = 1 << 20


def whole(coding: str, *parts: bytes) -> bytes:
    return b"".join(decoded(parts, coding))


@pytest.mark.parametrize("header", [None, "", "identity", "Identity", "identity, identity", " , "])
def test_a_body_may_be_as_it_is(header: str | None) -> None:
    assert content_coding(header) is None
    refuse_coding(header)


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        *(("gzip", "gzip"), ("GZIP", "gzip"), ("x-gzip", "gzip"), ("deflate", "deflate")),
        *(("zstd", "zstd"), ("gzip, identity", "gzip"), ("identity,\tzstd ,", "zstd")),
    ],
)
def test_three_codings_are_taken(header: str, coding: str) -> None:
    assert content_coding(header) == coding
    with pytest.raises(UnsupportedCoding):
        refuse_coding(header)


@pytest.mark.parametrize("header", ["br", "compress", "gzip;q=1", "gzip, gzip", "gzip, br", "aws"])
def test_others_and_several_are_refused_with_those_that_are_taken(header: str) -> None:
    with pytest.raises(UnsupportedCoding, match="gzip, deflate or zstd") as refused:
        content_coding(header)
    assert refused.value.accepted == ("gzip", "deflate", "zstd")


@ways
@given(st.binary(max_size=300), st.integers(1, 40), st.integers(1, 3000))
def test_what_was_compressed_comes_out_however_it_arrives(
    coding: str, compress: Compress, text: bytes, size: int, times: int
) -> None:
    packed = compress(text * times)
    parts = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert whole(coding, *parts) == text * times


@ways
def test_no_piece_is_larger_than_asked(coding: str, compress: Compress) -> None:
    for text in (bytes(5 * MIB), bytes(range(256)) * 10_000, b"ab" * OUTPUT_BYTES):
        pieces = list(decoded([compress(text)], coding))
        assert b"".join(pieces) == text
        assert max(map(len, pieces)) <= OUTPUT_BYTES


@ways
def test_a_bomb_costs_what_is_taken_of_it(coding: str, compress: Compress) -> None:
    with deadline():
        bomb = compress(bytes(64 * MIB))
        for _ in range(100):
            assert len(b"".join(islice(decoded([bomb], coding), 16))) <= 16 * OUTPUT_BYTES


@ways
def test_what_is_cut_or_damaged_is_no_body(coding: str, compress: Compress) -> None:
    packed = compress(b'{"model":"m","messages":[]}' * 10)
    for broken in (packed[:-1], packed[:1], packed[: len(packed) // 2], b"{}", b"\xff" * 40):
        with pytest.raises(BadRequest, match=f"not valid {coding}"):
            whole(coding, broken)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_nothing_at_all_is_an_empty_body(coding: str) -> None:
    assert whole(coding) == b""


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_texts_one_behind_the_other_are_one(coding: str, compress: Compress) -> None:
    packed = compress(b"a") + compress(b"") + compress(b"bc" * 100_000)
    assert whole(coding, packed) == b"a" + b"bc" * 100_000


def test_a_frame_that_zstd_skips_is_nothing() -> None:
    assert whole("zstd", b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstd.compress(b"x")) == b"x"


@ways
def test_what_is_behind_the_end_is_no_body(coding: str, compress: Compress) -> None:
    with pytest.raises(BadRequest):
        whole(coding, compress(b"{}") + b"GET / HTTP/1.1")


def test_a_deflated_text_has_nothing_behind_it() -> None:
    with pytest.raises(BadRequest):
        whole("deflate", zlib.compress(b"{}") * 2)


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_millions_of_empty_texts_are_refused_after_a_few(coding: str, compress: Compress) -> None:
    with deadline(), pytest.raises(BadRequest, match="at most 1024"):
        whole(coding, compress(b"") * 1_000_000)


@pytest.mark.parametrize("log", [24, 27, 31, 40])
def test_a_window_of_zstd_above_8_mb_is_refused(log: int) -> None:
    with pytest.raises(BadRequest, match="window of up to 8 MB"):
        whole("zstd", zstd_with_window(log))


@pytest.mark.parametrize("log", [10, 20, 23])
def test_a_window_of_zstd_up_to_8_mb_is_taken(log: int) -> None:
    assert whole("zstd", zstd_with_window(log)) == b""


def test_a_damaged_checksum_is_seen() -> None:
    packed = zstd.compress(b"text", options={zstd.CompressionParameter.checksum_flag: 1})
    for coding, text in (("zstd", packed), ("deflate", zlib.compress(b"text"))):
        with pytest.raises(BadRequest):
            whole(coding, text[:-1] + bytes([text[-1] ^ 1]))
