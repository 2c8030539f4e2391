"""A request body that is collected whole, and the memory that all of them may take together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import BodyTooLarge, Overloaded


class BodyMemory:
    """The bytes of all request bodies held now; `limits.max_buffered_bytes`.

    What was announced is not counted, only what has arrived: a client that announces much and sends
    nothing keeps nobody out.
    """

    def __init__(self) -> None:
        self.limit = 512 * 1024 * 1024
        """In bytes; a reload may change it."""
        self.held = 0

    def check(self, size: int) -> None:
        """Raises Overloaded where so many bytes more would be too many."""
        if self.held + size > self.limit:
            raise Overloaded()

    def take(self, size: int) -> None:
        """Counts bytes that have arrived; raises Overloaded, and then does not count them."""
        self.check(size)
        self.held += size

    def give_back(self, size: int) -> None:
        self.held -= size

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Counts so many bytes while the block runs; raises Overloaded."""
        self.take(size)
        try:
            yield
        finally:
            self.give_back(size)


class CollectedBody:
    """One body: `add` its pieces, `whole` when it is complete, and `release` it in the end."""

    def __init__(
        self, memory: BodyMemory, declared: int | None, max_bytes: int, limit_name: str
    ) -> None:
        """`declared`: the length in bytes that the client has announced, None for none.
        `limit_name`: the setting behind `max_bytes`. Raises BodyTooLarge and Overloaded before a
        byte has been read."""
        self._memory = memory
        self._max_bytes = max_bytes
        self._limit_name = limit_name
        self._parts: list[bytes] = []
        self._size = 0
        if declared is not None:
            self._check_size(declared)
            memory.check(declared)

    def add(self, data: bytes) -> None:
        """Raises BodyTooLarge and Overloaded; what came before is let go then."""
        try:
            self._check_size(self._size + len(data))
            self._memory.take(len(data))
        except (BodyTooLarge, Overloaded):
            self.release()
            raise
        self._size += len(data)
        self._parts.append(data)

    def whole(self) -> bytes:
        """All of it. To be called once; it counts as held until `release`."""
        whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        return whole

    def release(self) -> None:
        """Nobody needs it any more. May be called again."""
        self._memory.give_back(self._size)
        self._size = 0
        self._parts.clear()

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise too_large(self._max_bytes, self._limit_name)


def too_large(max_bytes: int, limit_name: str = "limits.max_body_bytes") -> BodyTooLarge:
    return BodyTooLarge(f"The request's body is larger than {max_bytes} bytes ({limit_name}).")
