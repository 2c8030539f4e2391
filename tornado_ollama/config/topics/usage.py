"""The topic `usage`: the accounts of what each credential uses."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import texts, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage(Topic):
    keep_days: int = setting(
        400,
        whole("a number of days", 0, 36500),
        "how long the accounts of a day are kept; `0`: none are",
        more="They are in the database of `state.directory`. See [usage](usage.md).",
    )
    trust_user_headers: tuple[str, ...] = setting(
        (),
        texts("a list of names of tokens"),
        "names of tokens whose `X-OpenWebUI-User-*` headers are believed: "
        "their usage is told apart by person",
        more="For an application with one token and many users; the addresses of these people are "
        "then in the accounts.",
    )
