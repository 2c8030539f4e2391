"""Decides from the results of probes whether the real Ollama is there. Pure.

An Ollama that comes and goes must not make requests switch to and fro, nor keep them on a backend
that fails. So it takes over only when every probe of some seconds was answered, and is given up
when every probe of some seconds was refused, or many of those in twice that time.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

Sight = Literal["answers", "refuses", "unclear"]
"""What a look saw. Whoever is slow, or answers as no Ollama would, is there all the same: that is
`unclear`, and no reason to leave it."""

Verdict = Literal["there", "gone", "flapping", "open"]
"""`there`: it may take over. `gone`: it refuses. `flapping`: it refuses often. `open`: leave
everything as it is."""

LOOKS = 4
"""How many looks in a row must have been answered, however long they took."""

MANY = 0.4
"""Part of the looks: of an Ollama that is away half of the time they see a little more or less."""


class Sights:
    def __init__(self, answering: float, refusing: float) -> None:
        """Both in seconds: how long every probe must be answered, and how long every probe must be
        refused, or `MANY` of the probes of twice that time."""
        self._answering = answering
        self._refusing = refusing
        self._recent: deque[tuple[float, Sight]] = deque()
        self.forget()

    def forget(self) -> None:
        """Drops all results so far."""
        self._recent.clear()
        self.last: Sight = "unclear"
        self._since = 0.0
        self._in_a_row = 0

    def saw(self, sight: Sight, now: float) -> None:
        """Adds the result of a probe. `now`: seconds of a monotonic clock."""
        if sight != self.last or not self._recent:
            self.last, self._since, self._in_a_row = sight, now, 0
        self._in_a_row += 1
        self._recent.append((now, sight))
        while now - self._recent[0][0] > 2 * self._refusing:
            self._recent.popleft()

    def lasts_s(self, now: float) -> float:
        """For how many seconds the latest probes have all had the same result."""
        return now - self._since

    def verdict(self, now: float) -> Verdict:
        """What the probes so far show. To be asked for right after a probe."""
        if self.last == "answers":
            held = self._in_a_row >= LOOKS and self.lasts_s(now) >= self._answering
            return "there" if held else "open"
        if self.last == "unclear":
            return "open"
        if self.lasts_s(now) >= self._refusing:
            return "gone"
        refused = [when for when, sight in self._recent if sight == "refuses"]
        many = len(refused) >= MANY * len(self._recent)
        return "flapping" if many and now - refused[0] >= self._refusing else "open"
