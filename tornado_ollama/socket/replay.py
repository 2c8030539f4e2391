"""The frames of a chat, numbered and kept for whoever has missed some of them."""

from __future__ import annotations

from collections import deque
from itertools import islice

from ..errors import BadRequest, NotFound

REPLAY_BYTES = 4 * 1024 * 1024
"""What is kept of one chat for a replay: more than any model says in one reply."""


class Replay:
    """The last frames of one chat. The first frame has the number 1."""

    def __init__(self) -> None:
        self.kept_bytes = 0
        self.last = 0
        """The number of the newest frame."""
        self._frames: deque[bytes] = deque()

    def keep(self, frame: bytes) -> bytes:
        """The frame with its number in it."""
        self.last += 1
        numbered = b'%b,"seq":%d}' % (frame[:-1], self.last)
        self._frames.append(numbered)
        self.kept_bytes += len(numbered)
        while self.kept_bytes > REPLAY_BYTES:
            self.kept_bytes -= len(self._frames.popleft())
        return numbered

    def after(self, number: int) -> tuple[bytes, ...]:
        """The frames that follow the one of this number. Raises NotFound where not all of them
        are kept, and BadRequest for a number that was not given yet."""
        skipped = number - (self.last - len(self._frames))
        if skipped < 0:
            raise NotFound("More was missed than is kept for a replay; send the chat again.")
        if number > self.last:
            raise BadRequest("`after` is beyond what was sent.")
        return tuple(islice(self._frames, skipped, None))
