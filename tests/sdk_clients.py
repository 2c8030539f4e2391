"""Clients of the official SDKs; OpenAI's are fixtures, which a `conftest.py` imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import openai


def clients(io_loop: Any, client_class: Any, base_url: str) -> Iterator[Callable[..., Any]]:
    """Yields a function that makes clients, which takes further settings of the SDK; closes the
    clients in the end."""
    made: list[Any] = []

    def make(**more: Any) -> Any:
        settings: Any = {"api_key": "not-needed", "max_retries": 0} | more
        made.append(client_class(base_url=base_url, **settings))
        return made[-1]

    yield make
    for client in made:
        io_loop.run_sync(client.close)


@pytest.fixture
def make_client(io_loop: Any, http_server: Any, http_port: int) -> Iterator[Callable[..., Any]]:
    import openai  # half a second: only where it is used

    yield from clients(io_loop, openai.AsyncOpenAI, f"http://127.0.0.1:{http_port}/v1")


@pytest.fixture
def client(make_client: Callable[..., openai.AsyncOpenAI]) -> openai.AsyncOpenAI:
    return make_client()
