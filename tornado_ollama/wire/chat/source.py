"""The rules by which a reply of Ollama's is read: the form of its lines, and when it is complete.

Owns how strictly a reply to `/api/chat` or `/api/generate` is read where it gets translated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from ...errors import GatewayError, UpstreamBroken
from .. import native
from ..ollama_errors import reported_error
from .writer import AnyLine

NEVER_SPOKE = "Ollama ended its reply before it said anything."


class Source(ABC, Generic[AnyLine]):
    """The rules by which a reply is read. `decode` is called for each line and may raise
    `native.UNREADABLE`; the methods are called for few lines."""

    decode: Callable[[bytes], AnyLine]

    flat = False
    """Whether a line is its own message."""

    ends_at_done: bool
    """True: the line with `done` ends the reply, and what follows is not read. False: the reply
    ends with the stream."""

    @abstractmethod
    def unreadable(self) -> GatewayError:
        """The error for a line that `decode` could not read."""

    @abstractmethod
    def check(self, record: AnyLine, line: bytes) -> None:
        """Called for the first line, and for each that brings more than text. Raises the error that
        the line reports, or `UpstreamBroken` where it is not part of a reply."""

    @abstractmethod
    def end(self, done: tuple[AnyLine, bytes] | None, *, spoke: bool) -> AnyLine:
        """Returns the record that ends the reply; called when Ollama's stream is over before
        that record has been read. `done`: the last line with `done`, decoded and raw. `spoke`:
        whether the model wrote anything. Raises `UpstreamBroken` for a reply that is not
        complete."""


Record = TypeVar("Record", bound=native.ReplyRecord)


class TranslatedSource(Source[Record]):
    """The rules for a reply that gets translated: every field that is read must be of its type.
    Without its `done` line the reply counts as complete where the model wrote anything: Ollama ends
    so after 30 equal tokens."""

    ends_at_done = True

    def __init__(
        self, decoder: msgspec.json.Decoder[Record], *, input_field: str = "messages"
    ) -> None:
        """`input_field`: the field of the client's request that holds the prompt, for errors about
        its length."""
        self.decode = decoder.decode
        self.flat = decoder is native.GENERATE
        self._decoder = decoder
        self._input_field = input_field

    def unreadable(self) -> GatewayError:
        return UpstreamBroken("Ollama sent a line that cannot be read.")

    def check(self, record: Record, line: bytes) -> None:
        self._check_error(record)
        said = record.message
        empty = said is None or (self.flat and said.content is None)
        if empty and not record.done:
            raise UpstreamBroken("Ollama sent a line that is no part of a reply.")

    def end(self, done: tuple[Record, bytes] | None, *, spoke: bool) -> Record:
        if not spoke:
            raise UpstreamBroken(NEVER_SPOKE)
        return self.decode(b'{"done":true}')

    def whole(self, body: bytes) -> Record:
        """Parses a reply that came in one piece. Raises as `check` and `end`."""
        record = native.decode(self._decoder, body)
        self._check_error(record)
        said = record.message
        spoke = said is not None and (said.content or said.thinking or said.tool_calls)
        if not record.done and not spoke:
            raise UpstreamBroken(NEVER_SPOKE)
        return record

    def _check_error(self, record: Record) -> None:
        if record.error:
            raise reported_error(record.error, input_field=self._input_field)
