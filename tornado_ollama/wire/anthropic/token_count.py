"""`POST /v1/messages/count_tokens`: the request to the backend, and the reply.

No text is generated to count tokens. The embedded backend counts a prompt's tokens exactly; with
any other backend the count is estimated (`context_window.py`).
"""

from __future__ import annotations

import msgspec

from .. import native
from ..chat.plan import Plan

HEADER = "X-Token-Count"
EXACT, ESTIMATE = "exact", "estimate"
"""What the header says of the count."""


def counts_exactly(version: str | None) -> bool:
    """Whether the backend with this version string can count a prompt's tokens."""
    return version is not None and version.endswith(native.EMBEDDED)


def count_body(plan: Plan) -> bytes:
    """The body of the request that asks the backend for a count: the chat without `think`, which
    has no meaning there."""
    return msgspec.structs.replace(plan, think=None).body()


def counted_tokens(body: bytes) -> int:
    """The number of tokens in the backend's reply. Raises UpstreamBroken for a body that is no such
    reply."""
    return native.decode(native.COUNT, body).prompt_tokens


def count_reply(tokens: int) -> bytes:
    return msgspec.json.encode({"input_tokens": tokens})
