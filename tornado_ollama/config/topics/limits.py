"""The topic `limits`: limits of parallel work, of sizes and of memory."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import TIMEOUT, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits(Topic):
    max_body_bytes: int = setting(
        32 * 1024 * 1024,
        whole("bytes", 1),
        "largest JSON body taken; uploads of blobs have no limit",
        more="A compressed body counts as what it decodes to. Audio has the limit of the next key.",
    )
    max_buffered_bytes: int = setting(
        512 * 1024 * 1024,
        whole("bytes", 1),
        "bytes of request bodies held in memory at once; beyond it 503",
        more="Messages of `/ws` count too, and an unfinished one is closed with code 1013 instead. "
        "Blobs stream and do not count.",
    )
    max_parallel: int = setting(
        0,
        whole("a number of requests", 0),
        "chats, generations, embeddings and transcriptions at Ollama at once; `0`: no limit",
        more="Ollama's own number is OLLAMA_NUM_PARALLEL. "
        "See [operations](operations.md#how-many-at-once).",
    )
    max_queued: int = setting(
        100,
        whole("a number of requests", 0),
        "how many more may wait for their turn; the next is answered with 503",
    )
    queue_timeout: float = setting(300.0, TIMEOUT, "how long each of them may wait")
