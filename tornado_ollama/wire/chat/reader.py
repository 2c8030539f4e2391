"""Reads Ollama's replies: cuts a native stream into lines and calls a writer for each.

Owns the cutting into lines, the order of the writer's calls, and what ends a reply. The source
(`source.py`) decides what a line may look like, the writer (`writer.py`) what is made of it. A line
that only carries text, the case of nearly every token, costs one decoding and one call at most.
"""

from __future__ import annotations

from typing import Any, Generic

from ...errors import GatewayError
from ..native import UNREADABLE
from ..ndjson import LineSplitter
from .source import Source
from .writer import AnyLine, ReplyStopped, Writer


class Reader(Generic[AnyLine]):
    """Reads one native reply.

    Its methods return what the writer made of it, in order and with empty pieces, and raise
    nothing: once it has `ended`, either `error` or `last` is set. The caller sends the error with
    the writer's `fail`, because it may know of others, such as a lost connection, and sends only
    one.
    """

    __slots__ = (
        "_began", "_decode", "_done", "_flat", "_joins_text", "_lines", "_source", "_spoke",
        "_text", "_write_text", "ended", "error", "last", "stopped", "writer",
    )  # fmt: skip

    def __init__(self, source: Source[AnyLine], writer: Writer[AnyLine]) -> None:
        self.writer = writer
        self.error: GatewayError | None = None
        """Why the reply is not complete."""
        self.last: AnyLine | None = None
        """The record that ended the reply well."""
        self.ended = False
        self.stopped = False
        """The writer ended the reply before Ollama did."""
        self._source = source
        self._decode = source.decode
        self._flat = source.flat
        self._write_text = writer.text
        self._joins_text = writer.joins_text
        self._text = ""
        """Of the current read, what the writer shall get joined."""
        self._lines = LineSplitter()
        self._began = False
        self._spoke = False
        self._done: tuple[AnyLine, bytes] | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Reads the next bytes of the stream, cut anywhere."""
        out: list[bytes] = []
        decode, flat = self._decode, self._flat
        joins_text, write_text = self._joins_text, self._write_text
        try:
            for line in self._lines.feed(data):
                try:
                    record = decode(line)
                except UNREADABLE:
                    raise self._source.unreadable() from None
                message: Any = record if flat else record.message
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
                    if joins_text:
                        self._text += content
                    else:
                        out += write_text(content)
                elif content is None:
                    self._read(record, line, out)
        except GatewayError as error:
            self.error, self.ended = error, True
        except ReplyStopped as stop:
            self._stop(stop, out)
        if self._text:  # also where an error follows it
            out += write_text(self._text)
            self._text = ""
        return out

    def feed_line(self, line: bytes) -> list[bytes]:
        """Reads one whole line of any length, such as a reply that is not a stream."""
        out: list[bytes] = []
        try:
            self._read_line(line, out)
        except GatewayError as error:
            self.error, self.ended = error, True
        except ReplyStopped as stop:
            self._stop(stop, out)
        self._flush(out)
        return out

    def close(self) -> list[bytes]:
        """Called when the stream has ended without a failure of the connection."""
        rest = self._lines.close()
        out = self.feed_line(rest) if rest.strip() else []
        if not self.ended:
            try:
                self._finish(self._source.end(self._done, spoke=self._spoke), out)
            except GatewayError as error:
                self.error, self.ended = error, True
        return out

    def _read_line(self, line: bytes, out: list[bytes]) -> None:
        try:
            record = self._decode(line)
        except UNREADABLE:
            raise self._source.unreadable() from None
        self._read(record, line, out)

    def _read(self, record: AnyLine, line: bytes, out: list[bytes]) -> None:
        """Reads a line that brings more than text."""
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
            self._text += content
            if not self._joins_text:
                self._flush(out)
        if ends:
            self._finish(record, out)

    def _flush(self, out: list[bytes]) -> None:
        text, self._text = self._text, ""
        if text:
            out += self._write_text(text)

    def _stop(self, stop: ReplyStopped, out: list[bytes]) -> None:
        out += stop.pieces
        self.stopped = True
        self._finish(stop.last, out)

    def _finish(self, last: AnyLine, out: list[bytes]) -> None:
        out.append(self.writer.finish(last))
        self.last, self.ended = last, True
