"""The reader of Ollama's replies: bytes of a native stream in, calls of a writer out.

Owns the cutting into lines, the order of the writer's calls, and what ends a reply. What a line
may look like is the source's (`source.py`), what becomes of it the writer's (`writer.py`). A line
that only carries text, the case of nearly every token, costs one decoding and at most one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic

from ...errors import GatewayError
from ..native import UNREADABLE
from ..ndjson import LineSplitter
from .source import Source
from .writer import AnyLine, Writer


class Reader(Generic[AnyLine]):
    """One native reply. Its methods return what the writer made of it, in order and with empty
    pieces, and raise nothing: once it has `ended`, either `error` or `last` is set.

    The error is for the caller to say, by the writer's `fail`: it may know others, such as a lost
    connection, and says one at most.
    """

    __slots__ = (
        "_began", "_decode", "_done", "_flat", "_lines", "_source", "_spoke", "_texts",
        "_write_text", "ended", "error", "last", "writer",
    )  # fmt: skip

    def __init__(self, source: Source[AnyLine], writer: Writer[AnyLine]) -> None:
        self.writer = writer
        self.error: GatewayError | None = None
        """Why the reply is not complete."""
        self.last: AnyLine | None = None
        """The record that ended the reply well."""
        self.ended = False
        self._source = source
        self._decode = source.decode
        self._flat = source.flat
        self._texts: list[str] = []
        """Text of the current read that the writer wants joined."""
        self._write_text = _keep_in(self._texts) if writer.joins_text else writer.text
        self._lines = LineSplitter()
        self._began = False
        self._spoke = False
        self._done: tuple[AnyLine, bytes] | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """More bytes of the stream, cut anywhere."""
        out: list[bytes] = []
        try:
            for line in self._lines.feed(data):
                try:
                    record = self._decode(line)
                except UNREADABLE:
                    raise self._source.unreadable() from None
                message: Any = record if self._flat else record.message
                if (
                    message is None
                    or record.done
                    or record.error
                    or message.thinking
                    or message.tool_calls
                    or record.logprobs
                    or not self._spoke
                ):
                    self._read(record, line, out)
                    if self.ended:
                        break
                elif content := message.content:
                    out += self._write_text(content)
                elif content is None:
                    self._read(record, line, out)
        except GatewayError as error:
            self.error, self.ended = error, True
        if self._texts:  # also where an error follows it
            self._flush(out)
        return out

    def feed_line(self, line: bytes) -> list[bytes]:
        """One whole line of any length; a reply that is no stream is one."""
        out: list[bytes] = []
        try:
            self._read_line(line, out)
        except GatewayError as error:
            self.error, self.ended = error, True
        self._flush(out)
        return out

    def close(self) -> list[bytes]:
        """The stream ended cleanly."""
        out: list[bytes] = []
        try:
            rest = self._lines.close()
            if rest.strip() or (rest and not self._source.ends_at_done):
                self._read_line(rest, out)
            if not self.ended:
                self._flush(out)
                self._finish(self._source.end(self._done, spoke=self._spoke), out)
        except GatewayError as error:
            self.error, self.ended = error, True
        self._flush(out)
        return out

    def _read_line(self, line: bytes, out: list[bytes]) -> None:
        try:
            record = self._decode(line)
        except UNREADABLE:
            raise self._source.unreadable() from None
        self._read(record, line, out)

    def _read(self, record: AnyLine, line: bytes, out: list[bytes]) -> None:
        """A line of any kind."""
        self._source.check(record, line)
        if not self._began:
            self._began = True
            out.append(self.writer.begin())
        if record.done:
            self._done = record, line
        ends = record.done and self._source.ends_at_done
        message = record.message
        content = None if message is None else message.content
        more = message is not None and bool(message.thinking or message.tool_calls)
        self._spoke = self._spoke or more or bool(content)
        if more or record.logprobs or ends:
            self._flush(out)
            out.extend(self.writer.line(record))
        elif content:
            out += self._write_text(content)
        if ends:
            self._finish(record, out)

    def _flush(self, out: list[bytes]) -> None:
        text = "".join(self._texts)
        self._texts.clear()
        if text:
            out += self.writer.text(text)

    def _finish(self, last: AnyLine, out: list[bytes]) -> None:
        out.append(self.writer.finish(last))
        self.last, self.ended = last, True


def _keep_in(texts: list[str]) -> Callable[[str], Iterable[bytes]]:
    """A stand-in for a writer's `text` that keeps the text for later."""

    def keep(text: str) -> Iterable[bytes]:
        texts.append(text)
        return ()

    return keep
