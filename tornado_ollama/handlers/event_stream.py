"""Streams a translated reply to the client, and keeps the connection alive while the model is
silent.

Nothing is sent before the first event, so that an early failure keeps its own status. Once
something has been sent, even a comment, a failure is sent in the stream, in the dialect's own form.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

from ..errors import GatewayError
from ..wire import sse
from ..wire.chat.reply_stream import ReplyStream
from .base import BaseHandler
from .downstream import Downstream
from .exchanges import Exchanges
from .relay import UNBUFFERED

FIRST_PING_S = 10.0
"""Silence before the first comment: failures that come sooner keep their status. Proxies and
browsers give up on a silent reply after 30 s at the earliest, models load for minutes."""

PING_EVERY_S = 15.0


class EventStream:
    """Streams one reply. `run` is called once."""

    def __init__(
        self, handler: BaseHandler, exchanges: Exchanges, machine: ReplyStream[Any]
    ) -> None:
        self._handler = handler
        self._exchanges = exchanges
        self._machine = machine
        exchanges.on_position = self._queued
        self._down = Downstream(handler)
        self._seen = 0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, bodies: Iterable[bytes], count: int) -> None:
        """Streams the reply and returns when it has ended. Raises GatewayError while a proper error
        answer is still possible."""
        handler, down = self._handler, self._down
        handler.reply = down
        self._timer = asyncio.get_running_loop().call_later(FIRST_PING_S, self._tick)
        try:
            await self._exchanges.run(bodies, count, self._exchange)
        except GatewayError as error:
            if not (down.flushed or self._belongs_in_stream(error)):
                raise
            error.__traceback__ = None  # it knows the machine, and the machine keeps the error
            if handler.revoked:  # cut: a slow reader is not waited for
                self._timer.cancel()
                await down.cut(self._machine.fail(error))
                return
            self._write(self._machine.fail(error))
            if not self._machine.finished:
                handler.outcome = error.code or "upstream_error"
        finally:
            self._timer.cancel()
            self._exchanges.on_position = handler.queued  # not ours: the two would hold each other
            handler.sent, handler.first_byte_s = down.sent, down.first_byte_at
        # Some clients wait for the end of the connection before they believe that it went wrong.
        handler.end_reply(down, closes=not self._machine.finished)

    async def _exchange(self, choice: int, body: bytes) -> None:
        await self._exchanges.translate(body, self._machine, choice, self._pass_on)

    def _pass_on(self, events: bytes) -> Awaitable[None] | None:
        error, down = self._machine.error, self._down
        if error is None and down.started:  # nearly every token
            return down.write(events)
        if error is not None:
            begun = self._machine.started or down.flushed
            if not begun and not self._belongs_in_stream(error):
                return None
        return self._write(events) if events else None

    def _belongs_in_stream(self, error: GatewayError) -> bool:
        """Whether an error is sent as an event even though nothing has been sent yet, as the
        dialect's clients expect."""
        return error.code in self._machine.said_in_stream

    def _write(self, events: bytes) -> Awaitable[None] | None:
        if not self._down.started:
            self._down.start(200, [("Content-Type", sse.CONTENT_TYPE), *UNBUFFERED])
        return self._down.write(events)

    def _queued(self, position: int) -> None:
        """Notes the position in the queue, and tells it once the stream has begun."""
        self._handler.queued(position)
        if self._down.flushed and position and not self._down.congested:
            self._write(sse.queue_position(position))

    def _tick(self) -> None:
        """Sends a keep-alive event when nothing has been sent since the last call, and the client
        has read what was sent before; where the request waits for a slot, after its position."""
        if self._down.sent == self._seen and not self._down.congested:
            position = self._handler.position
            told = sse.queue_position(position) if position and not self._down.flushed else b""
            self._write(told + self._machine.keep_alive())
        self._seen = self._down.sent
        self._timer = asyncio.get_running_loop().call_later(PING_EVERY_S, self._tick)
