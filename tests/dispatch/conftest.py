"""`queue`, and `submit`: a request to the scripted backend by way of the dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tornado_ollama.dispatch.ask import Ask, Caller, Sink
from tornado_ollama.dispatch.dispatcher import Dispatcher
from tornado_ollama.dispatch.queue import Queue
from tornado_ollama.dispatch.submission import Submission
from tornado_ollama.upstream.client import UpstreamClient
from tornado_ollama.upstream.ollama import Backend as Place
from tornado_ollama.upstream.ollama import Ollama, Timeouts

from ..backend import Backend

Submit = Callable[..., Submission]


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def submit(io_loop: IOLoop, backend: Backend, queue: Queue) -> Iterator[Submit]:
    async def make() -> UpstreamClient:
        return UpstreamClient(force_instance=True)

    client = io_loop.run_sync(make)
    assert client is not None
    dispatcher = Dispatcher(Ollama(client, Place(backend.url), Timeouts(5, 5, 5)), queue)

    def submit(
        on_position: Callable[[int], None] | None = None,
        *,
        method: str = "POST",
        path: str = "/api/chat",
        body: bytes | Callable[[], bytes] = b"{}",
        **sink: Any,
    ) -> Submission:
        sent = body if method == "POST" else None
        caller = Caller(None, "192.0.2.1")
        to = Sink(on_position=on_position, **sink)
        return dispatcher.submit(caller, Ask(method, path, body=sent), to)

    yield submit
    client.close()
