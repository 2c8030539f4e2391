"""Estimates how many tokens a prompt has, where no count is known.

The estimate is a number of tokens per byte of the native request: about what agents' prompts have
with today's vocabularies (code and English text have fewer, other scripts more). An image counts as
much as the common encoders make of it, whatever its size in bytes.
"""

from __future__ import annotations

from .plan import Plan

TOKENS_PER_BYTE = 0.3
TOKENS_PER_IMAGE = 1000


def estimated_tokens(plan: Plan, body: bytes) -> int:
    """The estimated number of tokens, at least one. `body`: the plan's native request."""
    images = [image for message in plan.messages for image in message.get("images", ())]
    size = len(body) - sum(map(len, images))
    return max(1, round(size * TOKENS_PER_BYTE) + len(images) * TOKENS_PER_IMAGE)
