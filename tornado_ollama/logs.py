"""How log lines look and where they go: standard error, through a thread of their own, so that a
full pipe behind it never holds up the loop."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import sys
import threading
import time

MAX_WAITING = 10_000
"""Records that may wait for the thread."""

STOP_S = 2.0

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}


class TextFormatter(logging.Formatter):
    """`2026-11-21T05:45:00.123Z INFO message`, in UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without its traceback; control characters escaped, or one could fake a line."""
        return super().formatMessage(record).translate(_ESCAPES)


class JsonFormatter(TextFormatter):
    """One JSON object a line: `time`, `level`, and what the record's `fields` gives, or its
    `message`."""

    def format(self, record: logging.LogRecord) -> str:
        give = getattr(record, "fields", None)
        if give is not None:
            fields = give()
        else:
            message = record.getMessage()
            if record.exc_info:
                message += "\n" + self.formatException(record.exc_info)
            fields = {"logger": record.name, "message": message}
        return json.dumps({"time": self.formatTime(record), "level": record.levelname, **fields})


class LogThread(logging.Handler):
    """Hands records to a thread that writes them. Bounded both ways: a reader that stands still
    costs lines, which are counted, and never memory or the end of the process."""

    def __init__(self, target: logging.Handler) -> None:
        super().__init__()
        self._target = target
        self._records: queue.Queue[logging.LogRecord | None] = queue.Queue(MAX_WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._records.put_nowait(record)
        except queue.Full:
            self._dropped += 1

    def stop(self) -> None:
        """Sees the last lines out, if they go within two seconds."""
        with contextlib.suppress(queue.Full):
            self._records.put(None, timeout=STOP_S)
            self._thread.join(STOP_S)

    def _write(self) -> None:
        while (record := self._records.get()) is not None:
            if self._dropped:
                lost, self._dropped = self._dropped, 0
                self._target.handle(_warning(f"{lost} log lines were lost: nobody read them."))
            self._target.handle(record)


def _warning(message: str) -> logging.LogRecord:
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, None, None)


def set_up(format: str, level: str) -> LogThread:
    """Starts logging; `stop()` what is returned at the end."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    thread = LogThread(handler)
    root = logging.getLogger()
    root.handlers[:] = [thread]
    root.setLevel(level.upper())
    # Its lines about malformed requests quote the header, credential and all.
    logging.getLogger("tornado.general").setLevel(logging.WARNING)
    return thread
