"""Ends a reply at a stop sequence of the client's: a writer in front of the dialect's own.

Only text is searched: thoughts and tool calls are no part of it, and separate the texts before and
after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...errors import GatewayError
from .. import native
from .stop_sequences import StopMatcher, StopSequences
from .writer import Logprobs, PartsWriter, ReplyStopped


class StoppedRecord(native.ChatRecord, gc=False, kw_only=True):
    """The last record of a reply that a stop sequence has ended."""

    stop_sequence: str


def ending_at(
    sequences: StopSequences | None, writer: PartsWriter, prompt_tokens: int
) -> PartsWriter:
    """The writer, behind a `StopWriter` where there are stop sequences."""
    return writer if sequences is None else StopWriter(writer, sequences, prompt_tokens)


class StopWriter(PartsWriter):
    """Passes a reply on up to a stop sequence, and holds back only what may be the beginning of
    one."""

    def __init__(self, writer: PartsWriter, sequences: StopSequences, prompt_tokens: int) -> None:
        """`prompt_tokens`: the estimated length of the prompt. Ollama counts in its last line, and
        the reply may end before that."""
        self._writer = writer
        self._matcher = StopMatcher(sequences)
        self._prompt_tokens = prompt_tokens
        self._lines = 0
        self._last: native.Record | None = None

    def begin(self) -> bytes:
        return self._writer.begin()

    def text(self, text: str) -> Iterable[bytes]:
        self._lines += 1
        return self._matched(text)

    def line(self, line: native.ReplyRecord) -> Iterator[bytes]:
        self._lines += 1
        if line.done:
            self._last = line
        yield from super().line(line)

    def mixed_text(self, text: str, logprobs: Logprobs) -> bytes:
        return b"".join(self._matched(text)) if text else b""

    def thinking(self, text: str, logprobs: Logprobs = None) -> bytes:
        return self._released() + self._writer.thinking(text, logprobs)

    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        return self._released() + self._writer.tool_calls(calls, logprobs)

    def finish(self, last: native.ReplyRecord) -> bytes:
        return self._released() + self._writer.finish(last)

    def fail(self, error: GatewayError) -> bytes:
        return self._writer.fail(error)

    def _matched(self, text: str) -> Iterable[bytes]:
        clear = self._matcher.feed(text)
        written = self._writer.text(clear) if clear else ()
        if self._matcher.found is not None:
            raise ReplyStopped(written, self._stopped(self._matcher.found))
        return written

    def _released(self) -> bytes:
        text = self._matcher.release()
        return b"".join(self._writer.text(text)) if text else b""

    def _stopped(self, sequence: str) -> StoppedRecord:
        """The end of the reply, with Ollama's counts where these have come: otherwise each line is
        one token."""
        last = self._last
        return StoppedRecord(
            done=True,
            done_reason="stop",
            prompt_eval_count=self._prompt_tokens if last is None else last.prompt_eval_count,
            prompt_eval_cached_count=None if last is None else last.prompt_eval_cached_count,
            eval_count=self._lines if last is None else last.eval_count,
            stop_sequence=sequence,
        )
