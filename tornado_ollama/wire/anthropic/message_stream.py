"""The streamed reply of `/v1/messages`: a writer of named events.

Owns the events and their order: `message_start`; the blocks, numbered without a gap, one open at a
time; `message_delta` and `message_stop`; or an `error` in place of the rest. Rules:
docs/messages.md, "Streams".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

import msgspec

from ...errors import GatewayError
from .. import native, sse
from ..chat.calls import CallList
from ..chat.forced_call import reading_forced_calls
from ..chat.reader import Reader
from ..chat.reply_stream import ReplyStream
from ..chat.source import TranslatedSource
from ..chat.stop_writer import ending_at
from ..chat.writer import Logprobs, PartsWriter
from ..checks import Json
from . import errors
from .message_request import MessageRequest
from .replies import Identity, first_usage, signature, stop_reason, usage

_encode = msgspec.json.Encoder().encode

_PING = sse.named_event(b"ping", b'{"type":"ping"}')

_SOURCE = TranslatedSource(native.CHAT)


def message_stream(
    request: MessageRequest, identity: Identity, input_tokens: int
) -> ReplyStream[native.ChatRecord]:
    """Translates Ollama's streamed reply into the events of a message. `input_tokens`: the
    estimated length of the prompt, in tokens."""
    writer = MessageWriter(request, identity, input_tokens)
    reading = reading_forced_calls(writer, request.toolbox.forced)
    reader = Reader(_SOURCE, ending_at(request.stops, reading, input_tokens))
    return ReplyStream([reader], lambda lasts: b"", keep_alive=writer.keep_alive)


class _Open(Enum):
    """What kind of block is open."""

    NONE = 0
    THINKING = 1
    TEXT = 2


class MessageWriter(PartsWriter):
    """Writes a message as events. The open block is closed when content of another kind begins."""

    def __init__(self, request: MessageRequest, identity: Identity, input_tokens: int) -> None:
        self._identity = identity
        self._input_tokens = input_tokens
        self._max_tokens = request.max_tokens
        self._shows_thoughts = request.shows_thoughts
        self._calls = CallList(request.toolbox, identity.call_id)
        self._begun = False
        self._index = 0
        self._open = _Open.NONE
        self._thought: list[str] = []
        self._before = self._after = b""

    def begin(self) -> bytes:
        """The event `message_start`; nothing where `keep_alive` has already sent this event."""
        if self._begun:
            return b""
        self._begun = True
        message = self._identity.message() | {"usage": first_usage(self._input_tokens)}
        return _event("message_start", {"message": message})

    def keep_alive(self) -> bytes:
        """A `ping` event, preceded by `message_start` where this has not been sent yet."""
        return self.begin() + _PING

    def text(self, text: str) -> Iterable[bytes]:
        opening = b"" if self._open is _Open.TEXT else self._start_text()
        json = _encode(text)
        return opening, self._before, json if text.isascii() else sse.safe_line(json), self._after

    def mixed_text(self, text: str, logprobs: Logprobs) -> bytes:
        """Writes the text without its logprobs, which Anthropic's API does not have."""
        return b"".join(self.text(text)) if text else b""

    def thinking(self, text: str, logprobs: Logprobs = None) -> bytes:
        out = b""
        if self._open is not _Open.THINKING:
            block = {"type": "thinking", "thinking": "", "signature": ""}
            out = self._close() + self._start(block)
            self._open = _Open.THINKING
        if not self._shows_thoughts:
            self._thought.append(text)
            return out
        return out + self._delta({"type": "thinking_delta", "thinking": text})

    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        out = b""
        for call in self._calls.take(calls):
            block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
            out += self._close() + self._start(block)
            out += self._delta({"type": "input_json_delta", "partial_json": call.arguments})
            out += self._stop()
        return out

    def finish(self, last: native.ReplyRecord) -> bytes:
        delta = stop_reason(last, max_tokens=self._max_tokens, called=self._calls.count > 0)
        return (
            self._close()
            + _event("message_delta", {"delta": delta, "usage": usage(last)})
            + _event("message_stop", {})
        )

    def fail(self, error: GatewayError) -> bytes:
        return errors.event(error)

    def _start_text(self) -> bytes:
        out = self._close() + self._start({"type": "text", "text": ""})
        self._open = _Open.TEXT
        head = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
        self._before = head % self._index + b'"delta":{"type":"text_delta","text":'
        self._after = b"}}\n\n"
        return out

    def _start(self, block: Json) -> bytes:
        return _event("content_block_start", {"index": self._index, "content_block": block})

    def _delta(self, delta: Json) -> bytes:
        return _event("content_block_delta", {"index": self._index, "delta": delta})

    def _close(self) -> bytes:
        """Ends the block that is open, if one is; a thought's seal is the last that it says."""
        if self._open is _Open.NONE:
            return b""
        sealing = b""
        if self._open is _Open.THINKING:
            seal = signature("".join(self._thought), shown=self._shows_thoughts)
            sealing = self._delta({"type": "signature_delta", "signature": seal})
            self._thought.clear()
        self._open = _Open.NONE
        return sealing + self._stop()

    def _stop(self) -> bytes:
        event = _event("content_block_stop", {"index": self._index})
        self._index += 1
        return event


def _event(kind: str, data: Json) -> bytes:
    return sse.named_event(kind.encode(), _encode({"type": kind, **data}))
