"""`client`: an UpstreamClient on the test's loop. `fetch`: a request to the scripted backend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse
from tornado.ioloop import IOLoop

from tornado_ollama.upstream.client import UpstreamClient
from tornado_ollama.upstream.request import UpstreamRequest

from ..backend import Backend

Fetch = Callable[..., "asyncio.Future[HTTPResponse]"]


@pytest.fixture
def client(io_loop: IOLoop) -> Iterator[UpstreamClient]:
    async def make() -> UpstreamClient:
        return UpstreamClient(force_instance=True)

    client = io_loop.run_sync(make)
    assert client is not None
    yield client
    client.close()


@pytest.fixture
def fetch(client: UpstreamClient, backend: Backend) -> Fetch:
    def fetch(path: str = "/api/chat", method: str = "POST", **options: Any) -> Any:
        body = b"{}" if method == "POST" and "body_producer" not in options else None
        options.setdefault("body", body)
        url = options.pop("url", backend.url + path)
        return client.fetch(UpstreamRequest(url, method, **options), raise_error=False)

    return fetch
