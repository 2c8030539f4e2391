from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.errors import UpstreamBroken
from tornado_ollama.wire.ndjson import LineSplitter

from .feeding import splits


def test_lines_are_the_same_however_the_bytes_arrive() -> None:
    data = '{"a":"x"}\n\n{"b":"é\u2028 \x85"}\n{"c":1}\nrest'.encode()
    for pieces in splits(data):
        splitter = LineSplitter()
        lines = [line for piece in pieces for line in splitter.feed(piece)]
        assert lines == [b'{"a":"x"}', '{"b":"é\u2028 \x85"}'.encode(), b'{"c":1}']
        assert splitter.close() == b"rest"


def test_close_is_empty_at_a_lines_end() -> None:
    splitter = LineSplitter()
    splitter.feed(b"a\nb")
    splitter.feed(b"\n")
    assert splitter.close() == b""


def test_a_line_of_just_the_limit_passes() -> None:
    assert LineSplitter(4).feed(b"abcd\n") == [b"abcd"]


@pytest.mark.parametrize("pieces", [[b"abcde\n"], [b"abcde"], [b"ab", b"cde"], [b"x\nabcde\ny"]])
def test_a_longer_line_is_refused_before_it_ends(pieces: list[bytes]) -> None:
    splitter = LineSplitter(4)
    with pytest.raises(UpstreamBroken, match="longer than 4 bytes"):
        for piece in pieces:
            splitter.feed(piece)


def test_the_limit_counts_lines_not_the_stream() -> None:
    splitter = LineSplitter(4)
    for _ in range(100):
        assert splitter.feed(b"ab") == []
        assert splitter.feed(b"cd\n") == [b"abcd"]


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_nothing_is_lost_or_made_up(pieces: list[bytes]) -> None:
    splitter = LineSplitter()
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    whole = [line for line in b"".join(pieces).split(b"\n")]
    assert [*lines, splitter.close()] == [*(line for line in whole[:-1] if line), whole[-1]]
