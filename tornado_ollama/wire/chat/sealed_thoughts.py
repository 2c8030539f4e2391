"""Encodes a model's thought in an opaque text that clients keep and send back.

Owns that text: Anthropic's `signature` and OpenAI's `encrypted_content`, which are no secrets here.
A client that is not shown the thought still returns it, so that the model has it in the next turn.
A text sealed by another service cannot be read, and is ignored.
"""

from __future__ import annotations

import base64
import binascii

MARK = "to1"
"""Stands where a thought need not be carried: clients drop one whose seal is empty."""

_PREFIX = MARK + "."


def sealed(thought: str) -> str:
    """The text that carries a thought; never empty."""
    encoded = base64.urlsafe_b64encode(thought.encode("utf-8", "replace"))
    return _PREFIX + encoded.decode().rstrip("=")


def unsealed(text: object) -> str:
    """The thought that a text carries; empty where it carries none."""
    if not isinstance(text, str) or not text.startswith(_PREFIX):
        return ""
    data = text[len(_PREFIX) :]
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
