"""The topic `limits`: limits of parallel work, of sizes and of memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...access.quota import Quota
from ..formats import STORAGE
from ..quotas import PER_MODEL, QUOTA, QUOTAS
from ..rows import Topic, setting
from ..rules import TIMEOUT, one_of, whole


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
    models: dict[str, int] = setting(
        {},
        PER_MODEL,
        'the same for each model that a glob matches, as `{"llama3*": 2}`; the later glob wins',
        more="Each model that matches has its own slots, besides those of `max_parallel`.",
    )
    per_credential: Quota = setting(
        Quota(),
        QUOTA,
        "limits of each credential, as `{requests_per_minute: 60, tokens_per_day: 500000}`",
        more="See [limits](limits.md) for the keys. Groups and the token's own entry are stronger.",
    )
    per_address: Quota = setting(
        Quota(), QUOTA, "limits of each address, for callers without a credential"
    )
    storage: str = setting(
        "memory",
        STORAGE,
        "where requests and tokens are counted: `memory`, or a Redis for several gateways, "
        "`redis://HOST:6379/0`",
        more="Also `rediss://` and `redis+unix://`. See [limits](limits.md#several-gateways).",
        env="LIMITS_STORAGE",
        at_start=True,
    )
    without_storage: Literal["open", "closed"] = setting(
        "open",
        one_of("open", "closed"),
        "while that does not answer: `open` lets requests through, `closed` refuses them with 503",
    )
    groups: dict[str, Quota] = setting(
        {},
        QUOTAS,
        "limits of each member of a group, as `{students: {tokens_per_day: 20000}}`",
        more="Of several groups of one token the later one here wins.",
    )
