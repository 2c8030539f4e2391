"""Fixtures of the tests of `deploy/`.

Fixtures:
    proxy_name  which of the proxies it is; all of them, unless a test is parametrised otherwise
    proxy       started, in front of the gateway `http_server`
    start_proxy `await start_proxy(port, ...)` starts one in front of these gateways
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from ..backend.certificate import Certificate
from .proxies import PROXIES, Proxy


@pytest.fixture(params=PROXIES)
def proxy_name(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def start_proxy(
    io_loop: IOLoop, proxy_name: str, certificate: Certificate, tmp_path_factory: Any
) -> Iterator[Callable[..., Awaitable[Proxy]]]:
    directory: Path = tmp_path_factory.mktemp(proxy_name)
    made = Proxy(PROXIES[proxy_name], certificate, directory)
    yield made.start
    io_loop.run_sync(made.stop)


@pytest.fixture
def proxy(
    io_loop: IOLoop,
    start_proxy: Callable[..., Awaitable[Proxy]],
    http_server: HTTPServer,
    http_port: int,
) -> Proxy:
    started: Proxy = io_loop.run_sync(lambda: start_proxy(http_port))
    return started
