"""The CORS headers of replies and preflights (Fetch standard, section 3.2). Whether a page may call
at all is decided by `origins.OriginPolicy`."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import BadRequest

EXPOSED = (
    "X-Request-Id, Request-Id, Retry-After, WWW-Authenticate, X-Should-Retry, X-Ignored-Fields, "
    "X-Token-Count, X-Queue-Position, "
    "X-RateLimit-Limit-Requests, X-RateLimit-Remaining-Requests, X-RateLimit-Reset-Requests, "
    "X-RateLimit-Limit-Tokens, X-RateLimit-Remaining-Tokens, X-RateLimit-Reset-Tokens"
)
PREFLIGHT_SECONDS = 7200
"""How long a browser may keep a preflight's answer; Chromium caps it at this."""


def shared_with(origin: str, host: str) -> dict[str, str]:
    """The CORS headers of every reply to a page of an allowed origin; none where the page's origin
    is this host."""
    if origin.partition("://")[2].lower() == host.lower():
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}


def preflight(methods: Sequence[str], wanted: str | None, *, cross_origin: bool) -> dict[str, str]:
    """The headers of the reply to OPTIONS, beside those of `shared_with`; an OPTIONS that is no
    preflight gets the allowed methods as well. `wanted`: the value of
    `Access-Control-Request-Headers`, all of which are allowed. Raises BadRequest where it is not a
    list of header names."""
    allowed = ", ".join((*methods, "OPTIONS"))
    headers = {"Allow": allowed}
    if cross_origin:
        headers["Access-Control-Allow-Methods"] = allowed
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        if wanted:
            headers["Access-Control-Allow-Headers"] = _header_names(wanted)
    return headers


def _header_names(wanted: str) -> str:
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if not all(name.replace("-", "").replace("_", "").isalnum() for name in names):
        raise BadRequest("Access-Control-Request-Headers is not a list of header names.")
    return ", ".join(names)
