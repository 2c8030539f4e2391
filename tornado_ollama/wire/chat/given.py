"""What messages of clients hold, as types whose every field takes any JSON value.

A struct is decoded faster than a dict, and its fields are read faster. Nothing is refused here: the
readers of the dialects check what they use. A key that no field has is skipped over, so a field
must be here for each key that anybody reads; a test holds the readers against these types. Where a
reader tells an absent key from `null`, the field is UNSET without it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

Scalar = str | int | float | bool | None


class GivenPart(msgspec.Struct, gc=False):
    """A part of a message's content, for `content.py`."""

    type: Any = UNSET
    text: Any = UNSET
    refusal: Any = UNSET
    image_url: Any = UNSET
    input_audio: Any = UNSET
    source: Any = UNSET
    content: Any = UNSET
    summary: Any = UNSET
    thinking: Any = UNSET
    reasoning: Any = UNSET
    reasoning_text: Any = UNSET
    reasoning_content: Any = UNSET
    summary_text: Any = UNSET


GivenParts = list[GivenPart | Scalar | list[Any]] | dict[str, Any] | Scalar
"""Any JSON value; the objects of a list are parts."""


def as_json(value: Any) -> Any:
    """A value with its structs as objects again, for code that reads any of their keys."""
    return msgspec.to_builtins(value)
