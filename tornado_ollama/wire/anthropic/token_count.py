"""`POST /v1/messages/count_tokens`: what is asked for a count, and the reply.

A model is never run to count: the embedded backend reads a prompt without one, and of any other
prompt the length is estimated (`chat/estimate.py`).
"""

from __future__ import annotations

import msgspec

from .. import native
from ..chat.plan import Plan

HEADER = "X-Token-Count"
EXACT, ESTIMATE = "exact", "estimate"
"""What the header says of the count."""


def counts_exactly(version: str | None) -> bool:
    """Whether a backend of this version can count."""
    return version is not None and version.endswith(native.EMBEDDED)


def count_body(plan: Plan) -> bytes:
    """The body of the question to it: the chat, without the thinking that it cannot do."""
    return msgspec.structs.replace(plan, think=None).body()


def counted_tokens(body: bytes) -> int:
    """Its answer. Raises UpstreamBroken."""
    return native.decode(native.COUNT, body).prompt_tokens


def count_reply(tokens: int) -> bytes:
    return msgspec.json.encode({"input_tokens": tokens})
