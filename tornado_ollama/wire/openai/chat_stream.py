"""The streamed reply of `/v1/chat/completions`: native lines in, server-sent events out.

Owns the chunks of a choice and their order: role, then reasoning, text and tool calls as they
come, one finish chunk. Rules: docs/openai.md, "Streams". A line that only carries text, the case
of nearly every token, is pasted between two byte strings made once a stream; everything else
takes the general path.
"""

from __future__ import annotations

import msgspec

from ...errors import UpstreamBroken
from .. import native, sse
from ..ollama_errors import reported_error
from .calls import CallList, forced_call
from .chat_request import ChatPlan
from .checks import Json
from .replies import Counts, Identity, chat_logprobs, finish_reason
from .streams import Choice, Frame, ReplyStream, encode

_decode = native.CHAT.decode


def chat_stream(plan: ChatPlan, identity: Identity) -> ReplyStream:
    """The machine for a streamed chat."""
    frame = Frame(identity, "chat.completion.chunk", include_usage=plan.include_usage)
    return ReplyStream(
        [_ChatChoice(frame, index, plan, identity) for index in range(plan.choices)],
        frame,
        include_usage=plan.include_usage,
        per_prompt=plan.choices,
    )


class _ChatChoice(Choice):
    def __init__(self, frame: Frame, index: int, plan: ChatPlan, identity: Identity) -> None:
        super().__init__()
        self._frame = frame
        self._index = index
        self._before = b'%b{"index":%d,"delta":{"content":' % (frame.head, index)
        self._after = b'},"logprobs":null,"finish_reason":null}' + frame.tail
        self._toolbox = plan.toolbox
        self._logprobs = plan.logprobs
        self._calls = CallList(identity, index, plan.toolbox)
        self._began = False
        self._held: list[str] | None = [] if plan.toolbox.forced else None
        """Text that may turn out to be the forced call."""
        self._held_logprobs: list[native.Logprob] = []

    def line(self, line: bytes, out: list[bytes]) -> None:
        try:
            record = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise UpstreamBroken("Ollama sent a line that cannot be read.") from None
        message = record.message
        if message is None or record.done or record.error or self._held is not None:
            self._general(record, out)
            return
        content = message.content
        if message.thinking or message.tool_calls or record.logprobs or not self._began:
            self._general(record, out)
        elif content:
            self.spoke = True
            text = encode(content)
            if not content.isascii():
                text = sse.safe_line(text)
            out += (self._before, text, self._after)

    def end_without_done(self, out: list[bytes]) -> None:
        self._finish(native.ChatRecord(), out)

    def _general(self, record: native.ChatRecord, out: list[bytes]) -> None:
        if record.error:
            raise reported_error(record.error)
        message = record.message
        if message is None:
            if not record.done:
                raise UpstreamBroken("Ollama sent a line that is no part of a reply.")
            message = native.Message()
        if not self._began:
            self._began = True
            out.append(self._chunk({"role": "assistant", "content": ""}))
        self._speak(message, record.logprobs if self._logprobs else None, out)
        if record.done:
            self._finish(record, out)

    def _speak(
        self, message: native.Message, logprobs: list[native.Logprob] | None, out: list[bytes]
    ) -> None:
        """The chunks of one line: reasoning, then text, then calls. Its logprobs go with its
        text, which they nearly always describe, and else with its reasoning."""
        content = message.content or ""
        if message.thinking:
            thought = {"reasoning": message.thinking, "reasoning_content": message.thinking}
            apart = None if content else logprobs
            out.append(self._chunk(thought, apart))
            logprobs = None if apart else logprobs
        if self._held is not None:
            self._held.append(content)
            self._held_logprobs += logprobs or ()
        elif content or logprobs:
            out.append(self._chunk({"content": content}, logprobs))
        if message.tool_calls:
            self._call(message.tool_calls, None, out)
        if content or message.thinking or message.tool_calls:
            self.spoke = True

    def _call(
        self,
        calls: list[native.ToolCall],
        logprobs: list[native.Logprob] | None,
        out: list[bytes],
    ) -> None:
        deltas = self._calls.take(calls)
        if not deltas:
            return
        delta: Json = {"tool_calls": deltas}
        if self._toolbox.legacy:
            delta = {"function_call": deltas[0]["function"]}
        out.append(self._chunk(delta, logprobs))

    def _release(self, out: list[bytes]) -> None:
        """Gives out the held text: as the forced call if it is one, else as the text it is."""
        text = "".join(self._held or ())
        self._held = None
        call = None if self._calls.count else forced_call(text, self._toolbox.forced)
        if call is not None:
            self._call([call], self._held_logprobs, out)
        elif text:
            out.append(self._chunk({"content": text}, self._held_logprobs))

    def _finish(self, record: native.ChatRecord, out: list[bytes]) -> None:
        if self._held is not None:
            self._release(out)
        reason = finish_reason(
            record.done_reason, called=self._calls.count > 0, legacy=self._toolbox.legacy
        )
        out.append(self._chunk({}, finish=reason))
        self.counts = Counts.of(record)

    def _chunk(
        self,
        delta: Json,
        logprobs: list[native.Logprob] | None = None,
        finish: str | None = None,
    ) -> bytes:
        return self._frame.chunk(
            {
                "index": self._index,
                "delta": delta,
                "logprobs": chat_logprobs(logprobs),
                "finish_reason": finish,
            }
        )
