"""The replies of `/v1/completions`, whole and streamed.

Owns the `text_completion` object, its chunks, and the old form of logprobs. Rules:
docs/openai.md, "Text completions".
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...errors import UpstreamBroken
from .. import native, sse
from ..ollama_errors import reported_error
from .checks import Json
from .completion_request import CompletionPlan
from .replies import Counts, Identity, finish_reason, usage
from .streams import NEVER_SPOKE, Choice, Frame, ReplyStream, encode

_KIND = "text_completion"
_decode = native.GENERATE.decode


def completion_reply(
    bodies: Sequence[bytes], plan: CompletionPlan, identity: Identity
) -> bytes:
    """The reply made of the bodies of all choices, in order. Raises `UpstreamBroken` for a body
    that is no reply, and the reported error for one that holds an error."""
    records = [_record(body) for body in bodies]
    counts = [Counts.of(record) for record in records]
    groups = [counts[at : at + plan.n] for at in range(0, len(counts), plan.n)]
    choices = [_choice(record, index, plan) for index, record in enumerate(records)]
    return msgspec.json.encode(identity.head(_KIND) | {"choices": choices, "usage": usage(groups)})


def completion_stream(plan: CompletionPlan, identity: Identity) -> ReplyStream:
    """The machine for a streamed text completion."""
    frame = Frame(identity, _KIND, include_usage=plan.include_usage)
    return ReplyStream(
        [_TextChoice(frame, index, plan) for index in range(plan.choices)],
        frame,
        include_usage=plan.include_usage,
        per_prompt=plan.n,
    )


def _record(body: bytes) -> native.GenerateRecord:
    record = native.decode(native.GENERATE, body)
    if record.error:
        raise reported_error(record.error, input_field="prompt")
    if not record.done and not record.response and not record.thinking:
        raise UpstreamBroken(NEVER_SPOKE)
    return record


def _choice(record: native.GenerateRecord, index: int, plan: CompletionPlan) -> Json:
    before = plan.echoed(index)
    logprobs = _LegacyLogprobs(plan, len(before))
    choice: Json = {
        "text": before + (record.response or ""),
        "index": index,
        "logprobs": logprobs.take(record.logprobs),
        "finish_reason": finish_reason(record.done_reason),
    }
    if record.thinking:
        choice["reasoning"] = record.thinking
    return choice


class _LegacyLogprobs:
    """Logprobs as parallel lists; offsets count characters of the text from its beginning."""

    __slots__ = ("_offset", "_plan")

    def __init__(self, plan: CompletionPlan, offset: int) -> None:
        self._plan = plan
        self._offset = offset

    def take(self, logprobs: Sequence[native.Logprob] | None) -> Json | None:
        """The object for the next tokens; None when not asked for, or when there are none."""
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


class _TextChoice(Choice):
    def __init__(self, frame: Frame, index: int, plan: CompletionPlan) -> None:
        super().__init__()
        self._frame = frame
        self._index = index
        self._before = b'%b{"index":%d,"text":' % (frame.head, index)
        self._after = b',"logprobs":null,"finish_reason":null}' + frame.tail
        self._echo = plan.echoed(index)
        self._legacy = _LegacyLogprobs(plan, len(self._echo))

    def line(self, line: bytes, out: list[bytes]) -> None:
        try:
            record = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise UpstreamBroken("Ollama sent a line that cannot be read.") from None
        if record.error:
            raise reported_error(record.error, input_field="prompt")
        if record.response is None and not record.done:
            raise UpstreamBroken("Ollama sent a line that is no part of a reply.")
        if self._echo:
            out.append(self._chunk(self._echo))
            self._echo = ""
        if record.done:
            self._finish(record, out)
        elif record.thinking or record.logprobs:
            self._chunks(record, out)
        elif record.response:
            self.spoke = True
            out += (self._before, sse.safe_line(encode(record.response)), self._after)

    def end_without_done(self, out: list[bytes]) -> None:
        self._finish(native.GenerateRecord(), out)

    def _chunks(self, record: native.GenerateRecord, out: list[bytes]) -> None:
        logprobs = self._legacy.take(record.logprobs)
        if record.thinking:
            out.append(self._chunk("", reasoning=record.thinking))
        if record.response or logprobs:
            out.append(self._chunk(record.response or "", logprobs))
        self.spoke = self.spoke or bool(record.thinking or record.response)

    def _finish(self, record: native.GenerateRecord, out: list[bytes]) -> None:
        if record.thinking:
            out.append(self._chunk("", reasoning=record.thinking))
        logprobs = self._legacy.take(record.logprobs)
        reason = finish_reason(record.done_reason)
        out.append(self._chunk(record.response or "", logprobs, finish=reason))
        self.counts = Counts.of(record)

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
