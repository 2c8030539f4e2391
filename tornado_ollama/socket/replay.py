"""Numbers the frames of a chat and keeps the last ones, for a client that reconnects."""

from __future__ import annotations

from collections import deque
from itertools import islice

from ..errors import BadRequest, NotFound

REPLAY_BYTES = 4 * 1024 * 1024
"""What is kept of one chat for a replay: more than any model says in one reply."""


class Replay:
    """The last frames of one chat; the first frame has the number 1."""

    def __init__(self) -> None:
        self.kept_bytes = 0
        self.last = 0
        """The number of the newest frame."""
        self._frames: deque[bytes] = deque()

    def keep(self, frame: bytes) -> bytes:
        """Numbers a frame, keeps it, and returns it with its number."""
        self.last += 1
        numbered = b'%b,"seq":%d}' % (frame[:-1], self.last)
        self._frames.append(numbered)
        self.kept_bytes += len(numbered)
        while self.kept_bytes > REPLAY_BYTES:
            self.kept_bytes -= len(self._frames.popleft())
        return numbered

    def after(self, number: int) -> tuple[bytes, ...]:
        """The frames after the one of this number. Raises NotFound where some of them are no longer
        kept, and BadRequest for a number that no frame has had yet."""
        skipped = number - (self.last - len(self._frames))
        if skipped < 0:
            raise NotFound("More was missed than is kept for a replay; send the chat again.")
        if number > self.last:
            raise BadRequest("`after` is beyond what was sent.")
        return tuple(islice(self._frames, skipped, None))
