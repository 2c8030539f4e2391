"""A request on its way: waits for a slot where it runs inference, is then sent to Ollama, and says
what it cost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tornado.httpclient import HTTPResponse

from ..access.quota import Quota
from ..access.routes import find
from ..errors import BadRequest, Forbidden, GatewayError, QueueTimeout
from ..upstream.failures import unforeseen
from ..upstream.ollama import Ollama
from ..upstream.request import ResponseHead
from .ask import Ask, Caller, Sink
from .capture import Capture, Tap
from .journal import loggable_model
from .pull import PullWatch
from .queue import Queue
from .usage import Meter, Usage


class Guard(Protocol):
    """Looks at what leaves for Ollama."""

    def __call__(self, path: str, body: bytes, model: str | None) -> tuple[bytes, tuple[str, ...]]:
        """Of a path at Ollama, a body and the model that it names: the body to send instead, and
        the names of the fields that were changed. Raises GatewayError for what may not be sent."""

    def largest_pull(self, path: str) -> int:
        """How many bytes a request to this path may have Ollama fetch; 0: no limit."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A request in the queue, as it may be shown."""

    caller: Caller
    model: str | None
    position: int
    """0: it has a slot."""
    waited_s: float
    running_s: float | None
    """None: it waits."""
    id: int
    """Of this process, for `stop`."""
    output_tokens: int
    """So far; 0 for a reply that comes in one piece."""


_ids = itertools.count(1)

_NO_ASK, _NO_SINK = Ask("", ""), Sink()
"""Of a request that has ended."""


