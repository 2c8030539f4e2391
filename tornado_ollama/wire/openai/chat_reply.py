"""The whole (not streamed) reply of `/v1/chat/completions`.

Owns the `chat.completion` object, made of one native reply a choice. Rules: docs/openai.md,
"The reply".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from .. import native
from ..chat.calls import CallList
from ..chat.forced_call import calls_and_text
from ..chat.source import TranslatedSource
from ..checks import Json
from .calls import called
from .chat_request import ChatRequest
from .replies import (
    Counts,
    Identity,
    chat_logprobs,
    finish_reason,
    usage,
)

_SOURCE = TranslatedSource(native.CHAT)


def chat_reply(bodies: Sequence[bytes], request: ChatRequest, identity: Identity) -> bytes:
    """The reply made of the bodies of all choices, in order. Raises `UpstreamBroken` for a body
    that is no reply, and the reported error for one that holds an error."""
    records = [_SOURCE.whole(body) for body in bodies]
    choices = [_choice(record, i, request, identity) for i, record in enumerate(records)]
    total = usage([[Counts.of(record) for record in records]])
    return msgspec.json.encode(
        identity.head("chat.completion") | {"choices": choices, "usage": total}
    )


def _choice(
    record: native.ChatRecord, index: int, request: ChatRequest, identity: Identity
) -> Json:
    said = record.message or native.Message()
    calls, content = calls_and_text(said, request.toolbox.forced)
    make_id = partial(identity.call_id, index)
    taken = [called(call) for call in CallList(request.toolbox, make_id).take(calls)]
    message: Json = {"role": "assistant", "content": content, "refusal": None}
    if taken:
        message["content"] = content or None
        if request.toolbox.legacy:
            message["function_call"] = taken[0]["function"]
        else:
            message["tool_calls"] = taken
    if said.thinking:
        message |= dict.fromkeys(request.reasoning_fields, said.thinking)
    reason = finish_reason(record.done_reason, called=bool(taken), legacy=request.toolbox.legacy)
    return {
        "index": index,
        "message": message,
        "logprobs": chat_logprobs(record.logprobs) if request.logprobs else None,
        "finish_reason": reason,
    }
