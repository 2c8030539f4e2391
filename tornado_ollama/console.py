"""Standard output and standard error, which may be closed, full, or a pipe that nobody reads.

A command that prints its result and ends fails then (`OutputLost`); one that serves goes on: its
lines are written by a `LineWriter`.
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

REST_S = 0.01
"""How long the thread rests for each line that it has written."""

MAX_REST_S = 0.1
"""The longest rest. Each time that the thread wakes, it takes the interpreter's lock away from the
event loop twice, which for each line would cost a busy gateway a tenth of its processor time."""

MAX_GATHERED = 256
"""Lines written at once."""

STOP_S = 2.0
"""How long the last lines may take."""

RETRY_S = 0.05
"""Between two attempts on a descriptor that does not block and is full."""


class OutputLost(Exception):
    """The output of a command could not be written; the message is one sentence."""


def hold_descriptors() -> None:
    """Opens a substitute for each standard descriptor that is closed.

    Otherwise the next socket would get that number, and output would be sent to a client. The
    substitute can be read but not written, so that writing to it fails instead of going nowhere.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)


def say(text: str) -> None:
    """Prints a command's result. Raises OutputLost as `flush_output` does."""
    try:
        print(text)
    except OSError as error:
        raise _lost(error) from None


def flush_output() -> None:
    """Flushes standard output. Raises OutputLost where that fails."""
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
    """Prints a line on standard error, and gives up after two seconds."""
    writer = LineWriter(sys.stderr)
    writer.put(text)
    writer.stop()


class LineWriter:
    """Writes lines to a stream in a thread of its own.

    A reader that does not read costs lines, which are counted; it never costs unbounded memory, and
    never blocks the process.
    """

    def __init__(
        self, stream: TextIO | None, lost: Callable[[int], str] = "{} lines were lost.".format
    ) -> None:
        """`lost` makes the line that reports how many lines were dropped."""
        self._write = _write_to(stream)
        self._lost = lost
        self._lines: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        """Texts and how many lines each has; none: there will be no more. In C, unlike Queue."""
        self._put = self._taken = 0
        """Lines; each number is changed in one thread alone."""
        self._stopping = threading.Event()
        self._dropped = 0
        self._reported = 0
        self.reader_left = False
        """The other end of the pipe is closed: nothing will ever be read."""
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def put(self, *lines: str) -> None:
        """Queues lines without waiting. May be called from any thread, but from one at a time."""
        if self._put - self._taken >= MAX_WAITING:
            self._dropped += len(lines)
        elif lines:
            self._put += len(lines)
            self._lines.put(("\n".join(lines) + "\n", len(lines)))

    def stop(self) -> None:
        """Writes the queued lines, waiting at most two seconds, and ends the thread."""
        self._lines.put(("", 0))
        self._stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        unwritten = 0
        ended = False
        while not ended:
            text, count, ended = self._gathered()
            lost = self._dropped + unwritten - self._reported
            if lost:
                text = f"{self._lost(lost)}\n{text}"
            try:
                self._write(text)
                self._reported += lost
            except Exception as error:  # the next ones may go; without the thread none would
                unwritten += count
                self.reader_left = isinstance(error, BrokenPipeError)
            if self._lines.empty():
                self._stopping.wait(min(REST_S * count, MAX_REST_S))

    def _gathered(self) -> tuple[str, int, bool]:
        """Waits for a line, and takes all that are there: their text, how many they are, and
        whether there will be no more."""
        texts: list[str] = []
        gathered = 0
        text, count = self._lines.get()
        while count:
            texts.append(text)
            gathered += count
            self._taken += count
            if gathered >= MAX_GATHERED or self._lines.empty():
                return "".join(texts), gathered, False
            text, count = self._lines.get_nowait()
        return "".join(texts), gathered, True


def _write_to(stream: TextIO | None) -> Callable[[str], object]:
    """Returns a function that writes text to the stream, by its file descriptor where it has one:
    the streams of `sys` hold a lock while they write, and the interpreter needs that lock to exit.
    """
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
