"""`handlers.peer_closed`: whether a client has left, without reading from it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tornado_ollama.handlers.peer_closed import peer_closed


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_client_that_is_there_has_not_hung_up(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    assert not peer_closed(ours)
    theirs.send(b"x")
    assert not peer_closed(ours)
    assert ours.recv(1) == b"x"


def test_a_client_that_closes_has_even_behind_unread_bytes(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.send(b"x")
    theirs.close()
    assert peer_closed(ours)


def test_a_connection_that_was_closed_on_this_side_is_over_too(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, _ = pair
    ours.close()
    assert peer_closed(ours)
