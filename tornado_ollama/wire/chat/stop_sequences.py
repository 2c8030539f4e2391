"""Finds stop sequences in a text that arrives in pieces.

Owns which stop sequence ends a text, and how much of the text must be held back meanwhile. Ollama
has stop sequences too, but leaves the found one out of its reply and does not say which it was.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

from ...errors import BadRequest

MAX_CHARACTERS = 16_384
"""The longest that all stop sequences of a request may be together: building the automaton takes
about a microsecond for each character."""


class StopSequences:
    """The stop sequences of one request, as an automaton that reads each character once however
    many sequences there are (Aho and Corasick, "Efficient string matching", 1975).

    A state stands for the longest beginning of a stop sequence that the text read so far ends in.
    """

    __slots__ = ("begins", "depth", "fallback", "found", "step")

    def __init__(self, sequences: Sequence[str], param: str) -> None:
        """`sequences` must not contain an empty one. `param`: their field, for the error. Raises
        BadRequest where they are longer than `MAX_CHARACTERS`."""
        if sum(map(len, sequences)) > MAX_CHARACTERS:
            raise BadRequest(
                f"'{param}' may not have more than {MAX_CHARACTERS} characters altogether.",
                param=param,
            )
        self.step: dict[tuple[int, str], int] = {}
        """The state after a state and a character, where the beginning gets longer."""
        self.depth = [0]
        """Length, in characters, of the beginning that a state stands for."""
        self.found: list[str | None] = [None]
        """The longest stop sequence that the text ends in."""
        self.fallback = [0]
        """The state of the next shorter beginning that the text ends in."""
        children: list[list[tuple[str, int]]] = [[]]
        for sequence in sequences:
            state = 0
            for character in sequence:
                after = self.step.get((state, character))
                if after is None:
                    after = self.step[state, character] = len(self.depth)
                    self.depth.append(self.depth[state] + 1)
                    self.found.append(None)
                    self.fallback.append(0)
                    children[state].append((character, after))
                    children.append([])
                state = after
            self.found[state] = sequence
        self._link(children)
        first = "".join(sorted({sequence[0] for sequence in sequences}))
        self.begins = re.compile(f"[{re.escape(first)}]").search
        """Searches a text for a character that begins a stop sequence."""

    def after(self, state: int, character: str) -> int:
        """The state after a state and a character."""
        step = self.step
        while (found := step.get((state, character))) is None:
            if not state:
                return 0
            state = self.fallback[state]
        return found

    def _link(self, children: list[list[tuple[str, int]]]) -> None:
        """Sets `fallback`, and the `found` that follow from it, for shorter beginnings first."""
        waiting = deque(after for _, after in children[0])
        while waiting:
            state = waiting.popleft()
            for character, after in children[state]:
                back = self.fallback[after] = self.after(self.fallback[state], character)
                self.found[after] = self.found[after] or self.found[back]
                waiting.append(after)


class StopMatcher:
    """Reads one text. The stop sequence that is complete first is the one found, the longest where
    several are complete at the same character; so the pieces make no difference."""

    __slots__ = ("_held", "_sequences", "_state", "found")

    def __init__(self, sequences: StopSequences) -> None:
        self._sequences = sequences
        self._state = 0
        self._held = ""
        self.found: str | None = None
        """The stop sequence that has ended the text."""

    def feed(self, text: str) -> str:
        """Reads a piece. Returns what the text has become longer by: all that cannot belong to a
        stop sequence, or what precedes the one that was `found`. After that nothing more is to be
        fed."""
        sequences, state = self._sequences, self._state
        start = 0
        if not state:
            first = sequences.begins(text)
            if first is None:
                return text
            start = first.start()
        step, found = sequences.step, sequences.found
        for at in range(start, len(text)):
            state = step.get((state, text[at])) or sequences.after(state, text[at])
            sequence = found[state]
            if sequence is not None:
                self.found = sequence
                return (self.release() + text[: at + 1])[: -len(sequence)]
        self._state = state
        whole = self._held + text
        clear = len(whole) - sequences.depth[state]
        self._held = whole[clear:]
        return whole[:clear]

    def release(self) -> str:
        """Ends the text; returns what was held back of it. Another text may be fed then."""
        held, self._held, self._state = self._held, "", 0
        return held
