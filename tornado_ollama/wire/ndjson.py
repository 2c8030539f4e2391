"""Splits a byte stream into lines, as Ollama's NDJSON replies need it.

What a line means is decided in `native.py`. Lines end at `\\n` and nowhere else, because a JSON
string may hold U+2028, U+0085 and other characters that text tools take for line ends
(https://github.com/ndjson/ndjson-spec).
"""

from __future__ import annotations

from ..errors import UpstreamBroken

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line taken from Ollama. Tokens need some hundred bytes; one tool call or a block of
logprobs may need some hundred kilobytes. The limit only stops an upstream that never ends a
line."""


class LineSplitter:
    """Takes bytes in pieces of any size, and returns whole lines without their `\\n`."""

    __slots__ = ("_max", "_parts", "_size")

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        """`max_line_bytes`: a longer line raises `UpstreamBroken`."""
        self._max = max_line_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, in order; empty lines are left out."""
        end = data.find(b"\n")
        if 0 < end == len(data) - 1 <= self._max and not self._parts:
            return [data[:end]]  # one read, one token: by far the most frequent case
        if end < 0:
            if data:
                self._keep(data)
            return []
        *lines, rest = data.split(b"\n")
        if self._parts:
            self._keep(lines[0])
            lines[0] = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
        for line in lines:
            self._check(len(line))
        if rest:
            self._keep(rest)
        return [line for line in lines if line]

    def close(self) -> bytes:
        """Returns the bytes after the last `\\n`: empty when the stream ended at a line's end."""
        rest = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return rest

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        self._check(self._size)
        self._parts.append(data)

    def _check(self, size: int) -> None:
        if size > self._max:
            raise UpstreamBroken(f"Ollama sent a line longer than {self._max} bytes.")
