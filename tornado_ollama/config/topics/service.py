"""The topic `service`: the address of Ollama, and the timeouts of requests to it."""

from __future__ import annotations

from dataclasses import dataclass

from ..formats import HTTP_URL
from ..rows import Flag, Topic, setting
from ..rules import SWITCH, TIMEOUT

PROBES = ("check", "monitor")
"""Commands that ask Ollama without a gateway in front of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Service(Topic):
    base_url: str = setting(
        "http://localhost:11434",
        HTTP_URL,
        "where Ollama is; a path prefix is allowed",
        more="http or https, without user, query and fragment.",
        env=("OLLAMA_BASE_URL", "BACKEND_URL"),
        flag=Flag("--url", PROBES),
    )
    connect_timeout: float = setting(5.0, TIMEOUT, "to connect to Ollama")
    load_timeout: float = setting(
        600.0,
        TIMEOUT,
        "from the end of the request to the first byte of the reply: models load slowly",
    )
    timeout: float = setting(
        600.0,
        TIMEOUT,
        "longest silence once a reply has begun; pull, push and create have no limit",
        more="Not a limit on the whole reply: Ollama is silent for minutes while it holds back a "
        "tool call.",
        env="TIMEOUT",
    )
    web_search: bool = setting(
        False,
        SWITCH,
        "`true`: forward `web_search` and `web_fetch`, which spend your account with ollama.com",
        more="They are `/api/experimental/web_search` and `/api/experimental/web_fetch`, for "
        "callers with the scope `manage`.",
    )
    forward_unknown: bool = setting(
        False,
        SWITCH,
        "`true`: forward `/api/*` paths that the gateway does not know, for callers with the "
        "scope `manage`",
    )
