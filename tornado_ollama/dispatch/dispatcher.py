"""The dispatcher: gets a slot for a request that runs inference, then sends it to Ollama.

The server is chosen only once the slot is granted, because the backend may have switched meanwhile:
URL, `Host` and head are made then. `submit` returns one future for all phases, so cancelling it
stops the request in any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import Stopped
from ..upstream.ollama import Ollama
from .ask import Ask, Caller, Sink
from .capture import Tap
from .queue import Queue
from .submission import Guard, QueueRow, Submission


class Dispatcher:
    """Sends the handlers' requests to Ollama, those that run inference when they have a slot."""

    def __init__(
        self,
        ollama: Ollama,
        queue: Queue,
        admit: Callable[[Caller], object] = bool,
        guard: Guard | None = None,
        tap: Tap | None = None,
    ) -> None:
        """`queue` belongs to the process and is kept when a reload makes a new dispatcher. `admit`
        raises the GatewayError of a caller that may not run inference now. `guard` looks at each
        body that leaves for Ollama; None: there is nothing to look for. `tap` keeps prompts and
        replies; None: of nobody."""
        self._ollama = ollama
        self._admit = admit
        self._guard = guard
        self._tap = tap
        self.queue = queue

    @property
    def max_parallel(self) -> int:
        """How many requests that run inference are sent at once; 0: no limit."""
        return self.queue.limits.max_parallel

    def submit(self, caller: Caller, ask: Ask, sink: Sink) -> Submission:
        """Starts a request and returns a future of its end; every HTTP status of Ollama's is a
        result, not an error. The future raises `UpstreamUnavailable`, `UpstreamTimeout`,
        `UpstreamBroken`, `QueueFull`, `QueueTimeout` and what `admit` raises. Cancelling it stops
        the request; `Submission.fail` ends it with an error."""
        submission = Submission(self._ollama, self.queue, caller, ask, sink, self._guard, self._tap)
        submission.begin(self._admit)
        return submission

    def rows(self) -> Iterator[QueueRow]:
        """The requests that have a slot, then those that wait, in order."""
        for member, position in self.queue:
            if isinstance(member, Submission):
                yield member.row(position)

    def stop(self, id: int, may: Callable[[Caller], bool]) -> bool:
        """Ends the request with this id, with `Stopped`, in whatever phase it is. False where there
        is none, or `may` says that its caller's may not be stopped."""
        for member, _ in self.queue:
            if isinstance(member, Submission) and member.id == id and may(member.caller):
                member.fail(Stopped())
                return True
        return False