class Submission(asyncio.Future[HTTPResponse]):
    """A request that waits for a slot or is being sent to Ollama. Implements `queue.Member`."""

    def __init__(
        self,
        ollama: Ollama,
        queue: Queue,
        caller: Caller,
        ask: Ask,
        sink: Sink,
        guard: Guard | None = None,
        tap: Tap | None = None,
    ) -> None:
        super().__init__()
        self._guard = guard
        self._tap = tap
        self._capture: Capture | None = None
        self.id = next(_ids)
        self._ollama = ollama
        self._queue = queue
        self.caller = caller
        self._ask = ask
        self.model = ask.model
        self._sink = sink
        self._fetch: asyncio.Future[HTTPResponse] | None = None
        self._pull: PullWatch | None = None
        self._entered_at = self.get_loop().time()
        self._queued_s = 0.0
        """How long it waited for its slot."""
        self._timeout: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._position: int | None = None
        self._meter = Meter(self._tell_usage) if find(ask.path).computes else None
        self._usage_told = False
        self._caller_key = caller.key

    def begin(self, admit: Callable[[Caller], object]) -> None:
        """Enters the queue where the route table says that this path needs a slot; otherwise sends
        the request."""
        self.add_done_callback(self._release)
        if self._meter is None:
            try:
                self._send()
            except (BadRequest, Forbidden) as error:
                self.fail(error)
            return
        try:
            admit(self.caller)
            self._queue.enter(self)
        except Exception as error:  # of any kind: what is in the queue must have an owner
            self.fail(unforeseen(error))

    def cancel(self, msg: object = None) -> bool:
        """Stops the request at once, in whatever phase it is."""
        if self._fetch is not None:
            self._fetch.cancel()
        return super().cancel(msg)

    def fail(self, error: GatewayError) -> None:
        """Ends the request in whatever phase it is, with this error."""
        if self._fetch is not None:
            self._ollama.fail(self._fetch, error)
        elif not self.done():
            self.set_exception(error)

    def row(self, position: int) -> QueueRow:
        """The request as it may be shown."""
        age_s = self.get_loop().time() - self._entered_at
        waited_s = age_s if position else self._queued_s
        running_s = None if position else age_s - self._queued_s
        model, tokens = loggable_model(self.model), self._meter.lines if self._meter else 0
        return QueueRow(self.caller, model, position, waited_s, running_s, self.id, tokens)

    # -- queue.Member -------------------------------------------------------------------------

    @property
    def caller_key(self) -> str:
        return self._caller_key

    @property
    def quota(self) -> Quota:
        return self.caller.quota

    def granted(self) -> None:
        if self.done():  # it leaves the queue in a moment
            return
        try:
            if self._timeout is not None:
                self._stop_timer()
                self._queued_s = self.get_loop().time() - self._entered_at
                self._tell_position(0)
            if not self.done():
                self._send()
        except Exception as error:
            self.fail(unforeseen(error))

    def queued(self, position: int, timeout: float) -> None:
        if self.done():
            return
        try:
            if self._timeout != timeout:
                self._timeout = timeout
                self._stop_timer()
                late = self._entered_at + timeout
                self._timer = self.get_loop().call_at(late, self._waited_too_long, timeout)
            self._tell_position(position)
        except Exception as error:
            self.fail(unforeseen(error))

    def _tell_position(self, position: int) -> None:
        if self._sink.on_position is not None and position != self._position:
            self._position = position
            self._sink.on_position(position)

    def _waited_too_long(self, timeout: float) -> None:
        self.fail(QueueTimeout(timeout))

    # -- the fetch ----------------------------------------------------------------------------

    def _send(self) -> None:
        ask, sink = self._ask, self._sink
        on_head, on_data = sink.on_head, sink.on_data
        if self._meter is not None:
            on_head = _noting_status(self._meter, on_head)
            if on_data is not None:
                on_data = self._meter.before(on_data)
        body = self._guarded(ask.body() if callable(ask.body) else ask.body)
        if on_head is not None and on_data is not None and (most := self._largest_pull()):
            self._pull = pull = PullWatch(most, body or b"", on_head, on_data)
            body, on_head, on_data = pull.body, pull.on_head, pull.on_data
        if self._tap is not None and self._meter is not None:
            self._capture = self._tap(self.caller, ask, body)
            if self._capture is not None and on_data is not None:
                on_data = self._capture.before(on_data)
        self._fetch = self._ollama.fetch(
            ask.method,
            ask.path,
            query=ask.query,
            headers=ask.headers,
            body=body,
            producer=ask.producer,
            on_head=on_head,
            on_data=on_data,
            on_end=self._fetched,
            runs_long=ask.runs_long,
            whole_reply=ask.whole_reply,
            replayable=ask.replayable,
        )
        if self._fetch.done():  # it has failed at once
            self._fetched()

    def _guarded(self, body: bytes | None) -> bytes | None:
        """The body that may leave. Raises Forbidden and BadRequest."""
        if self._guard is None or body is None:
            return body
        body, changed = self._guard(self._ask.path, body, self.model)
        if changed and self._sink.on_bounded is not None:
            self._sink.on_bounded(changed)
        return body

    def _largest_pull(self) -> int:
        return 0 if self._guard is None else self._guard.largest_pull(self._ask.path)

    def _fetched(self) -> None:
        if self._fetch is None:
            return
        error = self._fetch.exception()  # asked in any case, or asyncio complains that nobody has
        try:
            self._settle(self._fetch, error)
        except Exception as fault:
            if not self.done():
                self.set_exception(unforeseen(fault))

    def _settle(self, fetch: asyncio.Future[HTTPResponse], error: BaseException | None) -> None:
        if self.done():
            return
        if error is not None:
            self.set_exception(error)
            return
        if self._pull is not None:
            self._pull.end()
        response = fetch.result()
        if self._meter is not None and self._sink.on_data is None:
            self._meter.feed(response.body)
            if self._capture is not None:
                self._capture.feed(response.body)
        self.set_result(response)

    def _release(self, _: object) -> None:
        """Releases the slot, reports the tokens and times used, and drops what leads back here from
        whoever waited for it; runs however the request ended."""
        try:
            self._stop_timer()
            self._tell_usage()
            if self._capture is not None:
                self._capture.end()
        except Exception as error:
            unforeseen(error)
        finally:
            self._queue.leave(self)
            # All that would live on in a cycle until the garbage collector runs, with megabytes.
            self._ask, self._sink = _NO_ASK, _NO_SINK
            self._fetch = self._meter = self._capture = self._pull = None

    def _tell_usage(self) -> None:
        if self._meter is None or self._sink.on_usage is None or self._usage_told:
            return
        self._usage_told = True
        if self._fetch is None:  # it waited in vain
            self._queued_s = self.get_loop().time() - self._entered_at
            self._sink.on_usage(Usage(queued_s=self._queued_s))
            return
        self._sink.on_usage(self._meter.usage(self._queued_s, asked=self.model, runs=1))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _noting_status(
    meter: Meter, on_head: Callable[[ResponseHead], None] | None
) -> Callable[[ResponseHead], None]:
    def pass_on(head: ResponseHead) -> None:
        meter.answered, meter.counts = True, head.status == 200
        if on_head is not None:
            on_head(head)

    return pass_on
