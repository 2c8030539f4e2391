"""`upstream.reply_parser`: the same reply, however its bytes were cut."""

from __future__ import annotations

import pytest

from tornado_ollama.errors import UpstreamBroken
from tornado_ollama.upstream.reply_parser import MAX_UNPAID_BYTES, ReplyParser

HEAD = b"HTTP/1.1 200 OK\r\nX-One: 1 \r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = HEAD + b"4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"
COUNTED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello"
INFORMED = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + COUNTED
UNFRAMED = b"HTTP/1.1 200 OK\r\n\r\nhello"


def parsed(*pieces: bytes, no_body: bool = False) -> ReplyParser:
    reply = ReplyParser(no_body=no_body)
    for piece in pieces:
        assert reply.feed(memoryview(piece)) is None
    return reply


def facts(reply: ReplyParser) -> tuple[object, ...]:
    body = b"".join(reply.parts)
    return reply.status, reply.reason, reply.headers, reply.framed, reply.complete, body


@pytest.mark.parametrize("text", [CHUNKED, COUNTED, INFORMED, UNFRAMED])
def test_every_cut_in_two_and_every_byte_alone(text: bytes) -> None:
    whole = facts(parsed(text))
    for at in range(1, len(text)):
        assert facts(parsed(text[:at], text[at:])) == whole
    assert facts(parsed(*(text[at : at + 1] for at in range(len(text))))) == whole


def test_a_chunked_reply() -> None:
    reply = parsed(CHUNKED)
    assert facts(reply) == (
        200,
        "OK",
        [("X-One", "1"), ("Transfer-Encoding", "chunked")],
        True,
        True,
        b"one\ntwo\n",
    )
    assert reply.keeps_alive and not reply.surplus


def test_the_reply_to_head_ends_with_its_headers() -> None:
    assert parsed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", no_body=True).complete


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\n", b"x", COUNTED])
def test_what_comes_behind_the_end_is_surplus_and_no_failure(more: bytes) -> None:
    reply = parsed(COUNTED + more)
    assert reply.surplus and facts(reply) == facts(parsed(COUNTED))


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 11 + COUNTED,
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 70_000 + b"\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: %b\r\n" % (b"a" * 60) * 1000 + COUNTED[24:],
    ],
    ids=["informational", "long", "many"],
)
@pytest.mark.parametrize("size", [1000, 1_000_000])
def test_too_much_of_a_head_is_too_much_in_any_cut(text: bytes, size: int) -> None:
    reply = ReplyParser(no_body=False)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    failures = [reply.feed(memoryview(piece)) for piece in pieces]
    assert any(isinstance(failure, UpstreamBroken) for failure in failures)
    assert not reply.head_ready and not reply.parts


@pytest.mark.parametrize("beginning", [b"4;a=", b"0\r\nX-Trailer: "])
def test_what_is_no_payload_has_a_bound(beginning: bytes) -> None:
    reply = parsed(HEAD, beginning)
    pieces = [b"a" * 1000] * (MAX_UNPAID_BYTES // 1000 + 1)
    failures = [reply.feed(memoryview(piece)) for piece in pieces]
    assert failures[0] is None and isinstance(failures[-1], UpstreamBroken)
