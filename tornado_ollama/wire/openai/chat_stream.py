"""The streamed reply of `/v1/chat/completions`: native lines in, server-sent events out.

Owns the order of chunks: role, then reasoning, text and tool calls as they come, one finish chunk
a choice, one chunk of counts where asked for, `[DONE]`. Rules: part B2 of docs/openai.md. A line
that only carries text, the case of nearly every token, is pasted between two byte strings made
once a stream; everything else takes the general path.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tornado_ollama.errors import GatewayError, UpstreamBroken
from tornado_ollama.wire import native, sse
from tornado_ollama.wire.ndjson import LineSplitter
from tornado_ollama.wire.openai.calls import CallList, forced_call
from tornado_ollama.wire.openai.chat_request import ChatPlan
from tornado_ollama.wire.openai.checks import Json
from tornado_ollama.wire.openai.errors import error_event, reported_error
from tornado_ollama.wire.openai.replies import (
    Counts,
    Identity,
    chat_logprobs,
    finish_reason,
    usage,
)

_encode = msgspec.json.Encoder().encode
_decode = native.CHAT.decode


class ChatStream:
    """The machine of one request: native bytes of each choice in, events out.

    `started`: an event was given out. `error`: the failure that ended the stream, after which
    everything fed is ignored. While the caller has sent nothing to its client, not even a
    comment, it may answer an `error` with that error's status and drop the bytes.
    """

    def __init__(self, plan: ChatPlan, *, id: str, created: int) -> None:
        identity = Identity(id, created, plan.model)
        self._include_usage = plan.include_usage
        self._frame = _Frame(identity, plan.include_usage)
        self._choices = [_Choice(self._frame, i, plan, identity) for i in range(plan.choices)]
        self._open = plan.choices
        self.started = False
        self.error: GatewayError | None = None

    @property
    def finished(self) -> bool:
        """Whether the reply is complete: `[DONE]` was given out."""
        return self._open == 0

    def feed(self, data: bytes, choice: int = 0) -> bytes:
        """The events for more bytes of the native reply of `choice`."""
        return self._run(self._choices[choice], data)

    def close(self, choice: int = 0) -> bytes:
        """The events for the clean end of the native reply of `choice`. Without a `done` line
        it counts as success only if something was said (Ollama ends so after 30 equal tokens)."""
        return self._run(self._choices[choice], None)

    def fail(self, error: GatewayError) -> bytes:
        """The last event for a failure outside of the native reply: a lost connection, a clock
        that ran out. Nothing once the reply is complete."""
        if self.error is not None or self.finished:
            return b""
        self.error = error
        return error_event(error)

    def _run(self, choice: _Choice, data: bytes | None) -> bytes:
        if self.error is not None or choice.counts is not None:
            return b""
        out: list[bytes] = []
        try:
            if data is None:
                choice.close(out)
            else:
                choice.feed(data, out)
        except GatewayError as error:
            self.started = self.started or bool(out)
            out.append(self.fail(error))
            return b"".join(out)
        if out:
            self.started = True
        if choice.counts is not None:
            self._open -= 1
            if not self._open:
                self._finish(out)
        return b"".join(out)

    def _finish(self, out: list[bytes]) -> None:
        if self._include_usage:
            counts = [choice.counts or Counts() for choice in self._choices]
            out.append(self._frame.usage_chunk(usage([counts])))
        out.append(sse.DONE)


class _Frame:
    """The unchanging bytes around every chunk of a stream."""

    def __init__(self, identity: Identity, include_usage: bool) -> None:
        head = identity.head("chat.completion.chunk")
        self._head = b"data: " + sse.safe_line(_encode(head))[:-1] + b',"choices":['
        self._tail = b'}],"usage":null}\n\n' if include_usage else b"}]}\n\n"

    def text_edges(self, index: int) -> tuple[bytes, bytes]:
        """What stands before and after the JSON string of a text delta."""
        before = b'%b{"index":%d,"delta":{"content":' % (self._head, index)
        return before, b'},"logprobs":null,"finish_reason":null' + self._tail

    def chunk(self, index: int, delta: Json, logprobs: Any = None, finish: Any = None) -> bytes:
        choice = _encode(
            {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        )
        return b"%b%b%b" % (self._head, sse.safe_line(choice)[:-1], self._tail)

    def usage_chunk(self, total: Json) -> bytes:
        return b'%b],"usage":%b}\n\n' % (self._head, _encode(total))


class _Choice:
    """One native stream. `counts` is set once its finish chunk was given out."""

    def __init__(self, frame: _Frame, index: int, plan: ChatPlan, identity: Identity) -> None:
        self._frame = frame
        self._index = index
        self._before, self._after = frame.text_edges(index)
        self._lines = LineSplitter()
        self._toolbox = plan.toolbox
        self._logprobs = plan.logprobs
        self._calls = CallList(identity, index, plan.toolbox)
        self._began = False
        self._spoke = False
        self._held: list[str] | None = [] if plan.toolbox.forced else None
        """Text that may turn out to be the forced call."""
        self._held_logprobs: list[native.Logprob] = []
        self.counts: Counts | None = None

    def feed(self, data: bytes, out: list[bytes]) -> None:
        for line in self._lines.feed(data):
            self._line(line, out)
            if self.counts is not None:
                return

    def close(self, out: list[bytes]) -> None:
        rest = self._lines.close()
        if rest.strip():
            self._line(rest, out)
        if self.counts is None:
            if not self._spoke:
                raise UpstreamBroken("Ollama ended its reply before it said anything.")
            self._finish(native.ChatRecord(), out)

    def _line(self, line: bytes, out: list[bytes]) -> None:
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
            self._spoke = True
            text = _encode(content)
            if not content.isascii():
                text = sse.safe_line(text)
            out += (self._before, text, self._after)

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
            out.append(self._frame.chunk(self._index, {"role": "assistant", "content": ""}))
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
            apart = None if content or self._held is not None else chat_logprobs(logprobs)
            out.append(self._frame.chunk(self._index, thought, apart))
            logprobs = logprobs if apart is None else None
        if self._held is not None:
            self._held.append(content)
            self._held_logprobs += logprobs or ()
        elif content or logprobs:
            out.append(
                self._frame.chunk(self._index, {"content": content}, chat_logprobs(logprobs))
            )
        if message.tool_calls:
            self._call(message.tool_calls, None, out)
        if content or message.thinking or message.tool_calls:
            self._spoke = True

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
        out.append(self._frame.chunk(self._index, delta, chat_logprobs(logprobs)))

    def _release(self, out: list[bytes]) -> None:
        """Gives out the held text: as the forced call if it is one, else as the text it is."""
        text = "".join(self._held or ())
        logprobs = self._held_logprobs
        self._held = None
        call = None if self._calls.count else forced_call(text, self._toolbox.forced)
        if call is not None:
            self._call([call], logprobs, out)
        elif text:
            out.append(
                self._frame.chunk(self._index, {"content": text}, chat_logprobs(logprobs))
            )

    def _finish(self, record: native.ChatRecord, out: list[bytes]) -> None:
        if self._held is not None:
            self._release(out)
        reason = finish_reason(
            record.done_reason, called=self._calls.count > 0, legacy=self._toolbox.legacy
        )
        out.append(self._frame.chunk(self._index, {}, None, reason))
        self.counts = Counts.of(record)
