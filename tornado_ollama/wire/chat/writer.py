"""What turns a reply into the bytes of one dialect: the protocol, and a base for most dialects.

Owns the contract between the reader of Ollama's lines (`reader.py`) and the writers; the writers
themselves lie in the room of their dialect.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from ...errors import GatewayError
from .. import native


class Said(Protocol):
    """What a line of Ollama's lets the model say."""

    @property
    def content(self) -> str | None: ...

    @property
    def thinking(self) -> str | None: ...

    @property
    def tool_calls(self) -> Any: ...


class Line(Protocol):
    """A decoded line, in as much as the reader looks at it. Tool calls and logprobs may have any
    type that is false where there are none."""

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
    """One reply in the words of one dialect.

    The methods return what goes to the client, as bytes or in pieces, empty where there is nothing
    to say to it; where the dialect has frames, each piece is one. The order of the calls: `begin`;
    then `text` and `line` in the order of the reply; then `finish`. `fail` may come at any time,
    and nothing comes after it. `line` and `finish` may raise `GatewayError` for what cannot be
    translated.
    """

    joins_text: bool
    """Whether all the text of one read of Ollama's socket comes in one call of `text`, instead of
    each line's in its own."""

    def begin(self) -> bytes:
        """Once, as soon as Ollama's first line turned out to be part of a reply."""

    def text(self, text: str, /) -> Iterable[bytes]:
        """Text and nothing else, never empty: nearly every call, so it must be cheap. In pieces,
        so that what is pasted between bytes made before need not be copied twice."""

    def line(self, line: LineIn, /) -> Iterable[bytes]:
        """A line that brings more than text, or the line that ends the reply. In pieces, so that
        what comes before a part that cannot be translated is not lost."""

    def finish(self, last: LineIn, /) -> bytes:
        """The reply is complete. `last` holds its reason and counts (all absent where Ollama sent
        none); what it says has been given to `line` or `text` before."""

    def fail(self, error: GatewayError, /) -> bytes:
        """The reply is over, and not complete."""


_NOTHING = native.Message()


class PartsWriter(ABC):
    """A writer for dialects that say each part of a line on its own.

    The order within a line is reasoning, text, tool calls. A line's logprobs go with its text,
    which they nearly always describe, and else with its reasoning.
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
        """The text of a line that brings more; it may be empty where there are logprobs."""

    @abstractmethod
    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        """`logprobs`: those of the text that turned out to be a call."""

    @abstractmethod
    def finish(self, last: native.ReplyRecord) -> bytes: ...

    @abstractmethod
    def fail(self, error: GatewayError) -> bytes: ...
