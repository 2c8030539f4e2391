"""The requests to Ollama behind one request of a translated dialect: one for each choice, a few at
a time. When one fails, or the client leaves, all are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from tornado.httpclient import HTTPResponse

from ..access.routes import find
from ..dispatch.ask import Ask, Sink
from ..dispatch.fitting import also_ending
from ..dispatch.submission import Submission
from ..errors import GatewayError
from ..upstream.request import ResponseHead
from ..upstream.thoughtless import REFUSAL
from ..wire.chat.reply_stream import ReplyStream
from ..wire.ollama_errors import MAX_ERROR_BYTES, native_error
from .base import BaseHandler

PARALLEL = 4
"""Requests made at once for one client's request: what Ollama may run side by side of one model.
More would only wait in the queue, before other clients' requests."""

OWN_HEADERS = (("Content-Type", "application/json"), ("Accept-Encoding", "identity"))

PassOn = Callable[[bytes], Awaitable[None] | None]
"""Takes the events of one read of a reply; an awaitable asks for a rest, see `ask.Sink`."""

Exchange = Callable[[int, bytes], Awaitable[None]]
"""Makes the request of one choice: its index and body."""

SecondTry = Callable[[GatewayError, bytes], bytes | None]
"""The body to try next where Ollama has refused one with an error; None: the error stands."""


class Exchanges:
    """All requests to Ollama of one handler, to one of Ollama's paths."""

    def __init__(
        self,
        handler: BaseHandler,
        path: str,
        *,
        model: str,
        input_field: str = "messages",
        second_try: SecondTry = lambda error, body: None,
    ) -> None:
        """`model`: by the name Ollama knows. `input_field`: the client's field that holds the
        prompt, for errors about its length. `second_try` is called with every refusal and returns
        another body to send, or None; it must return None in the end."""
        self._handler = handler
        self._path = path
        self._model = model
        self._input_field = input_field
        self._second_try = second_try
        self._fitting = handler.deps.fitting(model) if find(path).computes else None
        self._fetches: set[Submission] = set()
        self._workers: list[asyncio.Task[None]] = []
        self._failed: GatewayError | None = None
        self.on_position = handler.queued
        """Called with each position in the queue; may be replaced before the first request."""

    def stop(self) -> None:
        """Cancels all requests, in whatever phase they are."""
        for worker in self._workers:
            worker.cancel()
        for fetch in tuple(self._fetches):
            fetch.cancel()

    def fail(self, error: GatewayError) -> None:
        """Cancels all requests as `stop` does; the code that waits for them, or starts another,
        gets the error."""
        self._failed = error
        for fetch in tuple(self._fetches):
            fetch.fail(error)

    async def whole(self, bodies: Iterable[bytes], count: int) -> list[bytes]:
        """Returns the replies to `count` requests, in order. Raises the GatewayError of the first
        that Ollama refuses."""
        replies = [b""] * count

        async def exchange(index: int, body: bytes) -> None:
            sent: bytes | None = body
            while sent is not None:
                response = await self.fetch(sent, whole_reply=True)
                sent = self.refused(response.code, response.body, sent)
            replies[index] = response.body

        await self.run(bodies, count, exchange)
        return replies

    async def translate(
        self,
        body: bytes,
        machine: ReplyStream[Any],
        choice: int = 0,
        pass_on: PassOn = lambda events: None,
    ) -> None:
        """Sends one request and translates the stream that answers it; returns when the machine
        needs no more. `pass_on` gets what the machine makes of each read. Raises the machine's
        error, that of a refusal, and what `fetch` raises."""
        status = 200
        refusal = bytearray()

        def on_head(head: ResponseHead) -> None:
            nonlocal status
            status = head.status

        def on_data(data: bytes) -> Awaitable[None] | None:
            if status != 200:
                refusal.extend(data[: MAX_ERROR_BYTES - len(refusal)])
                return None
            events = machine.feed(data, choice)
            if machine.error is not None or machine.stopped:
                self.stop()
            return pass_on(events)

        try:
            await self.fetch(body, on_head=on_head, on_data=on_data)
        except asyncio.CancelledError:
            if self._handler.closed or not (machine.error is not None or machine.stopped):
                raise
        else:
            other = self.refused(status, bytes(refusal), body)
            if other is not None:
                await self.translate(other, machine, choice, pass_on)
                return
            pass_on(machine.close(choice))
        if machine.error is not None:
            raise machine.error

    async def run(self, bodies: Iterable[bytes], count: int, exchange: Exchange) -> None:
        """Runs `exchange` for each of the `count` bodies, and returns after the last."""
        jobs = enumerate(bodies)

        async def work() -> None:
            for index, body in jobs:  # shared: whoever is free takes the next
                await exchange(index, body)

        if count == 1:
            await work()
            return
        slots = self._handler.deps.dispatcher.max_parallel or PARALLEL
        own = self._handler.caller().quota.max_parallel or PARALLEL
        at_once = min(count, PARALLEL, slots, own)
        self._workers = [asyncio.create_task(work()) for _ in range(at_once)]
        try:
            await asyncio.gather(*self._workers)
        finally:
            self.stop()
            await asyncio.gather(*self._workers, return_exceptions=True)

    async def fetch(
        self,
        body: bytes,
        *,
        on_head: Callable[[ResponseHead], None] | None = None,
        on_data: Callable[[bytes], Awaitable[None] | None] | None = None,
        whole_reply: bool = False,
    ) -> HTTPResponse:
        """Sends one request; every status is a result. `whole_reply` as in `UpstreamRequest`.
        Raises the error given to `fail`, CancelledError after `stop`, and what `Dispatcher.submit`
        raises."""
        handler = self._handler
        body = self._without_what_is_refused(body)
        headers = (*OWN_HEADERS, *handler.headers_up())
        fitted = None if self._fitting is None else await self._fitting.fit(body, headers)
        if handler.closed:
            raise asyncio.CancelledError
        if self._failed is not None:
            raise self._failed
        ask = Ask(
            "POST",
            self._path,
            headers=headers,
            body=body if fitted is None else fitted,
            model=self._model,
            whole_reply=whole_reply,
            replayable=True,
        )
        on_usage = also_ending(fitted, handler.add_usage)
        sink = Sink(on_head, on_data, self.on_position, self._handler.bounded, on_usage)
        fetch = handler.deps.dispatcher.submit(handler.caller(), ask, sink)
        self._fetches.add(fetch)
        try:
            return await fetch
        finally:
            self._fetches.discard(fetch)

    def refused(self, status: int, body: bytes, sent: bytes) -> bytes | None:
        """Returns None for a reply with status 200, and another body to send where there is a
        second try. Otherwise raises the error that Ollama answered with. `body`: of the reply;
        `sent`: what `fetch` was given."""
        if status == 200:
            return None
        error = native_error(status, body, input_field=self._input_field)
        if self._fitting is not None and self._fitting.tries_again(error):
            return sent
        deps = self._handler.deps
        deps.process.catalogue.thoughtless.note(deps.ollama.url, self._model, error)
        other = self._second_try(error, sent)
        if other is None:
            raise error
        return other

    def _without_what_is_refused(self, body: bytes) -> bytes:
        """The second try at once, where it is known that Ollama would refuse the first."""
        deps = self._handler.deps
        if not deps.process.catalogue.thoughtless.knows(deps.ollama.url, self._model):
            return body
        other = self._second_try(REFUSAL, body)
        return body if other is None else other
