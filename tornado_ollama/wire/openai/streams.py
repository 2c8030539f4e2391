"""What every streamed OpenAI reply is made of, whatever its chunks look like.

Owns the bytes around a chunk, the chunk of counts and `[DONE]`. The chunks
themselves are made by the writers (`chat_stream.py`, `completion_reply.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .. import native, sse
from .checks import Json
from .replies import Counts, Identity, usage

encode = msgspec.json.Encoder().encode


class Frame:
    """The unchanging bytes around every chunk of a stream. With `include_usage` every chunk but
    the last says `"usage":null`, as OpenAI does."""

    def __init__(self, identity: Identity, kind: str, *, include_usage: bool) -> None:
        head = encode(identity.head(kind))
        self.head = b"data: " + sse.safe_line(head)[:-1] + b',"choices":['
        self.tail = b'],"usage":null}\n\n' if include_usage else b"]}\n\n"
        self._include_usage = include_usage

    def chunk(self, choice: Json) -> bytes:
        return b"%b%b%b" % (self.head, sse.safe_line(encode(choice)), self.tail)

    def ending(self, lasts: Sequence[native.Record], *, per_prompt: int) -> bytes:
        """What follows the last chunk: the counts where they were asked for, and `[DONE]`.

        `lasts`: the records that ended the choices. `per_prompt`: how many neighbouring choices
        answer the same prompt."""
        if not self._include_usage:
            return sse.DONE
        counts = [Counts.of(last) for last in lasts]
        groups = [counts[at : at + per_prompt] for at in range(0, len(counts), per_prompt)]
        return b'%b],"usage":%b}\n\n%b' % (self.head, encode(usage(groups)), sse.DONE)

