"""The replies of `/v1/completions`, whole and streamed.

Owns the `text_completion` object, its chunks, and the old form of logprobs. Rules:
docs/openai.md, "Text completions".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from .. import native
from ..chat.reader import Reader
from ..chat.reply_stream import ReplyStream
from ..chat.source import TranslatedSource
from ..chat.writer import Logprobs
from ..checks import Json
from .completion_request import CompletionPlan
from .replies import Counts, Identity, finish_reason, usage
from .streams import ChunkWriter, Frame

_KIND = "text_completion"
_SOURCE = TranslatedSource(native.GENERATE, input_field="prompt")


def completion_reply(bodies: Sequence[bytes], plan: CompletionPlan, identity: Identity) -> bytes:
    """The reply made of the bodies of all choices, in order. Raises `UpstreamBroken` for a body
    that is no reply, and the reported error for one that holds an error."""
    records = [_SOURCE.whole(body) for body in bodies]
    counts = [Counts.of(record) for record in records]
    groups = [counts[at : at + plan.n] for at in range(0, len(counts), plan.n)]
    choices = [_choice(record, index, plan) for index, record in enumerate(records)]
    return msgspec.json.encode(identity.head(_KIND) | {"choices": choices, "usage": usage(groups)})


def completion_stream(
    plan: CompletionPlan, identity: Identity
) -> ReplyStream[native.GenerateRecord]:
    """Makes the `ReplyStream` of a streamed text completion."""
    frame = Frame(identity, _KIND, include_usage=plan.include_usage)
    readers = [Reader(_SOURCE, _TextWriter(frame, index, plan)) for index in range(plan.choices)]
    return ReplyStream(readers, partial(frame.ending, per_prompt=plan.n))


def _choice(record: native.GenerateRecord, index: int, plan: CompletionPlan) -> Json:
    before = plan.echoed(index)
    logprobs = _LegacyLogprobs(plan, len(before))
    choice: Json = {
        "text": before + (record.content or ""),
        "index": index,
        "logprobs": logprobs.take(record.logprobs),
        "finish_reason": finish_reason(record.done_reason),
    }
    if record.thinking:
        choice["reasoning"] = record.thinking
    return choice


class _LegacyLogprobs:
    """Logprobs in the old form: parallel lists, whose offsets count characters from the beginning
    of the text."""

    __slots__ = ("_offset", "_plan")

    def __init__(self, plan: CompletionPlan, offset: int) -> None:
        self._plan = plan
        self._offset = offset

    def take(self, logprobs: Sequence[native.Logprob] | None) -> Json | None:
        """The object for the next tokens; None where logprobs were not requested, or there are no
        tokens."""
        if not self._plan.logprobs or not logprobs:
            return None
        offsets = []
        for item in logprobs:
            offsets.append(self._offset)
            self._offset += len(item.token)
        alternatives = [
            {top.token: top.logprob for top in item.top_logprobs or ()} for item in logprobs
        ]
        return {
            "tokens": [item.token for item in logprobs],
            "token_logprobs": [item.logprob for item in logprobs],
            "top_logprobs": alternatives if self._plan.top_logprobs else None,
            "text_offset": offsets,
        }


class _TextWriter(ChunkWriter):
    """Writes one choice of a text completion as chunks."""

    def __init__(self, frame: Frame, index: int, plan: CompletionPlan) -> None:
        super().__init__(
            frame, b'{"index":%d,"text":' % index, b',"logprobs":null,"finish_reason":null}'
        )
        self._index = index
        self._echo = plan.echoed(index)
        self._legacy = _LegacyLogprobs(plan, len(self._echo))

    def begin(self) -> bytes:
        return self._chunk(self._echo) if self._echo else b""

    def mixed_text(self, text: str, logprobs: Logprobs) -> bytes:
        taken = self._legacy.take(logprobs)
        return self._chunk(text, taken) if text or taken else b""

    def thinking(self, text: str, logprobs: Logprobs = None) -> bytes:
        return self._chunk("", reasoning=text) + self.mixed_text("", logprobs)

    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        return b""  # a generation has none

    def line(self, line: native.ReplyRecord) -> Iterator[bytes]:
        if not line.done:
            yield from super().line(line)
        elif line.message is not None and line.message.thinking:
            yield self._chunk("", reasoning=line.message.thinking)

    def finish(self, last: native.ReplyRecord) -> bytes:
        """Writes the finish reason, in one chunk with the text of the last line."""
        text = last.message.content if last.message is not None else None
        logprobs = self._legacy.take(last.logprobs)
        return self._chunk(text or "", logprobs, finish=finish_reason(last.done_reason))

    def _chunk(
        self,
        text: str,
        logprobs: Json | None = None,
        *,
        finish: str | None = None,
        reasoning: str | None = None,
    ) -> bytes:
        choice: Json = {
            "text": text,
            "index": self._index,
            "logprobs": logprobs,
            "finish_reason": finish,
        }
        return self._frame.chunk(choice if reasoning is None else choice | {"reasoning": reasoning})
