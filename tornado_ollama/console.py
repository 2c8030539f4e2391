"""Standard output and standard error, in whatever state the process was given them.

They may be closed, full, a pipe whose reader has gone, or one that nobody reads. A command that
prints its answer and ends fails then (`OutputLost`); one that serves goes on, and ends when it is
told to: its lines are written by a `LineWriter`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

MAX_WAITING = 10_000
"""Lines that may wait for the thread."""

STOP_S = 2.0
"""How long the last lines may take."""

RETRY_S = 0.05
"""Between two attempts on a descriptor that does not block and is full."""

Line = str | Callable[[], str]
"""A line, or what makes it, which is called on the thread."""


class OutputLost(Exception):
    """What a command has to say cannot be written; the message is one sentence."""


def hold_descriptors() -> None:
    """Fills the places of standard descriptors that are closed. Otherwise the next socket would
    get the number, and lines that are meant for a person would be sent to a client.

    What is put there can be read but not written, so that output which goes nowhere is a failure.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)


def say(text: str) -> None:
    """Prints what a command was asked for. Raises OutputLost, as `flush_output` does."""
    try:
        print(text)
    except OSError as error:
        raise _lost(error) from None


def flush_output() -> None:
    """Sees out what was printed. Raises OutputLost where that cannot be."""
    try:
        sys.stdout.flush()
    except OSError as error:
        raise _lost(error) from None


def _lost(error: OSError) -> OutputLost:
    # The interpreter flushes once more at its end, and would complain on its own.
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OutputLost(f"the output cannot be written ({error.strerror})")


def complain(text: str) -> None:
    """A line on standard error, if it goes within two seconds."""
    writer = LineWriter(sys.stderr)
    writer.put(text)
    writer.stop()


class LineWriter:
    """Writes lines to a stream in a thread of its own. Bounded both ways: a reader that stands
    still costs lines, which are counted, and never memory or the end of the process."""

    def __init__(
        self, stream: TextIO | None, lost: Callable[[int], str] = "{} lines were lost.".format
    ) -> None:
        """`lost` makes the line that follows when some could not be written or kept."""
        self._write = _write_to(stream)
        self._lost = lost
        self._lines: queue.Queue[Line | None] = queue.Queue(MAX_WAITING)
        self._dropped = 0
        self._reported = 0
        self.reader_left = False
        """The other end of the pipe is closed: nothing will ever be read."""
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def put(self, line: Line) -> None:
        """From any thread, if one at a time; never waits."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def stop(self) -> None:
        """Sees the last lines out, if they go within two seconds."""
        deadline = time.monotonic() + STOP_S
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=STOP_S)
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        unwritten = 0
        while (line := self._lines.get()) is not None:
            lost = self._dropped + unwritten - self._reported
            try:
                if lost:
                    self._write(self._lost(lost) + "\n")
                    self._reported += lost
                self._write((line if isinstance(line, str) else line()) + "\n")
            except Exception as error:  # the next one may go; without the thread none would
                unwritten += 1
                self.reader_left = isinstance(error, BrokenPipeError)


def _write_to(stream: TextIO | None) -> Callable[[str], object]:
    """By the descriptor where there is one: the streams of `sys` are locked while they write, and
    the interpreter wants that lock at its end."""
    if stream is None:
        return len
    try:
        descriptor = stream.fileno()
    except OSError:  # no file: what tests put in its place
        return stream.write
    return lambda text: _write_all(descriptor, text.encode("utf-8", "backslashreplace"))


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            time.sleep(RETRY_S)
