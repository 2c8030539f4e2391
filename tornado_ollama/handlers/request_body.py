"""Collects a request's body in memory, and limits the memory of all bodies together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import BodyTooLarge, Overloaded
from ..wire.content_codings import decoded


class BodyMemory:
    """Counts the bytes of all request bodies held now, up to `limits.max_buffered_bytes`.

    Only bytes that have arrived are counted, not those announced: a client that announces much and
    sends nothing takes no memory from others.
    """

    def __init__(self) -> None:
        self.limit = 512 * 1024 * 1024
        """In bytes; a reload may change it."""
        self.held = 0

    def check(self, size: int) -> None:
        """Raises Overloaded where this many further bytes would exceed the limit."""
        if self.held + size > self.limit:
            raise Overloaded()

    def take(self, size: int) -> None:
        """Counts bytes that have arrived. Raises Overloaded where they exceed the limit, and then
        does not count them."""
        self.check(size)
        self.held += size

    def give_back(self, size: int) -> None:
        self.held -= size

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Counts this many bytes while the block runs. Raises Overloaded."""
        self.take(size)
        try:
            yield
        finally:
            self.give_back(size)


class CollectedBody:
    """One body: `add` its pieces, take the `whole` when it is complete, and `release` its memory in
    the end."""

    def __init__(
        self, memory: BodyMemory, declared: int | None, max_bytes: int, limit_name: str
    ) -> None:
        """`declared`: the `Content-Length` in bytes, None where there is none. `limit_name`: the
        setting that sets `max_bytes`. Raises BodyTooLarge and Overloaded before a byte has been
        read."""
        self._memory = memory
        self._max_bytes = max_bytes
        self._limit_name = limit_name
        self._parts: list[bytes] = []
        self._size = 0
        if declared is not None:
            self._check_size(declared)
            memory.check(declared)

    def add(self, data: bytes) -> None:
        """Adds a piece. Raises BodyTooLarge and Overloaded, and then drops the pieces before it as
        well."""
        try:
            self._check_size(self._size + len(data))
            self._memory.take(len(data))
        except (BodyTooLarge, Overloaded):
            self.release()
            raise
        self._size += len(data)
        self._parts.append(data)

    def decode(self, coding: str) -> Iterator[bool]:
        """Puts what the body decodes to in its place, a little at each step, so that whoever takes
        the steps can do something else in between; each says True. What has been decoded is held
        as any other body is, and may be as large. Raises BadRequest, BodyTooLarge and Overloaded.
        """
        plain = CollectedBody(self._memory, None, self._max_bytes, self._limit_name)
        try:
            for piece in decoded(self._parts, coding):
                plain.add(piece)
                yield True
            self.release()
            self._parts, self._size = plain._parts, plain._size
        except BaseException:
            plain.release()
            raise

    def whole(self) -> bytes:
        """Returns the whole body. To be called once; its bytes are counted until `release`."""
        whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        return whole

    def release(self) -> None:
        """Drops the body and stops counting its bytes. May be called again."""
        self._memory.give_back(self._size)
        self._size = 0
        self._parts.clear()

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise too_large(self._max_bytes, self._limit_name)


def too_large(max_bytes: int, limit_name: str = "limits.max_body_bytes") -> BodyTooLarge:
    return BodyTooLarge(f"The request's body is larger than {max_bytes} bytes ({limit_name}).")
