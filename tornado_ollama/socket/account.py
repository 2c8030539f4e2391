"""Collects what a job on a socket has done so far, for its record in the journal."""

from __future__ import annotations

import time

from ..access.routes import find
from ..dispatch.journal import UNANSWERED, Record
from ..dispatch.trace import Trace
from ..dispatch.usage import NOTHING_USED, Usage
from ..errors import GatewayError
from .frame_sink import FrameSink, caller_of


class Account:
    """The sizes, times and outcome of one job, from its beginning to its end. Sizes in bytes, times
    in seconds."""

    def __init__(self, model: str | None, trace: Trace | None = None) -> None:
        """`model`: the name as the client wrote it; None while it is not known."""
        self.model = model
        self.trace = trace
        self.outcome = "ok"
        self.ignored: tuple[str, ...] = ()
        """Keys of the client's frame that nothing came of."""
        self.received = 0
        self.sent = 0
        self._usage = NOTHING_USED
        self._began = time.monotonic()
        self._first_byte_s: float | None = None
        self._told: int | None = None
        """The status that the client was told, or would have been over HTTP."""

    def answered(self, status: int) -> None:
        """Notes the time and the status with which Ollama's answer began."""
        self._told = status
        self._first_byte_s = time.monotonic() - self._began

    def failed(self, error: GatewayError) -> None:
        if self._told is None:
            self._told = error.status
        self.outcome = error.outcome

    def add_usage(self, usage: Usage, sink: FrameSink) -> None:
        """Adds what a request to Ollama has cost, and charges it to the caller."""
        first = not self._usage.runs
        self._usage += usage
        if usage.runs:
            journal, party = sink.deps.process.journal, sink.asker.party
            journal.charge(caller_of(sink), usage, party, first=first)

    def record(self, sink: FrameSink, method: str, path: str) -> Record:
        """Makes the job's record; `method` and `path` as in `Record`."""
        asker, principal = sink.asker, sink.principal
        caller = caller_of(sink)
        return Record(
            client=asker.client.address,
            request_id=asker.request_id,
            caller=caller.key,
            quota=caller.quota,
            credential=principal.name if principal is not None else "-",
            method=method,
            path=path,
            route=find(path).path or "-",
            dialect="native",
            status=self._told or UNANSWERED,
            received=self.received,
            sent=self.sent,
            first_byte_s=self._first_byte_s,
            duration_s=time.monotonic() - self._began,
            outcome=self.outcome,
            model=self.model,
            usage=self._usage,
            ignored=self.ignored,
            trace=self.trace,
        )
