"""What a request body of Ollama's API asks for, as far as the gateway has to know.

No object is made of the conversation. The rules are Go's `encoding/json`: keys match
case-insensitively, and of two equal keys the last wins.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ..errors import BadRequest
from .json_members import members


class Asked(NamedTuple):
    """The fields that decide how a request is sent."""

    model: str | None
    streams: bool
    """Unless the body says `"stream": false`."""


NOTHING_ASKED = Asked(None, True)
"""Of a body that cannot be read. It is for Ollama to refuse."""


def read_asked(body: bytes) -> Asked:
    """The fields of a JSON body; `NOTHING_ASKED` for anything else."""
    model, streams = NOTHING_ASKED
    try:
        for key, value in members(body):
            name = key.casefold()
            if name == "model" and bytes(memoryview(value)[:1]) == b'"':
                model = msgspec.json.decode(value, type=str)
            elif name == "stream":
                streams = bytes(value) != b"false"
    except (BadRequest, msgspec.DecodeError, UnicodeDecodeError):
        return NOTHING_ASKED
    return Asked(model or None, streams)
