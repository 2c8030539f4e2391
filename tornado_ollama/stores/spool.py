"""A file of the last entries, in shared memory: what was put into it survives the end of the
process, also by SIGKILL, although nothing was written to the disk yet.

Putting is a copy into a mapped file, so it never waits for a disk; the kernel keeps the page. The
space is taken from the disk at the start, so that a full disk cannot fail it later. The entries
have running numbers and lie one behind the other in one of two segments; whoever has stored them
elsewhere says up to which number (`applied`), and then their segment is used again from its
beginning. So a process that stores often writes to the same few pages, which are in the
processor's caches. It outlives a crash of the process, not one of the machine.
"""

from __future__ import annotations

import errno
import mmap
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from zlib import adler32

SEGMENT_BYTES = 4 * 1024 * 1024
"""Of each of the two: enough for 12,000 to 45,000 entries of the accounts."""

MAX_SPOOLS = 64
"""Processes that share a state directory."""

_MAGIC = b"tornado-ollama spool 3\n"
_ID_BYTES = 8
_HEADER = struct.Struct(f"<{len(_MAGIC)}s{_ID_BYTES}sQ")
"""At the beginning of each segment: the magic, the spool's id, the number of the first entry."""

MAX_BYTES = 65_535
"""Of a payload."""

_HEAD_BYTES = 6
_PRIME = 65_521


def _head(payload: bytes, number: int) -> bytes:
    """What precedes a payload: two bytes of its length and four of its checksum. The checksum
    begins with the entry's number, so what an older entry has left is none of those that follow
    each other: Adler-32 is two sums modulo a prime, which are the digits of the number here. It
    needs no tables, which CRC-32 would fetch into the processor's caches."""
    high, low = divmod(number, _PRIME)
    checksum = adler32(payload, high % _PRIME << 16 | low)
    return (checksum << 16 | len(payload)).to_bytes(_HEAD_BYTES, "little")


class _Segment:
    """One half of the file."""

    def __init__(self, file: int, offset: int) -> None:
        self.memory = mmap.mmap(file, SEGMENT_BYTES, offset=offset)
        """Its position is where the next entry comes."""
        self.id: bytes
        """Of the spool; empty: the file holds none."""
        self.first: int
        """The number of the first entry."""
        magic, self.id, self.first = _HEADER.unpack_from(self.memory)
        if magic != _MAGIC:
            self.id, self.first = b"", 0
        self.last = 0
        """The number of the newest entry that has not been applied; 0: none."""
        self.memory.seek(_HEADER.size)
        for number, payload in self.entries():
            self.last = number
            self.memory.seek(_HEAD_BYTES + len(payload), os.SEEK_CUR)

    def begin(self, id: bytes, number: int) -> None:
        """Lets the next entry come first, with this number. What is there is forgotten."""
        self.id, self.first, self.last = id, number, 0
        _HEADER.pack_into(self.memory, 0, _MAGIC, id, number)
        self.memory.seek(_HEADER.size)

    def entries(self) -> Iterator[tuple[int, bytes]]:
        """Number and payload of each entry."""
        at, number = _HEADER.size, self.first
        while number and at + _HEAD_BYTES <= SEGMENT_BYTES:
            begin = at + _HEAD_BYTES
            head = self.memory[at:begin]
            end = begin + int.from_bytes(head[:2], "little")
            payload = self.memory[begin:end]
            if head != _head(payload, number):
                return
            yield number, payload
            at, number = end, number + 1


class Spool:
    """One spool file, locked for this process. `close` it at the end."""

    def __init__(self, file: int) -> None:
        self._file = file
        first, second = self._both = (_Segment(file, 0), _Segment(file, SEGMENT_BYTES))
        self._id = first.id or second.id or secrets.token_bytes(_ID_BYTES)
        self._next: int = max(1, *(max(one.first, one.last + 1) for one in self._both))
        self._use(first if first.last >= second.last else second)
        if not self._segment.last:
            self._segment.begin(self._id, self._next)

    @property
    def id(self) -> str:
        """Of the file, for as long as it is there."""
        return self._id.hex()

    @property
    def last(self) -> int:
        """The number of the newest entry."""
        return self._next - 1

    def put(self, payload: bytes) -> bool:
        """Keeps an entry. False where it is too long, or the segment in use is full."""
        if len(payload) > MAX_BYTES:
            return False
        number = self._next
        try:
            self._write(_head(payload, number) + payload)
        except ValueError:  # it does not fit
            return False
        self._segment.last = number
        self._next = number + 1
        return True

    def turn(self) -> int:
        """Lets the entries that follow begin the other segment, where that holds none that has not
        been applied. Returns the number of the newest entry."""
        first, second = self._both
        other = second if self._segment is first else first
        if self._segment.last and not other.last:
            other.begin(self._id, self._next)
            self._use(other)
        return self.last

    def applied(self, number: int) -> None:
        """Says that the entries up to this number are stored elsewhere."""
        for segment in self._both:
            if segment.last <= number:
                segment.last = 0
        if number >= self._next:  # the file is older than what is stored
            self._next = number + 1
            self._segment.begin(self._id, self._next)

    def entries(self) -> list[tuple[int, bytes]]:
        """All entries that are there, with their numbers, in order; also those already applied."""
        return sorted(entry for segment in self._both for entry in segment.entries())

    def close(self) -> None:
        for segment in self._both:
            segment.memory.close()
        os.close(self._file)

    def _use(self, segment: _Segment) -> None:
        self._segment = segment
        self._write = segment.memory.write


def open_spool(directory: Path) -> Spool:
    """Opens the first spool that no other process has, and makes it where there is none. Raises
    OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in _paths(directory):
        spool = _opened(path, os.O_CREAT)
        if spool is not None:
            return spool
    raise OSError(errno.EMFILE, f"{MAX_SPOOLS} processes use {directory} already")


def open_left_spools(directory: Path) -> list[Spool]:
    """Opens all spools that are there and that no process has. Close them soon, for processes that
    start. Raises OSError."""
    left = (_opened(path) for path in _paths(directory) if path.exists())
    return [spool for spool in left if spool is not None]


def _paths(directory: Path) -> Iterator[Path]:
    return (directory / f"usage-{number}.spool" for number in range(MAX_SPOOLS))


def _opened(path: Path, flags: int = 0) -> Spool | None:
    """None: another process has it."""
    try:
        import fcntl
    except ImportError:
        raise OSError(errno.ENOTSUP, "this system cannot lock a file for a process") from None
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _reserve(file, 2 * SEGMENT_BYTES)
        return Spool(file)
    except BlockingIOError:
        os.close(file)
        return None
    except BaseException:
        os.close(file)
        raise


def _reserve(file: int, size: int) -> None:
    """Takes the space of a file from the disk. Raises OSError where that is full."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
        return
    at = os.fstat(file).st_size  # macOS has no such call
    while at < size:
        at += os.pwrite(file, bytes(min(size - at, 1 << 20)), at)
