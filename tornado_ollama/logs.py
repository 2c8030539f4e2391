"""Logging: the formats of log lines, and a thread that writes them to standard error, so that a
full pipe never blocks the event loop.

The one place that limits lines: text of a client, of Ollama or of an exception is cut to a length,
and escaped so that it cannot forge a line.
"""

from __future__ import annotations

import copy
import json
import logging
import sys
import time
from collections.abc import Callable
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


class TextFormatter(logging.Formatter):
    """Formats a record as `2026-11-21T05:45:00.123Z INFO message`, in UTC; the lines of a traceback
    are indented."""

    _latest = 0, ""
    """The last second that was written as text: most lines share it with the one before."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """The time of the record, in UTC and to the millisecond."""
        second = int(record.created)
        known, text = self._latest
        if second != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._latest = second, text
        return text + _MILLISECONDS[int(record.msecs)]

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record with control characters escaped, so that no text in it can forge a
        line."""
        line = _escaped(self.formatMessage(record), _ESCAPES)
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            line += _escaped("\n" + record.exc_text, _ESCAPES_OF_LINES)
        return line

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without its traceback."""
        return f"{self.formatTime(record)} {record.levelname} {record.getMessage()}"


class PlainFormatter(TextFormatter):
    """Formats a record as its message alone, for a child process whose lines its parent logs."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return record.getMessage()


class JsonFormatter(TextFormatter):
    """Formats a record as a JSON object on one line: `time`, `level`, and what the record's
    `fields` returns, or its `message`."""

    def format(self, record: logging.LogRecord) -> str:
        give = getattr(record, "fields", None)
        fields = {"logger": record.name, "message": _message(record)} if give is None else give()
        return json.dumps({"time": self.formatTime(record), "level": record.levelname, **fields})


FORMATTERS: dict[str, Callable[[], logging.Formatter]] = {
    "text": TextFormatter,
    "json": JsonFormatter,
    "plain": PlainFormatter,
}


class LogThread(logging.Handler):
    """A log handler that passes records to a thread, which writes them to `stream`."""

    def __init__(
        self, stream: TextIO | None, formatter: logging.Formatter, max_per_second: int = 0
    ) -> None:
        """`max_per_second`: of lines below WARNING; further ones are counted. 0: no limit."""
        super().__init__()
        self.setFormatter(formatter)
        self._lines = LineWriter(stream, self._lost)
        self._max = max_per_second
        self._second = 0
        self._written = 0
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        if self._max and self._is_too_much(record):
            return
        try:
            settled = record if hasattr(record, "fields") else _settled(record)
        except Exception:
            self.handleError(record)
            return
        self._lines.put(lambda: self.format(settled))

    def stop(self) -> None:
        """Writes the queued records, waiting at most two seconds."""
        self._tell_dropped()
        self._lines.stop()

    def _is_too_much(self, record: logging.LogRecord) -> bool:
        """Counts the record, and the second in which it was made. The first of a later second is
        preceded by a line that says how many were left out."""
        second = int(record.created)
        if second != self._second:
            self._second, self._written = second, 0
            self._tell_dropped()
        if record.levelno >= logging.WARNING:
            return False
        self._written += 1
        if self._written <= self._max:
            return False
        self._dropped += 1
        return True

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
        return self.format(
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


def _settled(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of the record as text, cut to its limits, that can wait in the queue without keeping a
    traceback's frames or a value of many megabytes in memory."""
    settled = copy.copy(record)
    settled.msg, settled.args = shortened(record.getMessage(), MAX_MESSAGE_CHARS), None
    if record.exc_info:
        trace = logging.Formatter().formatException(record.exc_info)
        settled.exc_text, settled.exc_info = shortened(trace, MAX_TRACEBACK_CHARS), None
    return settled


def _message(record: logging.LogRecord) -> str:
    return "\n".join(filter(None, (record.getMessage(), record.exc_text)))


def shortened(text: str, limit: int) -> str:
    """Cuts a text longer than `limit` characters to its beginning and its end."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}... ({len(text) - 2 * half} characters) ...{text[-half:]}"
