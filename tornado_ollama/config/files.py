"""Reads the files of a configuration, and detects whether they change afterwards. Keeps hashes, not
the contents."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path


class Files:
    """Reads files and remembers the hash of each."""

    def __init__(self) -> None:
        self._held: list[tuple[Path, int, bytes | None]] = []

    def read(self, path: Path, limit: int) -> bytes:
        """Reads up to `limit` bytes of a file and one more, which shows that it is longer. Raises
        OSError, and ValueError for text that cannot be a path."""
        content = None
        try:
            with path.open("rb") as file:
                content = file.read(limit + 1)
        finally:
            digest = None if content is None else sha256(content).digest()
            self._held.append((path, limit, digest))
        return content

    def unchanged(self) -> bool:
        """Whether every file still has the content that was read, or is still missing. A pipe
        counts as unchanged: it can be read only once, and its end marks it as complete."""
        return all(self._is_as_read(*held) for held in self._held)

    def _is_as_read(self, path: Path, limit: int, digest: bytes | None) -> bool:
        again = Files()
        try:
            if path.exists() and not path.is_file():
                return True
            again.read(path, limit)
        except (OSError, ValueError):
            pass  # remembered as such
        return all(held == (path, limit, digest) for held in again._held)
