"""Counts the tokens and times of Ollama's replies, read from the lines as they pass. Pure.

Source of the fields: Ollama's `api/types.go` (`Metrics`, `EmbedResponse`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

MAX_LINE_BYTES = 64 * 1024
"""The longest line that is kept whole while it passes. Of a longer one, such as a whole reply with
embeddings, the end is kept: Ollama writes the counts last."""

END_BYTES = 2048

MAX_COUNT = 2**48
"""Of tokens, or of nanoseconds (three days): more is no count, and the sums of the accounts have to
stay below 2**63."""


END_REASONS = ("stop", "length")


class Usage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The tokens and times that one or several requests took; counts that Ollama did not give are
    0."""

    model: str | None = None
    """As the reply names it."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt's, those that were still in Ollama's cache."""
    completion_tokens: int = 0
    load_s: float = 0.0
    prompt_s: float = 0.0
    completion_s: float = 0.0
    queued_s: float = 0.0
    """The longest wait in the gateway's queue, in seconds."""
    runs: int = 0
    """How many requests were sent to Ollama; 0 where it was never asked."""
    ends: tuple[str, ...] = ()
    """Why the replies ended, as Ollama says: of END_REASONS, each once."""

    def __add__(self, other: Usage) -> Usage:
        if self is NOTHING_USED:
            return other
        return Usage(
            self.model or other.model,
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.load_s + other.load_s,
            self.prompt_s + other.prompt_s,
            self.completion_s + other.completion_s,
            max(self.queued_s, other.queued_s),
            self.runs + other.runs,
            tuple(dict.fromkeys((*self.ends, *other.ends))),
        )


NOTHING_USED = Usage()


class _Last(msgspec.Struct, gc=False):
    """The fields of a reply's last line that are counted."""

    model: Any = None
    done: Any = None
    error: Any = None
    done_reason: Any = None
    prompt_eval_count: Any = 0
    prompt_eval_cached_count: Any = 0
    eval_count: Any = 0
    load_duration: Any = 0
    prompt_eval_duration: Any = 0
    eval_duration: Any = 0


_LAST = msgspec.json.Decoder(_Last)

_COUNT = re.compile(
    rb'"((?:prompt_)?eval_count|prompt_eval_cached_count|(?:load|(?:prompt_)?eval)_duration)"'
    rb": ?([0-9]{1,19})"
)
"""A count in the end of a line. Within a text of JSON its quotes would be escaped."""


_HAS_COUNTS = b'eval_count"'
"""In the last line and no other: within a text of JSON the quote would be escaped."""
_RECENT = len(_HAS_COUNTS) - 1

_GOES_ON = b'"done":false}\n'
"""The end of a line with a token, as Ollama writes it; its last line is another."""

Taker = Callable[[bytes], Awaitable[None] | None]
"""Takes a piece; an awaitable asks for a rest, see `ask.Sink`."""


class Meter:
    """Counts the tokens of one reply as it passes, in pieces of any size."""

    answered = False
    """Ollama's answer has begun."""
    counts = True
    """False: the reply is a refusal, and costs nothing."""

    def __init__(self, on_counts: Callable[[], object] = bool) -> None:
        """`on_counts` is called when the line that holds the counts is complete, before the bytes
        that complete it are passed on."""
        self._on_counts = on_counts
        self._counts_begun = False
        self._found: _Last | None = None
        """The line that holds the counts, once it is complete."""
        self._last = b""
        """The last piece that ended a line, and what came of that line before it."""
        self._line: list[bytes] = []
        """The pieces of a line that has not ended."""
        self._line_bytes = 0
        self._lines = 0
        self._recent = b""
        """The end of the piece before, which may have begun with what tells the counts."""
        self._on_data: Taker = _take_nothing

    @property
    def lines(self) -> int:
        """How many whole lines have passed: about as many tokens, while a reply streams."""
        return self._lines

    def before(self, on_data: Taker) -> Taker:
        """Combines `feed` and the callback `on_data` into one function, because it is called for
        every token of a stream."""
        self._on_data = on_data
        return self.feed

    def feed(self, data: bytes) -> Awaitable[None] | None:
        """Takes the next piece of the reply, which must not be empty. Returns what the callback
        given to `before` returns."""
        self._lines += data.count(b"\n")
        if data.endswith(_GOES_ON) and not self._line:  # nearly every piece of a stream
            self._last = data
            return self._on_data(data)
        self._feed_part(data)
        if (
            self._counts_begun
            or _HAS_COUNTS in data
            or _HAS_COUNTS in self._recent + data[:_RECENT]
        ):
            self._look_for_counts()
        self._recent = (self._recent + data[-_RECENT:])[-_RECENT:]
        return self._on_data(data)

    def _feed_part(self, data: bytes) -> None:
        line_end = data.rfind(b"\n", 0, -1)
        if line_end >= 0:
            data = data[line_end + 1 :]
            self._line, self._line_bytes = [], 0
        self._line.append(data)
        self._line_bytes += len(data)
        if self._line_bytes > MAX_LINE_BYTES:
            self._line = [b"".join(self._line)[-END_BYTES:]]
            self._line_bytes = 0
        if data.endswith(b"\n"):
            self._last = b"".join(self._line)
            self._line, self._line_bytes = [], 0

    def _look_for_counts(self) -> None:
        self._counts_begun = True
        last = _read_last(self._last_line)
        if last is None:
            return  # the line goes on
        self._counts_begun = False
        if last.done is not False and (last.eval_count or last.prompt_eval_count):
            self._found = last
            self._on_counts()

    @property
    def _last_line(self) -> bytes:
        return (b"".join(self._line) or self._last).rstrip().rsplit(b"\n", 1)[-1]

    def usage(self, queued_s: float = 0.0, *, asked: str | None = None, runs: int = 0) -> Usage:
        """The counts so far. A stream that was cut short has none from Ollama: each of its lines is
        counted as one token. `asked`: the model of the request, which counts where the reply names
        none, once Ollama has begun to answer with 200."""
        if not self.counts:
            return Usage(queued_s=queued_s, runs=runs)
        last = self._found or _read_last(self._last_line) or _Last()
        model = _text(last.model) or (asked if self.answered else None)
        if not (last.eval_count or last.prompt_eval_count):
            tokens = max(0, self._lines - 1) if last.error is not None else self._lines
            return Usage(model, completion_tokens=tokens, queued_s=queued_s, runs=runs)
        return Usage(
            model,
            _count(last.prompt_eval_count),
            _count(last.prompt_eval_cached_count),
            _count(last.eval_count),
            _count(last.load_duration) / 1e9,
            _count(last.prompt_eval_duration) / 1e9,
            _count(last.eval_duration) / 1e9,
            queued_s,
            runs,
            (last.done_reason,) if last.done_reason in END_REASONS else (),
        )


def _take_nothing(_: bytes) -> None:
    """Where the reply is collected, and fed at its end."""


def _read_last(line: bytes) -> _Last | None:
    """None: it is not complete, or not JSON. Of a line that was too long to keep whole, the counts
    are read from its end."""
    try:
        return _LAST.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    if not line.endswith(b"}") or line.startswith(b"{"):
        return None
    found = {name.decode(): int(count) for name, count in _COUNT.findall(line)}
    return _Last(**found) if found else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < MAX_COUNT else 0
