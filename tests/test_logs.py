"""`logs`: lines look as documented, have an end, and none can pass for another."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import weakref
from collections.abc import Callable

import pytest

from tornado_ollama.logs import (
    MAX_MESSAGE_CHARS,
    MAX_TRACEBACK_CHARS,
    JsonFormatter,
    LogThread,
    PlainFormatter,
    TextFormatter,
)


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


def logged(formatter: logging.Formatter, *records: logging.LogRecord) -> str:
    """What a `LogThread` writes of the records."""
    stream = io.StringIO()
    thread = LogThread(stream, formatter)
    for each in records:
        thread.handle(each)
    thread.stop()
    return stream.getvalue()


def test_the_last_lines_are_seen_out() -> None:
    assert logged(PlainFormatter(), record("last")) == "last\n"


def failed(message: str) -> logging.LogRecord:
    try:
        raise ValueError(message)
    except ValueError:
        return logging.LogRecord("a", logging.ERROR, __file__, 1, "boom", None, sys.exc_info())


@pytest.mark.parametrize("formatter", [TextFormatter, JsonFormatter, PlainFormatter])
def test_no_line_is_longer_than_its_bounds(formatter: Callable[[], logging.Formatter]) -> None:
    long = "é" * 6_000_000
    values = (long, ValueError(long))
    args = logging.LogRecord("a", logging.INFO, __file__, 1, "%s %s", values, None)
    said = logged(formatter(), record(long), args, failed(long))
    assert "characters" in said
    assert len(said) < 10 * (MAX_MESSAGE_CHARS + MAX_TRACEBACK_CHARS)


def test_a_record_that_waits_keeps_nothing_alive() -> None:
    class Held(Exception):
        pass

    held = Held("one")
    gone = weakref.ref(held)
    thread = LogThread(Stuck(), PlainFormatter())
    thread.handle(record("first"))
    thread.handle(logging.LogRecord("a", logging.INFO, __file__, 1, "%s", (held,), None))
    try:
        raise held
    except Held:
        thread.handle(
            logging.LogRecord("a", logging.ERROR, __file__, 1, "two", None, sys.exc_info())
        )
    held.__traceback__ = None
    del held
    assert gone() is None
    Stuck.gate.set()
    thread.stop()


class Stuck(io.StringIO):
    gate = threading.Event()

    def write(self, text: str) -> int:
        self.gate.wait(10)
        return len(text)


def test_a_traceback_cannot_fake_a_line() -> None:
    said = logged(TextFormatter(), failed("x\n2026-11-21T05:45:00.123Z INFO faked\x1b[2J"))
    assert "\n2026" not in said and "\x1b" not in said
    assert "\n  ValueError: x\n  2026-11-21T05:45:00.123Z INFO faked\\x1b[2J\n" in said


def test_a_message_cannot_fake_a_line() -> None:
    line = TextFormatter().format(record("boom\nINFO faked\x7f"))
    assert "\n" not in line and line.endswith("boom\\x0aINFO faked\\x7f")


def at(second: int, message: str, level: int = logging.INFO) -> logging.LogRecord:
    made = record(message)
    made.created, made.levelno = float(second), level
    return made


def test_too_many_lines_in_a_second_are_counted_and_warnings_are_not_left_out() -> None:
    stream = io.StringIO()
    thread = LogThread(stream, PlainFormatter(), 2)
    for each in (
        *(at(1, f"a{number}") for number in range(5)),
        at(1, "warned", logging.WARNING),
        *(at(2, f"b{number}") for number in range(3)),
    ):
        thread.handle(each)
    thread.stop()
    left_out = "{} log lines were left out: more than 2 in a second (log.max_per_second)."
    lines = ["a0", "a1", "warned", left_out.format(3), "b0", "b1", left_out.format(1)]
    assert stream.getvalue().splitlines() == lines
