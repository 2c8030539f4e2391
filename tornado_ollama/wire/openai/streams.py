"""The parts that every streamed OpenAI reply is made of.

Owns the bytes around a chunk, the chunk of plain text, the chunk of counts and `[DONE]`. All other
chunks are made by the writers (`chat_stream.py`, `completion_reply.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ...errors import GatewayError
from .. import native, sse
from ..chat.writer import PartsWriter
from ..checks import Json
from . import errors
from .replies import Counts, Identity, usage

encode = msgspec.json.Encoder().encode


class Frame:
    """The constant bytes around every chunk of a stream. With `include_usage` every chunk but the
    last has `"usage":null`, as at OpenAI."""

    def __init__(self, identity: Identity, kind: str, *, include_usage: bool) -> None:
        head = encode(identity.head(kind))
        self.head = b"data: " + sse.safe_line(head)[:-1] + b',"choices":['
        self.tail = b'],"usage":null}\n\n' if include_usage else b"]}\n\n"
        self._include_usage = include_usage

    def chunk(self, choice: Json) -> bytes:
        return b"%b%b%b" % (self.head, sse.safe_line(encode(choice)), self.tail)

    def ending(self, lasts: Sequence[native.Record], *, per_prompt: int) -> bytes:
        """The bytes after the last chunk: the counts where they were requested, and `[DONE]`.

        `lasts`: the records that ended the choices. `per_prompt`: how many neighbouring choices
        answer the same prompt.
        """
        if not self._include_usage:
            return sse.DONE
        counts = [Counts.of(last) for last in lasts]
        groups = [counts[at : at + per_prompt] for at in range(0, len(counts), per_prompt)]
        return b'%b],"usage":%b}\n\n%b' % (self.head, encode(usage(groups)), sse.DONE)


class ChunkWriter(PartsWriter):
    """A base for writers of chunks. Each line's text is a chunk, put between two byte strings that
    are made once for the stream."""

    def __init__(self, frame: Frame, before_text: bytes, after_text: bytes) -> None:
        """`before_text`, `after_text`: the JSON around the text in a chunk's choice."""
        self._frame = frame
        self._before = frame.head + before_text
        self._after = after_text + frame.tail

    def text(self, text: str) -> Iterable[bytes]:
        json = encode(text)
        return self._before, json if text.isascii() else sse.safe_line(json), self._after

    def fail(self, error: GatewayError) -> bytes:
        return errors.event(error)
