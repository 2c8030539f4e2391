"""`console`: lines go out in a thread, and whoever does not read them costs lines only."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator

import pytest

from tornado_ollama.console import MAX_GATHERED, MAX_WAITING, LineWriter


class Slow(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def write(self, text: str) -> int:
        self.gate.wait(10)
        return super().write(text)


class Full(io.StringIO):
    """Takes nothing until there is room again."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = threading.Event()
        self.has_room = False

    def write(self, text: str) -> int:
        if not self.has_room:
            self.refused.set()
            raise OSError(28, "No space left on device")
        return super().write(text)


@pytest.mark.parametrize("together", [1, 50])
def test_lines_that_nobody_reads_are_counted_and_not_kept(together: int) -> None:
    slow = Slow()
    writer = LineWriter(slow, "{} were lost".format)
    # The thread has gathered some, and cannot write them.
    batches = (MAX_WAITING + MAX_GATHERED + 50) // together + 3
    for _ in range(batches):
        writer.put(*("a",) * together)
    slow.gate.set()
    writer.stop()
    lines = slow.getvalue().splitlines()
    lost = [line for line in lines if "were lost" in line]
    assert len(lost) == 1 and len(lines) <= MAX_WAITING + MAX_GATHERED + 2 * (together - 1) + 1
    assert int(lost[0].split()[0]) + len(lines) - 1 == batches * together


def test_lines_that_cannot_be_written_are_counted_when_the_next_can() -> None:
    full = Full()
    writer = LineWriter(full, "{} were lost".format)
    writer.put("one")
    assert full.refused.wait(10)
    full.has_room = True
    writer.put("two")
    writer.stop()
    assert full.getvalue().splitlines() == ["1 were lost", "two"]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_a_pipe_whose_reader_has_left_is_known(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    with open(pipe[1], "w", closefd=False) as stream:
        writer = LineWriter(stream)
        writer.put("one")
        writer.stop()
    assert writer.reader_left


def test_a_full_pipe_that_does_not_block_gets_its_lines_in_the_end(pipe: tuple[int, int]) -> None:
    reader, descriptor = pipe
    os.set_blocking(descriptor, False)
    with open(descriptor, "w", closefd=False) as stream:
        writer = LineWriter(stream)
        writer.put("x" * 1_000_000)
        writer.put("end")
        read = b""
        while not read.endswith(b"end\n"):
            read += os.read(reader, 1 << 16)
        writer.stop()
    assert read == b"x" * 1_000_000 + b"\nend\n"


def test_where_there_is_no_stream_lines_go_nowhere() -> None:
    writer = LineWriter(None)
    writer.put("one")
    writer.stop()
    assert not writer.reader_left
