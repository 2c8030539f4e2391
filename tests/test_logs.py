"""`logs`: lines look as documented, and a reader that stands still costs lines, not the process."""

from __future__ import annotations

import json
import logging
import threading

from tornado_ollama.logs import MAX_WAITING, JsonFormatter, LogThread, TextFormatter


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("a.b", logging.INFO, __file__, 1, message, None, None)
    made.__dict__.update(extra)
    return made


def test_a_text_line_has_time_level_and_message() -> None:
    line = TextFormatter().format(record("hello"))
    assert line.endswith("Z INFO hello") and line[4] == "-" and line[10] == "T"


def test_a_json_line_has_the_records_fields() -> None:
    line = json.loads(JsonFormatter().format(record("x", fields=lambda: {"status": 200})))
    assert line["status"] == 200 and line["level"] == "INFO" and "message" not in line


def test_a_json_line_without_fields_has_the_message() -> None:
    line = json.loads(JsonFormatter().format(record("two\nlines")))
    assert line["message"] == "two\nlines" and line["logger"] == "a.b"


class Slow(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.gate.wait(10)
        self.lines.append(record.getMessage())


def test_lines_that_nobody_reads_are_counted_and_not_kept() -> None:
    slow = Slow()
    thread = LogThread(slow)
    for number in range(MAX_WAITING + 50):
        thread.handle(record(str(number)))
    slow.gate.set()
    thread.stop()
    lost = [line for line in slow.lines if "were lost" in line]
    assert len(lost) == 1 and len(slow.lines) <= MAX_WAITING + 2
    assert int(lost[0].split()[0]) + len(slow.lines) - 1 == MAX_WAITING + 50


def test_the_last_lines_are_seen_out() -> None:
    slow = Slow()
    slow.gate.set()
    thread = LogThread(slow)
    thread.handle(record("last"))
    thread.stop()
    assert slow.lines == ["last"]


def test_a_message_cannot_fake_a_line() -> None:
    line = TextFormatter().format(record("boom\nINFO faked\x7f"))
    assert "\n" not in line and line.endswith("boom\\x0aINFO faked\\x7f")
