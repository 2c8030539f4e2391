"""`listen`: a taken port is said plainly; without descriptors connections are closed."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Callable, Iterator

import pytest

from tornado_ollama.errors import ConfigError
from tornado_ollama.listen import Listener, listen


# Tornado leaves the socket that it could not bind to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_taken_port_is_one_sentence() -> None:
    [first] = listen("127.0.0.1", 0)
    with pytest.raises(ConfigError, match="cannot listen on 127.0.0.1 port"):
        listen("127.0.0.1", first.getsockname()[1])
    first.close()


@pytest.fixture
def few_descriptors() -> Iterator[Callable[[], None]]:
    """Leaves not one descriptor free when called."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened: list[int] = []

    def exhaust() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        while True:
            try:
                opened.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                return

    yield exhaust
    for descriptor in opened:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_descriptors_a_connection_is_closed_and_the_next_are_served(
    few_descriptors: Callable[[], None], expect_log: Callable[..., None]
) -> None:
    expect_log("tornado_ollama.listen", "No file descriptors left")
    [listener] = listen("127.0.0.1", 0)
    assert isinstance(listener, Listener)
    clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
    few_descriptors()
    with pytest.raises(BlockingIOError):
        listener.accept()
    for client in clients:
        client.settimeout(5)
        assert client.recv(1) == b""
        client.close()
    late = socket.socket()
    late.connect(listener.getsockname())
    late.close()
    listener.close()
