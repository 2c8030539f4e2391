"""The streamed reply of `/v1/chat/completions`: a writer of server-sent events.

Owns the chunks of a choice and their order: role, then reasoning, text and tool calls as they
come, one finish chunk. Rules: docs/openai.md, "Streams".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .. import native
from ..chat.calls import CallList
from ..chat.forced_call import reading_forced_calls
from ..chat.reader import Reader
from ..chat.reply_stream import ReplyStream
from ..chat.source import TranslatedSource
from ..chat.writer import Logprobs
from ..checks import Json
from .calls import called
from .chat_request import ChatRequest
from .replies import Identity, chat_logprobs, finish_reason
from .streams import ChunkWriter, Frame


def chat_stream(request: ChatRequest, identity: Identity) -> ReplyStream[native.ChatRecord]:
    """Makes the `ReplyStream` of a streamed chat."""
    frame = Frame(identity, "chat.completion.chunk", include_usage=request.include_usage)
    source = TranslatedSource(native.CHAT)
    writers = [ChatWriter(frame, index, request, identity) for index in range(request.choices)]
    forced = request.toolbox.forced
    readers = [Reader(source, reading_forced_calls(writer, forced)) for writer in writers]
    return ReplyStream(readers, partial(frame.ending, per_prompt=request.choices))


class ChatWriter(ChunkWriter):
    """Writes one choice of a chat as chunks."""

    def __init__(self, frame: Frame, index: int, request: ChatRequest, identity: Identity) -> None:
        super().__init__(
            frame,
            b'{"index":%d,"delta":{"content":' % index,
            b'},"logprobs":null,"finish_reason":null}',
        )
        self._index = index
        self._toolbox = request.toolbox
        self._logprobs = request.logprobs
        self._reasoning_fields = request.reasoning_fields
        self._calls = CallList(request.toolbox, partial(identity.call_id, index))

    def begin(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def mixed_text(self, text: str, logprobs: Logprobs) -> bytes:
        wanted = logprobs if self._logprobs else None
        return self._chunk({"content": text}, wanted) if text or wanted else b""

    def thinking(self, text: str, logprobs: Logprobs = None) -> bytes:
        if not self._reasoning_fields:
            return b""
        return self._chunk(dict.fromkeys(self._reasoning_fields, text), logprobs)

    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        deltas = [{"index": call.index} | called(call) for call in self._calls.take(calls)]
        if not deltas:
            return b""
        delta: Json = {"tool_calls": deltas}
        if self._toolbox.legacy:
            delta = {"function_call": deltas[0]["function"]}
        return self._chunk(delta, logprobs)

    def finish(self, last: native.ReplyRecord) -> bytes:
        reason = finish_reason(
            last.done_reason, called=self._calls.count > 0, legacy=self._toolbox.legacy
        )
        return self._chunk({}, finish=reason)

    def _chunk(self, delta: Json, logprobs: Logprobs = None, finish: str | None = None) -> bytes:
        return self._frame.chunk(
            {
                "index": self._index,
                "delta": delta,
                "logprobs": chat_logprobs(logprobs) if self._logprobs else None,
                "finish_reason": finish,
            }
        )
