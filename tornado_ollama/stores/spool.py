"""A file of the last entries, in shared memory: what was put into it survives the end of the
process, also by SIGKILL, although nothing was written to the disk yet.

Putting is a copy into a mapped file, so it never waits for a disk; the kernel keeps the page. The
space is taken from the disk at the start, so that a full disk cannot fail it later. The entries
have running numbers; whoever has stored them elsewhere says up to which number (`applied`), and
their slots are used again, those first that were used last: these are in the processor's caches. It
outlives a crash of the process, not one of the machine.
"""

from __future__ import annotations

import mmap
import os
import secrets
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

SLOTS = 2048
SLOT_BYTES = 1024

_PRIME = 2**32 - 5
"""Numbers of entries begin a checksum modulo this prime, so that each of their 64 bits counts."""

MAX_SPOOLS = 64
"""Processes that share a state directory."""

_MAGIC = b"tornado-ollama spool 2\n"
_HEADER_BYTES = SLOT_BYTES
_ID_BYTES = 8
_HEAD = struct.Struct("<IHQ")
"""Checksum, length of the payload, number of the entry."""


class Spool:
    """One spool file, locked for this process. `close` it at the end."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._memory = mmap.mmap(file, _HEADER_BYTES + SLOTS * SLOT_BYTES)
        at = len(_MAGIC)
        if self._memory[:at] != _MAGIC:
            self._memory[: at + _ID_BYTES] = _MAGIC + secrets.token_bytes(_ID_BYTES)
        self.id = self._memory[at : at + _ID_BYTES].hex()
        """Of the file, for as long as it is there."""
        found = sorted((number, slot) for number, slot, _ in self._entries())
        self._used = found
        """Numbers and slots of entries that have not been applied, in the order of their numbers.
        """
        self._free = sorted(set(range(SLOTS)).difference(slot for _, slot in found), reverse=True)
        self._next = found[-1][0] + 1 if found else 1

    @property
    def last(self) -> int:
        """The number of the newest entry."""
        return self._next - 1

    def put(self, payload: bytes) -> bool:
        """Keeps an entry. False where it is too long, or all slots hold entries that have not been
        applied."""
        if len(payload) > SLOT_BYTES - _HEAD.size or not self._free:
            return False
        number, slot = self._next, self._free.pop()
        at = _HEADER_BYTES + slot * SLOT_BYTES
        begin = at + _HEAD.size
        self._memory[begin : begin + len(payload)] = payload
        _HEAD.pack_into(self._memory, at, _checksum(payload, number), len(payload), number)
        self._used.append((number, slot))
        self._next = number + 1
        return True

    def entries(self) -> list[tuple[int, bytes]]:
        """All entries that are there, with their numbers, in order; also those already applied."""
        return sorted((number, payload) for number, _, payload in self._entries())

    def applied(self, number: int) -> None:
        """Says that the entries up to this number are stored elsewhere."""
        count = bisect_right(self._used, (number, SLOTS))
        self._free += [slot for _, slot in reversed(self._used[:count])]
        del self._used[:count]
        self._next = max(self._next, number + 1)

    def close(self) -> None:
        self._memory.close()
        os.close(self._file)

    def _entries(self) -> Iterator[tuple[int, int, bytes]]:
        """Number, slot and payload of each entry."""
        for slot in range(SLOTS):
            at = _HEADER_BYTES + slot * SLOT_BYTES
            checksum, length, number = _HEAD.unpack_from(self._memory, at)
            begin = at + _HEAD.size
            payload = self._memory[begin : begin + length]
            if number and begin + length <= at + SLOT_BYTES:
                if checksum == _checksum(payload, number):
                    yield number, slot, payload


def _checksum(payload: bytes, number: int) -> int:
    """Tells an entry that was written in part, or damaged. Adler-32 needs no tables, which CRC-32
    would fetch into the processor's caches."""
    return zlib.adler32(payload, number % _PRIME)


def open_spool(directory: Path) -> Spool:
    """Opens a spool that no other process has, and makes it where there is none. One that a dead
    process has left comes first. Raises OSError."""
    try:
        import fcntl
    except ImportError:
        raise OSError("this system cannot lock a part of a file for a process") from None
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(MAX_SPOOLS):
        path = directory / f"usage-{number}.spool"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            continue
        try:
            _reserve(file, _HEADER_BYTES + SLOTS * SLOT_BYTES)
            return Spool(file)
        except BaseException:
            os.close(file)
            raise
    raise OSError(f"{MAX_SPOOLS} processes use {directory} already")


def _reserve(file: int, size: int) -> None:
    """Takes the space of a file from the disk. Raises OSError where that is full."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
        return
    at = os.fstat(file).st_size  # macOS has no such call
    while at < size:
        at += os.pwrite(file, bytes(min(size - at, 1 << 20)), at)
