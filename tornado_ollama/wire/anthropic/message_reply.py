"""The whole (not streamed) reply of `/v1/messages`.

Owns the message object, made of one native reply. Rules: docs/messages.md, "The reply".
"""

from __future__ import annotations

import msgspec

from .. import native
from ..chat.calls import CallList
from ..chat.collector import Collector
from ..chat.forced_call import calls_and_text
from ..chat.reader import Reader
from ..chat.reply_stream import ReplyStream
from ..chat.source import TranslatedSource
from ..chat.stop_sequences import StopSequences
from ..chat.stop_writer import StopWriter
from ..checks import Json
from .message_request import MessageRequest
from .replies import Identity, signature, stop_reason, usage

_SOURCE = TranslatedSource(native.CHAT)


class CollectedMessage:
    """A message made of a stream of Ollama's, for a client that wants it whole: a stop sequence
    ends the reply at once."""

    def __init__(
        self, request: MessageRequest, stops: StopSequences, identity: Identity, input_tokens: int
    ) -> None:
        """`input_tokens`: the estimated length of the prompt, in tokens."""
        self._request = request
        self._identity = identity
        self._collector = Collector()
        reader = Reader(_SOURCE, StopWriter(self._collector, stops, input_tokens))
        self.machine = ReplyStream([reader], lambda lasts: b"")
        """Takes Ollama's reply, and gives out nothing."""

    def reply(self) -> bytes:
        """The message, once the machine has finished. Raises UpstreamBroken for a tool call that
        cannot be read."""
        return _message(self._collector.record, self._request, self._identity)


def message_reply(body: bytes, request: MessageRequest, identity: Identity) -> bytes:
    """The message made of Ollama's reply. Raises `UpstreamBroken` for a body that is no reply, and
    the reported error for one that holds an error."""
    return _message(_SOURCE.whole(body), request, identity)


def _message(record: native.ChatRecord, request: MessageRequest, identity: Identity) -> bytes:
    said = record.message or native.Message()
    calls, text = calls_and_text(said, request.toolbox.forced)
    content: list[Json] = []
    if said.thinking:
        shown = request.shows_thoughts
        seal = signature(said.thinking, shown=shown)
        thought = said.thinking if shown else ""
        content.append({"type": "thinking", "thinking": thought, "signature": seal})
    if text:
        content.append({"type": "text", "text": text})
    taken = CallList(request.toolbox, identity.call_id).take(calls)
    content += [
        {
            "type": "tool_use",
            "id": call.id,
            "name": call.name,
            "input": msgspec.Raw(call.arguments.encode()),
        }
        for call in taken
    ]
    ending = stop_reason(record, max_tokens=request.max_tokens, called=bool(taken))
    message = identity.message() | {"content": content, **ending, "usage": usage(record)}
    return msgspec.json.encode(message)
