"""Rules for the limits of callers: a quota, and tables of them."""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ..access.quota import Quota
from .rules import WEEK_S, Rule

_Count = Annotated[int, Meta(ge=0)]

MAX_PRIORITY = 100


class _Form(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A quota as the configuration has it; the meaning of the keys is in `Quota`."""

    requests_per_minute: _Count | None = None
    tokens_per_minute: _Count | None = None
    tokens_per_day: _Count | None = None
    max_parallel: _Count | None = None
    max_queued: _Count | None = None
    queue_timeout: Annotated[float, Meta(ge=0, le=WEEK_S)] | None = None
    max_body_bytes: _Count | None = None
    max_sockets: _Count | None = None
    messages_per_minute: _Count | None = None
    priority: Annotated[int, Meta(ge=1, le=MAX_PRIORITY)] | None = None


def _quota(form: _Form) -> Quota:
    if form.queue_timeout is not None and not math.isfinite(form.queue_timeout):
        raise ValueError(QUOTA.words)
    return Quota(**{name: getattr(form, name) for name in form.__struct_fields__})


def _quotas(forms: dict[str, _Form]) -> dict[str, Quota]:
    return {name: _quota(form) for name, form in forms.items()}


_KEYS = (
    f"a table of {', '.join(_Form.__struct_fields__)}: numbers, 0 for no limit, "
    f"a priority from 1 to {MAX_PRIORITY}"
)

QUOTA: Rule[Quota] = Rule(_KEYS, _Form, _quota)
QUOTAS: Rule[dict[str, Quota]] = Rule(
    f"a table of groups, each {_KEYS}", dict[Annotated[str, Meta(min_length=1)], _Form], _quotas
)
PER_MODEL: Rule[dict[str, int]] = Rule(
    "a table of model names, with * as wildcard, and numbers of requests, 1 or more",
    dict[Annotated[str, Meta(min_length=1)], Annotated[int, Meta(ge=1)]],
)


def shown(value: Any) -> Any:
    """A quota as the configuration would have it; other values as they are."""
    if not isinstance(value, Quota):
        return value
    return {name: item for name, item in msgspec.to_builtins(value).items() if item is not None}
