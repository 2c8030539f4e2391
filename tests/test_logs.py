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
    LineFormatter,
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


def test_json_lines_have_the_records_fields() -> None:
    fields = [(0.0, {"status": 200}), (1.5, {"status": 404})]
    text = JsonFormatter().format(record("x", fields=lambda: fields))
    assert [json.loads(line) for line in text.splitlines()] == [
        {"time": "1970-01-01T00:00:00.000Z", "level": "INFO", "status": 200},
        {"time": "1970-01-01T00:00:01.500Z", "level": "INFO", "status": 404},
    ]


def test_a_record_of_several_lines_is_escaped_line_by_line() -> None:
    texts = [(0.0, "one\ntwo"), (1.5, "three")]
    assert TextFormatter().lines(record("x", texts=lambda: texts)) == [
        "1970-01-01T00:00:00.000Z INFO one\\x0atwo",
        "1970-01-01T00:00:01.500Z INFO three",
    ]


def test_a_json_line_without_fields_has_the_message() -> None:
    line = json.loads(JsonFormatter().format(record("two\nlines")))
    assert line["message"] == "two\nlines" and line["logger"] == "a.b"


def logged(formatter: LineFormatter, *records: logging.LogRecord) -> str:
    """What a `LogThread` writes of the records."""
    stream = io.StringIO()
    thread = LogThread(stream, formatter)
    for each in records:
        thread.handle(each)
    thread.stop()
    return stream.getvalue()


def test_the_last_lines_are_seen_out() -> None:
    assert logged(PlainFormatter(), record("last")) == "last\n"


def test_a_record_that_cannot_be_formatted_is_told_and_keeps_no_other_back() -> None:
    odd = logging.LogRecord("a.b", logging.INFO, __file__, 7, "%d", ("secret",), None)
    told, last = logged(PlainFormatter(), odd, record("last")).splitlines()
    assert told == "A log record of a.b (line 7) cannot be formatted: TypeError." and last == "last"


def failed(message: str) -> logging.LogRecord:
    try:
        raise ValueError(message)
    except ValueError:
        return logging.LogRecord("a", logging.ERROR, __file__, 1, "boom", None, sys.exc_info())


@pytest.mark.parametrize("formatter", [TextFormatter, JsonFormatter, PlainFormatter])
def test_no_line_is_longer_than_its_bounds(formatter: Callable[[], LineFormatter]) -> None:
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
    said = logged_within(
        2,
        *(at(1, f"a{number}") for number in range(5)),
        at(1, "warned", logging.WARNING),
        *(at(2, f"b{number}") for number in range(3)),
    )
    left_out = "{} log lines were left out: more than 2 in a second (log.max_per_second)."
    lines = ["a0", "a1", "warned", left_out.format(3), "b0", "b1", left_out.format(1)]
    assert said == lines


def test_lines_that_are_too_many_are_not_even_made() -> None:
    def texts() -> list[tuple[float, str]]:
        made.append(1)
        return [(1.0, "a"), (1.0, "b")]

    made: list[int] = []
    several = [record("x", texts=texts, count=2, created=1.0) for _ in range(3)]
    said = logged_within(3, *several)
    assert said[:3] == ["a", "b", "a"] and said[3].startswith("3 log lines") and len(made) == 2


def logged_within(max_per_second: int, *records: logging.LogRecord) -> list[str]:
    stream = io.StringIO()
    thread = LogThread(stream, PlainFormatter(), max_per_second)
    for each in records:
        thread.handle(each)
    thread.stop()
    return stream.getvalue().splitlines()
