"""The whole (not streamed) reply of `/v1/messages`.

Owns the message object, made of one native reply. Rules: docs/messages.md, "The reply".
"""

from __future__ import annotations

import msgspec

from .. import native
from ..chat.calls import CallList
from ..chat.forced_call import calls_and_text
from ..chat.source import TranslatedSource
from ..checks import Json
from .message_request import MessageRequest
from .replies import Identity, signature, stop_reason, usage

_SOURCE = TranslatedSource(native.CHAT)


def message_reply(body: bytes, request: MessageRequest, identity: Identity) -> bytes:
    """The message made of Ollama's reply. Raises `UpstreamBroken` for a body that is no reply, and
    the reported error for one that holds an error."""
    record = _SOURCE.whole(body)
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
