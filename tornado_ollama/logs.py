"""How log lines look and where they go: standard error, through a thread of their own, so that a
full pipe behind it never holds up the loop."""

from __future__ import annotations

import json
import logging
import logging.handlers
import queue
import sys
import time


class TextFormatter(logging.Formatter):
    """`2026-11-21T05:45:00.123Z INFO message`, in UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")


class JsonFormatter(TextFormatter):
    """One JSON object a line: `time`, `level`, and the record's `fields` or its `message`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", None)
        if fields is None:
            message = record.getMessage()
            if record.exc_info:
                message += "\n" + self.formatException(record.exc_info)
            fields = {"logger": record.name, "message": message}
        return json.dumps({"time": self.formatTime(record), "level": record.levelname, **fields})


class _KeepRecord(logging.handlers.QueueHandler):
    """The standard one renders the record; ours stay whole for the formatter behind the queue."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record


def set_up(format: str, level: str) -> logging.handlers.QueueListener:
    """Starts logging; `stop()` what is returned to see the last lines out."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    root = logging.getLogger()
    root.handlers[:] = [_KeepRecord(lines)]
    root.setLevel(level.upper())
    listener = logging.handlers.QueueListener(lines, handler)
    listener.start()
    return listener
