"""Writers turn a reply into the bytes of one dialect: the protocol, and a base for most of them.

Owns the contract between the reader of Ollama's lines (`reader.py`) and the writers; the writers
themselves are in the package of their dialect.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from ...errors import GatewayError
from .. import native


class Said(Protocol):
    """What the model wrote in one line of Ollama's."""

    @property
    def content(self) -> str | None: ...

    @property
    def thinking(self) -> str | None: ...

    @property
    def tool_calls(self) -> Any: ...


class Line(Protocol):
    """One decoded line of Ollama's reply: the fields that the reader looks at. Where there are no
    tool calls or logprobs, these two fields hold some false value: None, or an empty one of any
    type."""

    @property
    def message(self) -> Said | None: ...

    @property
    def done(self) -> bool: ...

    @property
    def error(self) -> Any: ...

    @property
    def logprobs(self) -> Any: ...


Logprobs = Sequence[native.Logprob] | None

AnyLine = TypeVar("AnyLine", bound=Line)
LineIn = TypeVar("LineIn", bound=Line, contravariant=True)


class Writer(Protocol[LineIn]):
    """Writes one reply in one dialect.

    The methods return what goes to the client, as bytes or in pieces, empty where nothing is to be
    sent; where the dialect has frames, each piece is one. The order of the calls: `begin`; then
    `text` and `line` in the order of the reply; then `finish`. `fail` may come at any time, and
    nothing comes after it. `line` and `finish` may raise `GatewayError` for what cannot be
    translated. Where `joins_text` is False, `text` and `line` may raise `ReplyStopped`, after which
    only `finish` comes.
    """

    joins_text: bool
    """Whether all the text of one read of Ollama's socket comes in one call of `text`, instead of
    each line's in its own."""

    def begin(self) -> bytes:
        """Called once, as soon as Ollama's first line turned out to be part of a reply."""

    def text(self, text: str, /) -> Iterable[bytes]:
        """Writes text that comes alone and is never empty. Called for nearly every line, so it must
        be cheap. Returns pieces, so that text put between bytes made before need not be copied
        twice."""

    def line(self, line: LineIn, /) -> Iterable[bytes]:
        """Writes a line that brings more than text, or the line that ends the reply. Returns
        pieces, so that those before a part that cannot be translated are not lost."""

    def finish(self, last: LineIn, /) -> bytes:
        """Writes the end of a complete reply. `last` holds its reason and counts (all absent where
        Ollama sent none); its text has been given to `line` or `text` before."""

    def fail(self, error: GatewayError, /) -> bytes:
        """Writes the end of a reply that has failed before it was complete."""


class ReplyStopped(Exception):
    """Raised by a writer for which the reply is complete before Ollama has ended it."""

    def __init__(self, pieces: Iterable[bytes], last: Any) -> None:
        """`pieces`: what goes to the client before the end. `last`: the record for `finish`."""
        self.pieces = pieces
        self.last = last


_NOTHING = native.Message()


class PartsWriter(ABC):
    """A base for writers of dialects that send each part of a line on its own.

    The order within a line is reasoning, text, tool calls. A line's logprobs go with its text,
    which they nearly always describe, and otherwise with its reasoning.
    """

    joins_text = False

    def line(self, line: native.ReplyRecord) -> Iterator[bytes]:
        message = line.message or _NOTHING
        content, logprobs = message.content or "", line.logprobs
        if message.thinking:
            yield self.thinking(message.thinking, None if content else logprobs)
            logprobs = logprobs if content else None
        if content or logprobs:
            yield self.mixed_text(content, logprobs)
        if message.tool_calls:
            yield self.tool_calls(message.tool_calls)

    @abstractmethod
    def begin(self) -> bytes: ...

    @abstractmethod
    def thinking(self, text: str, logprobs: Logprobs = None) -> bytes: ...

    @abstractmethod
    def text(self, text: str) -> Iterable[bytes]: ...

    @abstractmethod
    def mixed_text(self, text: str, logprobs: Logprobs) -> bytes:
        """Writes the text of a line of Ollama's reply that brings more than text, such as
        logprobs, with which the text may be empty."""

    @abstractmethod
    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        """Writes tool calls. `logprobs`: those of the text that was parsed into a call."""

    @abstractmethod
    def finish(self, last: native.ReplyRecord) -> bytes: ...

    @abstractmethod
    def fail(self, error: GatewayError) -> bytes: ...
