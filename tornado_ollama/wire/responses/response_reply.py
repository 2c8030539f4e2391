"""The whole (not streamed) reply of `/v1/responses`.

Owns the response object made of one native reply. Its items are the same as those in the last event
of a stream.
"""

from __future__ import annotations

from .. import native
from ..chat.calls import CallList
from ..chat.forced_call import calls_and_text
from ..chat.source import TranslatedSource
from ..checks import Json
from . import items
from .head import Head
from .request import ResponseRequest

_SOURCE = TranslatedSource(native.CHAT, input_field="input")


def response_reply(body: bytes, request: ResponseRequest, head: Head, completed: int) -> bytes:
    """The response object as JSON text. Raises `UpstreamBroken` for a body that is not a reply of
    Ollama's, and the matching GatewayError for a body that reports an error."""
    record = _SOURCE.whole(body)
    status = "incomplete" if record.done_reason == "length" else "completed"
    output = _output(record, request, head, status)
    return head.response(status, output, record, completed=completed)


def _output(
    record: native.ChatRecord, request: ResponseRequest, head: Head, status: str
) -> list[Json]:
    said = record.message or native.Message()
    calls, text = calls_and_text(said, request.toolbox.forced)
    output: list[Json] = []
    if said.thinking:
        identity = head.item_id("rs", 0)
        summarised, seals = request.summarised, request.seals
        output.append(items.reasoning(identity, said.thinking, summarised=summarised, seals=seals))
    if text or not (calls or output):
        identity = head.item_id("msg", len(output))
        logprobs = items.token_logprobs(record.logprobs) if request.logprobs else []
        part = items.output_text(text, logprobs)
        output.append(items.message(identity, [part], "completed" if calls else status))
    for taken in CallList(request.toolbox, head.call_id).take(calls):
        kind = "fc" if taken.input is None else "ctc"
        output.append(items.call(head.item_id(kind, len(output)), taken, request.names))
    return output
