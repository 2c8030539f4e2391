"""The machine behind every streamed OpenAI reply, whatever its chunks look like.

Owns what chat and text completions share: native lines of one or several choices in, events out,
counts and `[DONE]` once after the last choice, an error event and nothing more after a failure.
The chunks themselves are made by the choices (`chat_stream.py`, `completion_stream.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import msgspec

from ...errors import GatewayError, UpstreamBroken
from .. import sse
from ..ndjson import LineSplitter
from . import errors
from .checks import Json
from .replies import Counts, Identity, usage

encode = msgspec.json.Encoder().encode

NEVER_SPOKE = "Ollama ended its reply before it said anything."


class Frame:
    """The unchanging bytes around every chunk of a stream. With `include_usage` every chunk but
    the last says `"usage":null`, as OpenAI does."""

    def __init__(self, identity: Identity, kind: str, *, include_usage: bool) -> None:
        head = encode(identity.head(kind))
        self.head = b"data: " + sse.safe_line(head)[:-1] + b',"choices":['
        self.tail = b'],"usage":null}\n\n' if include_usage else b"]}\n\n"

    def chunk(self, choice: Json) -> bytes:
        return b"%b%b%b" % (self.head, sse.safe_line(encode(choice)), self.tail)

    def usage_chunk(self, total: Json) -> bytes:
        return b'%b],"usage":%b}\n\n' % (self.head, encode(total))


class Choice(ABC):
    """One native stream. `counts` is set once its last chunk was given out; `spoke` once the
    model said anything at all."""

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self.spoke = False
        self.counts: Counts | None = None

    def feed(self, data: bytes, out: list[bytes]) -> None:
        """Appends the chunks for more of the native stream to `out`; raises `GatewayError`."""
        for line in self._lines.feed(data):
            self.line(line, out)
            if self.counts is not None:
                return

    def close(self, out: list[bytes]) -> None:
        """The native stream ended cleanly. Without its `done` line this counts as success only
        if the model spoke: Ollama ends so after 30 equal tokens."""
        rest = self._lines.close()
        if rest.strip():
            self.line(rest, out)
        if self.counts is None:
            if not self.spoke:
                raise UpstreamBroken(NEVER_SPOKE)
            self.end_without_done(out)

    @abstractmethod
    def line(self, line: bytes, out: list[bytes]) -> None: ...

    @abstractmethod
    def end_without_done(self, out: list[bytes]) -> None: ...


class ReplyStream:
    """The machine of one request: native bytes of each choice in, events out.

    `started`: an event was given out. `error`: the failure that ended the stream, after which
    everything fed is ignored. While the caller has sent nothing to its client, not even a
    comment, and the stream has not `started`, it may drop the bytes and answer the `error` with
    its own status.
    """

    def __init__(
        self, choices: Sequence[Choice], frame: Frame, *, include_usage: bool, per_prompt: int
    ) -> None:
        """`per_prompt`: how many neighbouring choices answer the same prompt."""
        self._choices = choices
        self._frame = frame
        self._include_usage = include_usage
        self._per_prompt = per_prompt
        self._open = len(choices)
        self.started = False
        self.error: GatewayError | None = None

    @property
    def finished(self) -> bool:
        """Whether the reply is complete: `[DONE]` was given out."""
        return self._open == 0

    def feed(self, data: bytes, choice: int = 0) -> bytes:
        """The events for more bytes of the native reply of `choice`."""
        return self._run(self._choices[choice], data)

    def close(self, choice: int = 0) -> bytes:
        """The events for the clean end of the native reply of `choice`."""
        return self._run(self._choices[choice], None)

    def fail(self, error: GatewayError) -> bytes:
        """The last event for a failure outside of the native reply: a lost connection, a clock
        that ran out. Nothing once the reply is complete."""
        if self.error is not None or self.finished:
            return b""
        self.error = error
        return errors.event(error)

    def _run(self, choice: Choice, data: bytes | None) -> bytes:
        if self.error is not None or choice.counts is not None:
            return b""
        out: list[bytes] = []
        failure: GatewayError | None = None
        try:
            if data is None:
                choice.close(out)
            else:
                choice.feed(data, out)
        except GatewayError as error:
            failure = error
        if out:
            self.started = True
        if failure is not None:
            out.append(self.fail(failure))
        elif choice.counts is not None:
            self._open -= 1
            if not self._open:
                self._finish(out)
        return b"".join(out)

    def _finish(self, out: list[bytes]) -> None:
        if self._include_usage:
            counts = [choice.counts or Counts() for choice in self._choices]
            step = self._per_prompt
            groups = [counts[at : at + step] for at in range(0, len(counts), step)]
            out.append(self._frame.usage_chunk(usage(groups)))
        out.append(sse.DONE)
