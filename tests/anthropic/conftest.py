"""The official SDK as fixtures: `client`, and `make_client` for one with other settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.sdk_clients import clients

if TYPE_CHECKING:
    import anthropic


@pytest.fixture
def make_client(io_loop: Any, http_server: Any, http_port: int) -> Iterator[Callable[..., Any]]:
    import anthropic  # a second: only where it is used

    yield from clients(io_loop, anthropic.AsyncAnthropic, f"http://127.0.0.1:{http_port}")


@pytest.fixture
def client(make_client: Callable[..., anthropic.AsyncAnthropic]) -> anthropic.AsyncAnthropic:
    return make_client()
