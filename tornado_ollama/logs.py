"""Logging: the formats of log lines, and a thread that writes them to standard error, so that a
full pipe never blocks the event loop.

A line is made where its record arises: to hand the record to the thread would cost more than the
line, because each of its objects would move to the caches of another processor and back.

The one place that limits lines: text of a client, of Ollama or of an exception is cut to a length,
and escaped so that it cannot forge a line.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import TextIO

from .console import LineWriter

MAX_MESSAGE_CHARS = 4096
MAX_TRACEBACK_CHARS = 16 * 1024

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
_ESCAPES_OF_LINES = _ESCAPES | {ord("\n"): "\n  "}


def _escaped(text: str, escapes: dict[int, str]) -> str:
    # No control character is printable, and to ask that costs a tenth of looking each one up.
    return text if text.isprintable() else text.translate(escapes)


_MILLISECONDS = tuple(f".{number:03}Z" for number in range(1000))
"""To format a number takes longer than to find it here."""


class LineFormatter(logging.Formatter, ABC):
    """Formats a log record as one line or several.

    A record with methods `texts` and `fields` stands for `count` lines: they return, for each line,
    its Unix time and its text, or its time and what it holds in JSON form."""

    @abstractmethod
    def lines(self, record: logging.LogRecord) -> list[str]:
        """The lines of a record, with control characters escaped, so that no text in it can forge a
        line."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record, as one text."""
        return "\n".join(self.lines(record))

    def trace(self, record: logging.LogRecord) -> str:
        """The traceback of a record; empty where it has none."""
        if not record.exc_info:
            return ""
        return shortened(self.formatException(record.exc_info), MAX_TRACEBACK_CHARS)


class TextFormatter(LineFormatter):
    """Formats a line as `2026-11-21T05:45:00.123Z INFO message`, with the time in UTC; the lines of
    a traceback are indented."""

    def lines(self, record: logging.LogRecord) -> list[str]:
        texts = getattr(record, "texts", None)
        level = record.levelname
        if texts is not None:
            return [self.line(at, level, text) for at, text in texts()]
        line = self.line(record.created, level, _message(record))
        if trace := self.trace(record):
            line += _escaped("\n" + trace, _ESCAPES_OF_LINES)
        return [line]

    def line(self, created: float, level: str, text: str) -> str:
        """A line without its traceback. `created`: the Unix time."""
        return f"{_time(created)} {level} {_escaped(text, _ESCAPES)}"


class PlainFormatter(TextFormatter):
    """Formats a line as its message alone, for a child process whose lines its parent logs."""

    def line(self, created: float, level: str, text: str) -> str:
        return _escaped(text, _ESCAPES)


class JsonFormatter(LineFormatter):
    """Formats a line as a JSON object: `time`, `level`, and what the record's `fields` returns, or
    its `logger` and `message`."""

    def lines(self, record: logging.LogRecord) -> list[str]:
        fields = getattr(record, "fields", None)
        given = [(record.created, self._plain(record))] if fields is None else fields()
        level = record.levelname
        return [json.dumps({"time": _time(at), "level": level, **found}) for at, found in given]

    def _plain(self, record: logging.LogRecord) -> dict[str, object]:
        text = "\n".join(filter(None, (_message(record), self.trace(record))))
        return {"logger": record.name, "message": text}


@lru_cache(maxsize=1)
def _second(number: int) -> str:
    """A Unix time in whole seconds as text, in UTC; most lines share it with the one before."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(number))


def _time(created: float) -> str:
    """A Unix time as text, in UTC and to the millisecond."""
    number = int(created)
    return _second(number) + _MILLISECONDS[int((created - number) * 1000)]


FORMATTERS: dict[str, Callable[[], LineFormatter]] = {
    "text": TextFormatter,
    "json": JsonFormatter,
    "plain": PlainFormatter,
}


class LogThread(logging.Handler):
    """A log handler that passes lines to a thread, which writes them to `stream`."""

    def __init__(
        self, stream: TextIO | None, formatter: LineFormatter, max_per_second: int = 0
    ) -> None:
        """`max_per_second`: of lines below WARNING; further ones are counted. 0: no limit."""
        super().__init__()
        self._form = formatter
        self._lines = LineWriter(stream, self._lost)
        self._max = max_per_second
        self._second = 0
        self._written = 0
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        count = getattr(record, "count", 1)
        kept = self._few_enough(record, count) if self._max else count
        if not kept:
            return
        try:
            lines = self._form.lines(record)
        except Exception as error:
            where, why = f"{record.name} (line {record.lineno})", type(error).__name__
            lines = [self._warning(f"A log record of {where} cannot be formatted: {why}.")]
        self._lines.put(*(lines[:kept] if kept < count else lines))

    def stop(self) -> None:
        """Writes the queued lines, waiting at most two seconds."""
        self._tell_dropped()
        self._lines.stop()

    def _few_enough(self, record: logging.LogRecord, count: int) -> int:
        """Counts the lines of a record, and the second in which it was made, and returns how many
        of them may be written. The first of a later second are preceded by a line that says how
        many were left out."""
        second = int(record.created)
        if second != self._second:
            self._second, self._written = second, 0
            self._tell_dropped()
        if record.levelno >= logging.WARNING:
            return count
        kept = min(count, self._max - self._written)
        self._written += kept
        self._dropped += count - kept
        return kept

    def _tell_dropped(self) -> None:
        if self._dropped:
            count, self._dropped = self._dropped, 0
            line = self._warning(
                f"{count} log lines were left out: more than {self._max} in a second "
                "(log.max_per_second)."
            )
            self._lines.put(line)

    def _lost(self, count: int) -> str:
        return self._warning(f"{count} log lines were lost: nobody read them.")

    def _warning(self, message: str) -> str:
        return self._form.format(
            logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, None, None)
        )


def set_up(form: str, level: str, max_per_second: int = 0) -> LogThread:
    """Starts logging to standard error as `text`, `json` or `plain`. `max_per_second` as in
    `LogThread`. Call `stop()` of the result at the end."""
    # No format names them, and every record would ask for them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    thread = LogThread(sys.stderr, FORMATTERS[form](), max_per_second)
    root = logging.getLogger()
    root.handlers[:] = [thread]
    root.setLevel(level.upper())
    logging.captureWarnings(True)  # which would be written where they arise, on the loop
    # Its lines about malformed requests quote the header, credential and all.
    logging.getLogger("tornado.general").setLevel(logging.WARNING)
    return thread


def _message(record: logging.LogRecord) -> str:
    return shortened(record.getMessage(), MAX_MESSAGE_CHARS)


def shortened(text: str, limit: int) -> str:
    """Cuts a text longer than `limit` characters to its beginning and its end."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}... ({len(text) - 2 * half} characters) ...{text[-half:]}"
