"""The topic `responses`: how many responses of `/v1/responses` are kept, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import TIMEOUT, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Responses(Topic):
    max_stored: int = setting(
        1024,
        whole("a number of responses", 0),
        "responses kept in memory for `previous_response_id`; `0`: none",
        more="The one that was not used for the longest time leaves. "
        "See [responses.md](responses.md#stored-responses).",
    )
    max_stored_bytes: int = setting(
        64 * 1024 * 1024,
        whole("bytes", 0),
        "bytes that all of them may take together",
    )
    store_for: float = setting(
        1800.0,
        TIMEOUT,
        "how long one is kept after its last use",
    )
