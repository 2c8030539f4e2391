"""`wire.json_members`: the outermost keys of an object, at a price that does not grow with it."""

from __future__ import annotations

import msgspec
import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.json_members import MAX_MEMBERS, members


def read(text: bytes) -> list[tuple[str, bytes]]:
    return [(key, bytes(value)) for key, value in members(text)]


def test_members_come_in_order_with_duplicates_and_as_they_were_written() -> None:
    # `msgspec` makes keys of a type it does not know with our hook: nothing says that it will.
    assert read(rb'{"a":1e9,"b":[1, 2],"a":null,"\u0061":"\n"}') == [
        ("a", b"1e9"),
        ("b", b"[1, 2]"),
        ("a", b"null"),
        ("a", rb'"\n"'),
    ]


@pytest.mark.parametrize("text", [b"", b"[1]", b'"x"', b"{", b"{} {}", b'{"\xff":1}', b'{"a":\0}'])
def test_what_is_no_object_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        members(text)


def test_nesting_is_bounded() -> None:
    with pytest.raises(BadRequest, match="nested"):
        members(b'{"a":' + b"[" * 100_000)


def test_halves_of_surrogate_pairs_are_read_as_go_reads_them() -> None:
    assert read(rb'{"\ud83d":["\ud83d"]}') == [("\ufffd", rb'["\ufffd"]')]


def test_members_are_bounded() -> None:
    keys = b'"a":0,' * (MAX_MEMBERS - 1) + b'"b":0'
    assert len(members(b"{%b}" % keys)) == MAX_MEMBERS
    with pytest.raises(BadRequest, match="1000 keys"):
        members(b'{"c":0,%b}' % keys)
